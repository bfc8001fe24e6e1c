import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from grace.contracts import AuditHead
from grace.errors import EnvironmentLacking, InputError, IntegrityError
from grace.governance.audit import START, head_of
from grace.store.audit import SqlAuditLog, audit_key

RUN = "a" * 12
APPEND = """
import sys
from pathlib import Path
from grace.store.audit import SqlAuditLog
home, who = Path(sys.argv[1]), sys.argv[2]
log = SqlAuditLog.open(f"sqlite:///{home / 'grace.db'}", None, home / "audit.key")
for number in range(20):
    log.append("a" * 12, "vote.cast", who, {"number": number}, key=f"{who}/{number}")
"""


def open_log(home: Path, key: str | None = None) -> SqlAuditLog:
    return SqlAuditLog.open(f"sqlite:///{home / 'grace.db'}", SecretStr(key) if key else None, home / "audit.key")


def append(log: SqlAuditLog, name: str, **facts: object) -> AuditHead:
    return log.append(RUN, "run.requested", "ann", facts, key=name)


def by_hand(home: Path, *statements: str) -> None:
    """What somebody does who has the database and not the key."""
    with sqlite3.connect(home / "grace.db") as connection:
        for statement in statements:
            connection.execute(statement)


def test_records_come_back_as_a_whole_chain(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    assert (log.head(), log.verify()) == (START, None)
    heads = [append(log, name, text=name) for name in ("one", "two", "three")]
    records = list(log.records())
    assert [head_of(record) for record in records] == heads
    assert [record.facts for record in records] == ['{"text":"one"}', '{"text":"two"}', '{"text":"three"}']
    assert (log.head(), log.head_at(2), log.head_at(4)) == (heads[2], heads[1], None)
    assert open_log(tmp_path).verify(heads[2]) is None


def test_the_instant_is_kept_with_its_zone(tmp_path: Path) -> None:
    from grace.store.session import open_database

    noon = datetime(2026, 1, 2, 12, tzinfo=UTC)
    log = SqlAuditLog(open_database(f"sqlite:///{tmp_path / 'grace.db'}"), b"k" * 64, lambda: noon)
    append(log, "one")
    assert next(log.records()).at == noon
    assert log.verify() is None


def test_records_of_one_run_are_found(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    append(log, "one")
    log.append("b" * 12, "run.requested", "bob", {}, key="two")
    assert [record.actor for record in log.records("b" * 12)] == ["bob"]


def test_what_happened_is_recorded_once_and_has_the_same_head_ever_after(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    first = append(log, "one", text="as it was")
    append(log, "two")
    assert append(log, "one", text="told again") == first
    assert [record.facts for record in log.records()] == ['{"text":"as it was"}', "{}"]


def test_a_name_that_was_moved_to_another_event_is_refused(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    append(log, "one")
    with pytest.raises(IntegrityError, match="another event"):
        log.append(RUN, "change.decided", "grace", {}, key="one")


def test_secrets_are_not_recorded_wherever_they_are(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    append(log, "one", text="push to https://ann:hunter2@host/x", votes=[{"comment": "https://bob:hunter3@host/"}])
    (record,) = log.records()
    assert "hunter" not in record.facts
    assert log.verify() is None


def test_threads_that_append_at_once_make_one_chain(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    with ThreadPoolExecutor(4) as threads:
        heads = list(threads.map(lambda number: append(log, str(number % 20)), range(40)))
    assert [record.sequence for record in log.records()] == list(range(1, 21))
    assert heads[:20] == heads[20:]
    assert log.verify() is None


def test_processes_that_append_at_once_make_one_key_and_one_chain(tmp_path: Path) -> None:
    commands = [[sys.executable, "-c", APPEND, str(tmp_path), who] for who in ("ann", "bob")]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE) for command in commands]
    assert [(process.communicate()[1], process.returncode) for process in both] == [(b"", 0), (b"", 0)]
    log = open_log(tmp_path)
    assert [record.sequence for record in log.records()] == list(range(1, 41))
    assert log.verify() is None


def test_a_log_is_verified_while_another_process_writes(tmp_path: Path) -> None:
    head = append(open_log(tmp_path), "one")
    with sqlite3.connect(tmp_path / "grace.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO audit_records VALUES (2, 'a', 'half', 'written', '', '', '', '', 'two')")
        assert open_log(tmp_path).verify(head) is None
        other.execute("ROLLBACK")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_records SET actor = 'mallory'",
        "UPDATE audit_records SET sequence = 7 WHERE sequence = 1",
        "DELETE FROM audit_records",
        "REPLACE INTO audit_records SELECT sequence, '', '', 'mallory', '', '', '', '', 'new' FROM audit_records",
        "REPLACE INTO audit_records SELECT 9, '', '', 'mallory', '', '', '', '', key FROM audit_records",
    ],
)
def test_the_database_refuses_to_change_or_delete_records(tmp_path: Path, statement: str) -> None:
    log = open_log(tmp_path)
    head = append(log, "one")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        by_hand(tmp_path, statement)
    assert (log.verify(head), log.head()) == (None, head)


@pytest.mark.parametrize(
    ("statement", "sequence"),
    [
        ("UPDATE audit_records SET actor = 'mallory' WHERE sequence = 2", 2),
        ("UPDATE audit_records SET at = 'yesterday' WHERE sequence = 2", 2),
        ("DELETE FROM audit_records WHERE sequence = 1", 1),
        ("DELETE FROM audit_records WHERE sequence = 3", 3),
    ],
)
def test_who_drops_the_triggers_is_found_out(tmp_path: Path, statement: str, sequence: int) -> None:
    log = open_log(tmp_path)
    heads = [append(log, name) for name in ("one", "two", "three")]
    triggers = ("audit_records_no_update", "audit_records_no_delete", "audit_records_no_replace")
    by_hand(tmp_path, *(f"DROP TRIGGER {trigger}" for trigger in triggers), statement)
    problem = log.verify(heads[-1])
    assert problem is not None and problem.sequence == sequence


def test_the_key_is_the_owners_alone_and_in_no_table(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    append(log, "one")
    file = tmp_path / "audit.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = file.read_text().strip()
    assert len(bytes.fromhex(key)) == 32
    dump = "\n".join(sqlite3.connect(tmp_path / "grace.db").iterdump())
    assert "run.requested" in dump and key not in dump
    assert sorted(path.name for path in tmp_path.glob("*audit*")) == ["audit.key"]


def test_a_given_key_is_used_as_the_same_key_in_the_file_would_be(tmp_path: Path) -> None:
    append(open_log(tmp_path), "one")
    key = (tmp_path / "audit.key").read_text().strip()
    (tmp_path / "audit.key").unlink()
    assert open_log(tmp_path, key).verify() is None
    assert open_log(tmp_path, "another key that is long enough").verify() is not None


def test_a_log_that_lost_its_key_is_not_gone_on_with(tmp_path: Path) -> None:
    append(open_log(tmp_path), "one")
    (tmp_path / "audit.key").unlink()
    with pytest.raises(EnvironmentLacking, match="GRACE_AUDIT_KEY"):
        open_log(tmp_path)
    assert not (tmp_path / "audit.key").exists()


@pytest.mark.parametrize("given", ["", "short"])
def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(InputError, match="too short"):
        audit_key(SecretStr(given), tmp_path / "audit.key", begun=False)


def test_a_key_file_that_is_empty_or_cannot_be_made_is_the_environments_fault(tmp_path: Path) -> None:
    attempts: list[Callable[[], bytes]] = [
        lambda: audit_key(None, tmp_path / "file" / "audit.key", begun=False),
        lambda: audit_key(None, tmp_path / "file", begun=True),
    ]
    (tmp_path / "file").write_text("")
    for attempt in attempts:
        with pytest.raises(EnvironmentLacking, match="key of the audit log"):
            attempt()
