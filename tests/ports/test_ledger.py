"""One suite for every ledger: what holds for the twin in memory holds for SQL."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grace.contracts import (
    Change,
    Denied,
    Evidence,
    FileEdit,
    Intent,
    Isolation,
    NothingToDo,
    Outcome,
    Provenance,
    Repair,
    Request,
    RunStatus,
    Verification,
    Waiting,
    WorkflowKind,
)
from grace.errors import InputError, IntegrityError, Superseded
from grace.ports import Ledger
from grace.store.ledger import SqlLedger
from grace.store.memory_ledger import MemoryLedger

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Ticking:
    """A clock that moves one second at every look."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


def in_sql(folder: Path) -> Ledger:
    from grace.store.session import open_database

    return SqlLedger(open_database(f"sqlite:///{folder / 'grace.db'}"), Ticking())


@pytest.fixture(params=[in_sql, lambda _: MemoryLedger(Ticking())], ids=["sql", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    make: Callable[[Path], Ledger] = request.param
    return make(tmp_path)


def asked(run_id: str = "a" * 12, **fields: object) -> Request:
    values: dict[str, object] = {
        "id": run_id,
        "kind": WorkflowKind.FIX_BUG,
        "text": "pages overlap",
        "repository": "/somewhere/shop",
        "base_revision": "0" * 40,
        "requested_by": "ann",
        "requested_at": NOON,
    }
    return Request.model_validate({**values, **fields})


def changed() -> Change:
    return Change(
        base_revision="0" * 40,
        edits=(FileEdit(path="a.py", before_hash="1" * 64, after=b"caf\xe9\x00\r\n"),),
        patch="--- a\n+++ b\n",
        rationale="because",
        provenance=Provenance(strategy="search"),
    )


def test_a_request_comes_back_as_it_was(ledger: Ledger) -> None:
    ledger.start(asked())
    assert ledger.request("a" * 12) == asked()


def test_starting_twice_changes_nothing(ledger: Ledger) -> None:
    ledger.start(asked())
    ledger.finish("a" * 12, NothingToDo(run_id="a" * 12, reason="green"))
    ledger.start(asked(approve=True))
    assert ledger.summary("a" * 12).status is RunStatus.FINISHED


def test_the_same_id_for_another_request_is_refused(ledger: Ledger) -> None:
    ledger.start(asked())
    with pytest.raises(IntegrityError, match="another request"):
        ledger.start(asked(repository="/elsewhere"))


def test_an_outcome_comes_back_as_it_was_bytes_and_digests_included(ledger: Ledger) -> None:
    change = changed()
    outcome: Outcome = Denied(
        run_id="a" * 12,
        reason="policy",
        evidence=Evidence(
            repair=Repair(change=change, reason="found"),
            verification=Verification(change_digest=change.digest, isolation=Isolation.BUBBLEWRAP),
        ),
    )
    ledger.start(asked())
    ledger.finish("a" * 12, outcome)
    ledger.finish("a" * 12, outcome)
    assert ledger.outcome("a" * 12) == outcome


def test_a_run_without_an_outcome_has_none(ledger: Ledger) -> None:
    ledger.start(asked())
    assert ledger.outcome("a" * 12) is None


def test_a_waiting_run_is_not_completed_and_goes_on_when_reopened(ledger: Ledger) -> None:
    ledger.start(asked())
    ledger.finish("a" * 12, Waiting(run_id="a" * 12, reason="one vote"))
    waiting = ledger.summary("a" * 12)
    ledger.carry("a" * 12)
    assert (waiting.status, waiting.completed_at) == (RunStatus.WAITING, None)
    assert ledger.summary("a" * 12).status is RunStatus.RUNNING


def test_every_attempt_at_a_stage_is_kept(ledger: Ledger) -> None:
    ledger.start(asked())
    first = ledger.begin_step("a" * 12, "verify", 60)
    ledger.end_step("a" * 12, "verify", first, "failed", "disk full")
    second = ledger.begin_step("a" * 12, "verify", 60)
    ledger.end_step("a" * 12, "verify", second, "finished", "12 tests passed")
    assert [(s.stage, s.attempt, s.status, s.summary) for s in ledger.steps("a" * 12)] == [
        ("verify", 1, "failed", "disk full"),
        ("verify", 2, "finished", "12 tests passed"),
    ]
    assert ledger.summary("a" * 12).current_step == "verify"
    assert ledger.summary("a" * 12).progress_percent == 60


def test_an_error_is_recorded_once_and_without_its_secret(ledger: Ledger) -> None:
    ledger.start(asked())
    for _ in range(2):
        ledger.fail("a" * 12, "push to https://ann:hunter2@host/x failed")
    assert ledger.errors("a" * 12) == ("push to https://[redacted]@host/x failed",)
    assert ledger.summary("a" * 12).status is RunStatus.FAILED


def test_cancelling_a_finished_run_leaves_it_finished(ledger: Ledger) -> None:
    ledger.start(asked())
    ledger.start(asked("b" * 12))
    ledger.finish("a" * 12, NothingToDo(run_id="a" * 12, reason="green"))
    ledger.cancel("a" * 12)
    ledger.cancel("b" * 12)
    assert ledger.summary("a" * 12).status is RunStatus.FINISHED
    assert ledger.summary("b" * 12).status is RunStatus.CANCELLED


def test_runs_are_listed_newest_first(ledger: Ledger) -> None:
    for run_id in ("a" * 12, "b" * 12, "c" * 12):
        ledger.start(asked(run_id))
    assert [run.run_id[0] for run in ledger.recent(2)] == ["c", "b"]


def test_a_run_is_found_by_the_start_of_its_id(ledger: Ledger) -> None:
    ledger.start(asked("abc" + "0" * 9))
    ledger.start(asked("abd" + "0" * 9))
    assert ledger.find("abc") == "abc" + "0" * 9
    with pytest.raises(InputError, match="could be any of"):
        ledger.find("ab")
    with pytest.raises(InputError, match="no run"):
        ledger.find("%")


def test_an_unknown_run_is_the_users_to_mend(ledger: Ledger) -> None:
    for ask in (ledger.request, ledger.outcome, ledger.summary, ledger.cancel):
        with pytest.raises(InputError, match="no run"):
            ask("f" * 12)


def test_intent_is_recorded_beside_the_request(ledger: Ledger) -> None:
    ledger.start(asked())
    ledger.understood("a" * 12, intent=Intent(kind=WorkflowKind.FIX_BUG, confidence=1, summary="fix"))
    assert ledger.request("a" * 12) == asked()


def test_whoever_carried_a_run_before_can_record_nothing_more(ledger: Ledger) -> None:
    ledger.start(asked())
    slow = ledger.carry("a" * 12, "flow-run-1")
    attempt = ledger.begin_step("a" * 12, "verify", 60, slow)
    heir = ledger.carry("a" * 12, "flow-run-2")
    end = NothingToDo(run_id="a" * 12, reason="green")
    for late in (
        lambda: ledger.guard("a" * 12, slow),
        lambda: ledger.begin_step("a" * 12, "scan", 80, slow),
        lambda: ledger.end_step("a" * 12, "verify", attempt, "finished", "passed", slow),
        lambda: ledger.finish("a" * 12, end, slow),
    ):
        with pytest.raises(Superseded, match="taken on by another process"):
            late()
    ledger.guard("a" * 12, heir)
    ledger.finish("a" * 12, end, heir)
    assert ledger.outcome("a" * 12) == end
    assert [step.status for step in ledger.steps("a" * 12)] == ["running"]


def test_a_run_is_found_by_the_flow_run_that_carries_it(ledger: Ledger) -> None:
    ledger.start(asked())
    assert ledger.flow_run("a" * 12) is None
    ledger.carry("a" * 12, "flow-run-1")
    assert ledger.find_by_flow_run("flow-run-1") == "a" * 12
    assert ledger.find_by_flow_run("flow-run-2") is None
    assert (ledger.flow_run("a" * 12), ledger.knows("a" * 12), ledger.knows("b" * 12)) == ("flow-run-1", True, False)


def test_a_running_run_whose_process_is_gone_has_failed(ledger: Ledger) -> None:
    for run_id, process in (("a" * 12, "gone"), ("b" * 12, "here"), ("c" * 12, "")):
        ledger.start(asked(run_id))
        ledger.carry(run_id, carried_by=process)
    assert ledger.abandoned(lambda process: process == "gone") == ("a" * 12,)
    assert [ledger.summary(letter * 12).status.value for letter in "abc"] == ["failed", "running", "running"]
    assert "grace rerun" in ledger.errors("a" * 12)[0]
    assert ledger.abandoned(lambda _: True) == ("b" * 12,)
