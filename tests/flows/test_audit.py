"""What a run leaves in the audit log, and what its commit says about that."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grace.contracts import AuditRecord, Delivered, GaveUp, Isolation, Outcome, Request
from grace.git import GitRepository, run_git
from grace.store.audit import SqlAuditLog

Ask = Callable[..., Request]
Fix = Callable[[Request], Outcome]
EVENTS = ["run.requested", "change.decided", "change.delivered", "run.ended"]


def audit_log(home: Path) -> SqlAuditLog:
    return SqlAuditLog.open(f"sqlite:///{home / 'grace.db'}", None, home / "audit.key")


def audit(*arguments: str) -> tuple[int, str]:
    """`grace audit`, in a process of its own, with the home of the test."""
    command = [Path(sys.executable).with_name("grace"), "audit", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def delete_from(home: Path, sequence: int) -> None:
    """What somebody does who has the database and not the key."""
    with sqlite3.connect(home / "grace.db") as connection:
        connection.execute("DROP TRIGGER audit_records_no_delete")
        connection.execute("DELETE FROM audit_records WHERE sequence >= ?", (sequence,))


def named_by(request: Request, commit: str) -> str:
    show = ("log", "-1", "--format=%(trailers:key=Grace-Audit,valueonly)", commit)
    return run_git(show, cwd=Path(request.repository)).stdout.decode().strip()


def delivered(fix_bug: Fix, request: Request) -> Delivered:
    outcome = fix_bug(request)
    assert isinstance(outcome, Delivered)
    return outcome


def test_a_run_is_on_record_from_the_request_to_its_end(fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask) -> None:
    request = ask(text="push to https://ann:hunter2@host/x fails")
    outcome = delivered(fix_bug, request)
    records = list(audit_log(on_server).records(request.id))
    asked, decided, done, ended = (json.loads(record.facts) for record in records)
    assert [(record.event, record.actor) for record in records] == [
        (event, "ann" if event == "run.requested" else "grace") for event in EVENTS
    ]
    assert (asked["text"], asked["base_revision"]) == (
        "push to https://[redacted]@host/x fails",
        request.base_revision,
    )
    decision = outcome.evidence.decision
    assert decision is not None
    assert (decided["digest"], decided["verdict"]) == (decision.change_digest, "allow")
    assert [policy["id"] for policy in decided["policies"]] == [result.policy_id for result in decision.results]
    assert done == {
        "branch": outcome.delivery.branch,
        "commit": outcome.delivery.commit,
        "digest": decision.change_digest,
    }
    assert ended == {"status": "delivered", "reason": outcome.reason}


def test_the_commit_names_the_record_of_its_decision_at_every_delivery(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask
) -> None:
    request = ask()
    first = delivered(fix_bug, request)
    records = list(audit_log(on_server).records())
    assert named_by(request, first.delivery.commit) == f"2:{records[1].mac}"
    for stored in (on_server / "results" / request.id).glob("seal-*"):
        stored.unlink()  # not even then
    second = delivered(fix_bug, request)
    assert second.delivery.commit == first.delivery.commit
    assert list(audit_log(on_server).records()) == records


def test_votes_and_both_endings_of_a_run_that_waited_are_on_record(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask
) -> None:
    rooms.isolation = Isolation.NONE  # policy asks for a vote on what ran unconfined
    fix_bug(ask())
    delivered(fix_bug, ask(approve=True))
    records = list(audit_log(on_server).records())
    facts = {record.sequence: json.loads(record.facts) for record in records}
    endings = [facts[record.sequence]["status"] for record in records if record.event in ("run.waits", "run.ended")]
    (votes,) = (facts[record.sequence]["votes"] for record in records if record.event == "change.decided")
    assert endings == ["waiting", "delivered"]
    assert votes == [{"voter": "ann", "role": "requester", "approved": True}]


def test_a_run_without_a_change_decides_nothing(fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask) -> None:
    rooms.repaired = False
    assert isinstance(fix_bug(ask()), GaveUp)
    assert [record.event for record in audit_log(on_server).records()] == ["run.requested", "run.ended"]


def test_verify_accepts_what_was_delivered_and_refuses_a_log_without_its_decision(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask
) -> None:
    request = ask()
    commit = delivered(fix_bug, request).delivery.commit
    code, said = audit("verify", "--repo", request.repository)
    assert code == 0, said
    assert re.search(r"Records: 4, .*\nDelivered commits that agree: 1 in ", said)

    delete_from(on_server, 2)
    assert audit("verify")[0] == 0  # of a chain alone nobody can say that its end is gone
    code, said = audit("verify", "--repo", request.repository, "--json")
    answer = json.loads(said)
    assert (code, answer["status"]) == (1, "broken")
    assert [(problem["sequence"], problem["commit"]) for problem in answer["problems"]] == [(2, commit)]


def test_verify_refuses_an_old_copy_that_was_gone_on_with(fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask) -> None:
    request = ask()
    delivered(fix_bug, request)
    delete_from(on_server, 2)
    for name in ("one", "two"):
        audit_log(on_server).append("b" * 12, "run.requested", "bob", {}, key=name)
    assert audit("verify")[0] == 0
    code, said = audit("verify", "--repo", request.repository)
    assert (code, "names audit record 2, which is another one now" in said) == (1, True)


def test_a_commit_that_another_log_vouches_for_is_passed_over_without_its_own_branch(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask
) -> None:
    request = ask()
    root = Path(request.repository)
    foreign = f"Theirs\n\nGrace-Request-Id: {'f' * 12}\nGrace-Audit: 9:{'0' * 64}\n"
    run_git(("commit", "--quiet", "--allow-empty", f"--message={foreign}"), cwd=root)
    delivered(fix_bug, ask(base_revision=GitRepository.open(root).resolve("HEAD")))
    assert audit("verify", "--repo", str(root))[0] == 0
    run_git(("branch", f"grace/fix-bug/{'f' * 12}"), cwd=root)
    code, said = audit("verify", "--repo", str(root))
    assert (code, "names audit record 9, which is missing" in said) == (1, True)


def test_show_and_export_give_the_records(fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask) -> None:
    request = ask()
    delivered(fix_bug, request)
    records = list(audit_log(on_server).records())
    code, said = audit("show", request.id[:4])
    assert code == 0
    assert re.findall(r"(?m)^\d+ .*  (\S+)  \S+$", said) == EVENTS
    code, said = audit("show", request.id[:4], "--json")
    assert [record["event"] for record in json.loads(said)["records"]] == EVENTS
    code, said = audit("export", "--format", "jsonl")
    assert [AuditRecord.model_validate_json(line) for line in said.splitlines()] == records


@pytest.mark.parametrize(
    "arguments", [("verify", "--repo", "/nowhere"), ("show", "ffff"), ("export", "--format", "xml")]
)
def test_bad_input_is_the_users_to_mend(on_server: Path, arguments: tuple[str, ...]) -> None:
    assert audit(*arguments)[0] == 2
