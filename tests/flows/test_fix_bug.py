import json
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from grace.contracts import (
    CheckStatus,
    Delivered,
    Denied,
    GaveUp,
    Isolation,
    NothingToDo,
    Outcome,
    Proposed,
    ReproductionStatus,
    Request,
    RunStatus,
    Unverified,
    Waiting,
)
from grace.errors import InputError
from grace.git import GitRepository, run_git
from grace.memory.database import open_memory
from grace.memory.indexer import index_repository
from grace.places import memory_url
from grace.store.ledger import SqlLedger

Ask = Callable[..., Request]
Fix = Callable[[Request], Outcome]
STAGES = [
    "parse",
    "plan",
    "reproduce",
    "generate",
    "rebase",
    "verify",
    "scan",
    "assess",
    "govern",
    "tally",
    "seal",
    "deliver",
]


def ledger(home: Path) -> SqlLedger:
    return SqlLedger.open(f"sqlite:///{home / 'grace.db'}")


def test_a_proved_repair_is_delivered_and_every_stage_is_recorded(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask
) -> None:
    request = ask()
    outcome = fix_bug(request)
    assert isinstance(outcome, Delivered)
    repository = GitRepository.open(Path(request.repository))
    assert repository.resolve(outcome.delivery.branch) == outcome.delivery.commit
    assert repository.read(outcome.delivery.commit, "half.py") == b"def half(n):\n    return n // 2\n"
    records = ledger(on_server)
    assert [step.stage for step in records.steps(request.id)] == STAGES
    assert {step.status for step in records.steps(request.id)} == {"finished"}
    assert records.outcome(request.id) == outcome
    assert records.summary(request.id).status is RunStatus.FINISHED


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (ReproductionStatus.FLAKY, "flaky"),
        (ReproductionStatus.NO_TESTS, "no_tests"),
        (ReproductionStatus.UNCOLLECTABLE, "uncollectable"),
    ],
)
def test_without_a_red_test_nothing_is_repaired(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask, status: ReproductionStatus, cause: str
) -> None:
    rooms.status = status
    outcome = fix_bug(ask())
    assert isinstance(outcome, GaveUp)
    assert (outcome.cause, rooms.asked) == (cause, ["reproduce"])


def test_green_tests_are_nothing_to_do(fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask) -> None:
    rooms.status = ReproductionStatus.GREEN
    assert isinstance(fix_bug(ask()), NothingToDo)


def test_no_repair_is_said(fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask) -> None:
    rooms.repaired = False
    outcome = fix_bug(ask())
    assert isinstance(outcome, GaveUp)
    assert outcome.cause == "no_repair"


@pytest.mark.parametrize("status", [CheckStatus.FAILED, CheckStatus.NOT_RUN])
def test_what_is_not_proved_is_not_delivered(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask, status: CheckStatus
) -> None:
    rooms.check = status
    request = ask(approve=True)
    outcome = fix_bug(request)
    assert isinstance(outcome, Unverified)
    with pytest.raises(InputError):
        GitRepository.open(Path(request.repository)).resolve(f"grace/fix-bug/{request.id}")


def test_a_dry_run_proposes(fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask) -> None:
    outcome = fix_bug(ask(dry_run=True))
    assert isinstance(outcome, Proposed)
    assert outcome.evidence.verification is not None and outcome.evidence.verification.passed


def test_a_waiting_run_goes_on_with_a_vote_and_does_nothing_twice(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask
) -> None:
    rooms.isolation = Isolation.NONE  # policy asks for a vote on what ran unconfined
    waiting = fix_bug(ask())
    assert isinstance(waiting, Waiting)
    delivered = fix_bug(ask(approve=True))
    assert isinstance(delivered, Delivered)
    assert [vote.role for vote in delivered.evidence.votes] == ["requester"]
    assert rooms.asked == ["reproduce", "repair", "verify"]


def test_a_policy_that_denies_ends_the_run(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grace.contracts import PolicyResult, Verdict
    from grace.governance import decide as real_decide

    def strict(change: Any, **facts: Any) -> Any:
        no = PolicyResult(policy_id="house", verdict=Verdict.DENY, reason="not on Fridays")
        return real_decide(change, **facts, policies=[lambda _facts: no])

    monkeypatch.setattr("grace.governance.decide", strict)
    outcome: Outcome = fix_bug(ask(approve=True))
    assert isinstance(outcome, Denied)
    assert "not on Fridays" in outcome.reason


def test_after_a_crash_another_run_goes_on_from_the_last_finished_stage_to_the_same_commit(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crashing:

        def killed(*_: Any, **__: Any) -> None:
            raise MemoryError("the machine gave up")

        crashing.setattr("grace.delivery.deliver", killed)
        with pytest.raises(MemoryError):
            fix_bug(ask())
    first, second = fix_bug(ask()), fix_bug(ask())
    assert isinstance(first, Delivered) and isinstance(second, Delivered)
    assert first.delivery.commit == second.delivery.commit
    assert rooms.asked == ["reproduce", "repair", "verify"]
    attempts = [(s.attempt, s.status) for s in ledger(on_server).steps("a" * 12) if s.stage == "deliver"]
    assert attempts == [(1, "failed"), (2, "finished"), (3, "finished")]


def test_a_branch_that_was_deleted_since_is_back_when_the_run_is_run_again(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask
) -> None:
    request = ask()
    first = fix_bug(request)
    assert isinstance(first, Delivered)
    repository = GitRepository.open(Path(request.repository))
    run_git(("branch", "--quiet", "-D", first.delivery.branch), cwd=repository.root)
    second, third = fix_bug(request), fix_bug(request)
    assert second == first
    assert repository.resolve(first.delivery.branch) == first.delivery.commit
    assert third == first.model_copy(update={"delivery": first.delivery.model_copy(update={"created": False})})
    assert rooms.asked == ["reproduce", "repair", "verify"]
    delivered = [step.attempt for step in ledger(on_server).steps(request.id) if step.stage == "deliver"]
    assert delivered == [1, 2, 3]


def test_progress_reaches_whoever_listens_around_the_flow(fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask) -> None:
    from grace.progress import Progress, listening

    heard: list[Progress] = []
    with listening(heard.append):
        fix_bug(ask())
    assert [stage for stage, _ in groupby(progress.stage for progress in heard)] == STAGES


def test_people_find_the_run_and_its_evidence_in_prefect(fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters

    request = ask(id="b" * 12)
    fix_bug(request)
    named = filters.FlowRunFilter(name=filters.FlowRunFilterName(any_=[f"fix project {request.id}"]))
    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(flow_run_filter=named)
        found = client.read_artifacts(
            artifact_filter=filters.ArtifactFilter(flow_run_id=filters.ArtifactFilterFlowRunId(any_=[run.id]))
        )
    assert run.state is not None and run.state.is_completed()
    assert {artifact.key for artifact in found} == {"grace-diff", "grace-evidence"}


@pytest.mark.parametrize("damage", ["", "{", '{"grace.contract": "Verification", "value": {}}'])
def test_a_stored_result_that_cannot_be_read_counts_as_absent(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask, damage: str
) -> None:
    first = fix_bug(ask())
    (stored,) = (on_server / "results" / ("a" * 12)).glob("verify-*")
    record = json.loads(stored.read_text())
    record["result"] = damage
    stored.write_text(json.dumps(record) if damage else "")
    second = fix_bug(ask())
    assert isinstance(first, Delivered) and isinstance(second, Delivered)
    assert first.delivery.commit == second.delivery.commit
    assert rooms.asked == ["reproduce", "repair", "verify", "verify"]


def test_a_run_in_an_indexed_repository_recalls_and_code_memory_learns_how_it_ended(
    fix_bug: Fix, on_server: Path, rooms: Any, ask: Ask
) -> None:
    on_server.mkdir(exist_ok=True)
    request = ask(text="half of a number")
    database = open_memory(memory_url())
    code = "def half(n):\n    '''Half of a number.'''\n    return n // 3\n"
    (Path(request.repository) / "more.py").write_text(code)
    index_repository(database, Path(request.repository))
    outcome = fix_bug(request)
    assert isinstance(outcome, Delivered)
    assert outcome.evidence.impact is not None
    assert "half" in {one.name for one in outcome.evidence.impact.symbols}
    with database.reading() as connection:
        known = connection.rows("SELECT name, succeeded FROM code_recalls WHERE run_id = ?", (request.id,))
    assert ("half", 1) in known
