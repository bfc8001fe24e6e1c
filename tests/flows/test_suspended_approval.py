"""A run of a deployment waits for people without a process, and its form takes votes by one-time codes only."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from flows import fix_bug as module
from grace.contracts import Approver, Isolation
from grace.git import GitRepository
from grace.store.approvals import SqlApprovals
from grace.store.audit import SqlAuditLog
from grace.store.ballot_codes import SqlBallotCodes
from grace.store.ledger import SqlLedger
from tasks.record import run_id_of

pytestmark = pytest.mark.usefixtures("rooms")
FORM = {"answer": "approve", "comment": "", "code": ""}


class Deployed:
    """A run that Prefect started from a deployment, and whoever votes on it."""

    def __init__(self, server: str, home: Path, flow_run_id: UUID) -> None:
        self.url, self.flow_run_id = f"{server}/flow_runs/{flow_run_id}", flow_run_id
        self.run_id = run_id_of(flow_run_id)
        self._database = f"sqlite:///{home / 'grace.db'}"
        self._audit = SqlAuditLog.open(self._database, None, home / "audit.key")

    def carry_on(self) -> str:
        """What a worker does when the run is due; gives the name of the state it ends in."""
        from prefect.client.orchestration import get_client
        from prefect.exceptions import Pause
        from prefect.flow_engine import run_flow

        with get_client(sync_client=True) as client:
            flow_run = client.read_flow_run(self.flow_run_id)
            with suppress(Pause):  # ends the process of a worker
                run_flow(module.fix_bug, flow_run=flow_run, parameters=flow_run.parameters, return_type="state")
            state = client.read_flow_run(self.flow_run_id).state
        assert state
        return str(state.name)

    def answer(self, **answers: str) -> Any:
        """What the Prefect UI sends for a filled-in form."""
        deadline = time.monotonic() + 20
        while (said := httpx.post(f"{self.url}/resume", json={"run_input": FORM | answers})).status_code == 503:
            assert time.monotonic() < deadline, said.text  # its database was locked
        return said.json()

    def code(self, voter: str) -> str:
        outcome = self.ledger.outcome(self.run_id)
        assert outcome and outcome.evidence.decision
        codes = SqlBallotCodes.open(self._database)
        digest = outcome.evidence.decision.change_digest
        return codes.issue(self.run_id, digest, voter, "personal key", datetime.now(UTC))

    @property
    def ledger(self) -> SqlLedger:
        return SqlLedger.open(self._database)

    @property
    def status(self) -> str:
        return self.ledger.summary(self.run_id).status.value

    @property
    def events(self) -> list[str]:
        return [record.event for record in self._audit.records(self.run_id)]


def deploy(flow: Any, name: str) -> UUID:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return client.create_deployment(client.create_flow(flow), name=name, enforce_parameter_schema=False)


@pytest.fixture
def approvals(on_server: Path) -> SqlApprovals:
    store = SqlApprovals.open(f"sqlite:///{on_server / 'grace.db'}")
    for name in ("ann", "bob"):
        store.add(Approver(name=name))
    return store


@pytest.fixture
def run(server: str, on_server: Path, approvals: SqlApprovals, rooms: Any, ask: Callable[..., Any]) -> Deployed:
    from prefect.client.orchestration import get_client

    rooms.isolation = Isolation.NONE  # policy asks for a vote
    wish = {"repository": ask().repository, "requested_by": "ann"}
    with get_client(sync_client=True) as client:
        flow_run = client.create_flow_run_from_deployment(deploy(module.fix_bug, "test"), parameters={"wish": wish})
    return Deployed(server, on_server, flow_run.id)


def test_a_run_waits_without_a_process_and_a_vote_with_a_code_delivers_it(run: Deployed, rooms: Any) -> None:
    assert (run.carry_on(), run.status) == ("Suspended", "waiting")
    assert run.answer(code=run.code("bob"), comment="reads well")["status"] == "ACCEPT"
    assert (run.carry_on(), run.status) == ("Completed", "finished")
    outcome = run.ledger.outcome(run.run_id)
    assert outcome and outcome.status == "delivered"
    (vote,) = outcome.evidence.votes
    assert (vote.voter, vote.comment) == ("bob", "reads well")
    assert vote.authenticated_by == "one-time code, given for personal key"
    assert rooms.asked == ["reproduce", "repair", "verify"]
    assert run.events == [
        "run.requested", "run.waits", "approval.requested", "vote.cast", "change.decided", "change.delivered",
        "run.ended",
    ]  # fmt: skip


@pytest.mark.parametrize("code", ["", "0000-0000-0000", "ann's"], ids=["none", "forged", "the requester's"])
def test_an_answer_that_proves_nobody_is_refused_on_record_and_the_run_stays_suspended(
    run: Deployed, code: str
) -> None:
    run.carry_on()
    run.answer(code=run.code("ann") if code == "ann's" else code)
    assert (run.carry_on(), run.status) == ("Suspended", "waiting")
    assert ("vote.cast" if code == "ann's" else "vote.refused") in run.events
    assert run.answer(code=run.code("bob"))["status"] == "ACCEPT"
    assert run.carry_on() == "Completed"


def test_a_vote_against_it_in_the_form_ends_the_run(run: Deployed) -> None:
    run.carry_on()
    run.answer(answer="reject", code=run.code("bob"))
    assert (run.carry_on(), run.ledger.summary(run.run_id).outcome) == ("Completed", "rejected")


def test_a_vote_cast_elsewhere_is_found_when_the_form_asks_to_count_again(
    run: Deployed, on_server: Path, approvals: SqlApprovals
) -> None:
    run.carry_on()
    run.answer(answer="count again")
    assert run.carry_on() == "Suspended"
    from grace.contracts import Vote

    outcome = run.ledger.outcome(run.run_id)
    assert outcome and outcome.evidence.decision
    vote = Vote(
        voter="bob",
        role="approver",
        authenticated_by="personal key",
        approved=True,
        cast_at=datetime.now(UTC),
        change_digest=outcome.evidence.decision.change_digest,
    )
    approvals.cast(run.run_id, vote)
    assert run.answer(answer="count again")["status"] == "ACCEPT"
    assert run.carry_on() == "Completed"
    assert "vote.refused" not in run.events


def test_the_form_shows_what_is_decided_on_and_how_to_prove_who_votes(run: Deployed, server: str) -> None:
    run.carry_on()
    inputs = httpx.post(f"{run.url}/input/filter", json={"prefix": "suspended-", "limit": 9}).json()
    (description,) = (entry["value"] for entry in inputs if entry["key"].endswith("-description"))
    for part in ("-    return n // 3", "+    return n // 2", run.run_id, "grace approvals code", "test command", "ann"):
        assert part in str(description)


def test_a_base_branch_that_moved_is_followed_and_the_same_change_keeps_its_votes(run: Deployed, rooms: Any) -> None:
    run.carry_on()
    request = run.ledger.request(run.run_id)
    moved = commit(request.repository, {"other.py": "y = 1\n"})
    run.answer(code=run.code("bob"))
    assert run.carry_on() == "Completed"
    assert rooms.asked == ["reproduce", "repair", "verify", "verify"]
    assert delivered_on(run) == moved


def test_votes_are_void_when_the_base_changes_what_they_were_for(run: Deployed) -> None:
    run.carry_on()
    request = run.ledger.request(run.run_id)
    moved = commit(request.repository, {"half.py": "LIMIT = 7\n\n\ndef half(n):\n    return n // 3\n"})
    run.answer(code=run.code("bob"))
    assert (run.carry_on(), run.status) == ("Suspended", "waiting")
    run.answer(code=run.code("bob"))
    assert run.carry_on() == "Completed"
    assert delivered_on(run) == moved


def test_a_change_that_the_base_contradicts_by_now_is_given_up(run: Deployed) -> None:
    run.carry_on()
    commit(run.ledger.request(run.run_id).repository, {"half.py": "def half(n):\n    return n / 3\n"})
    run.answer(code=run.code("bob"))
    assert run.carry_on() == "Completed"
    outcome = run.ledger.outcome(run.run_id)
    assert outcome and (outcome.status, "half.py" in outcome.reason) == ("gave_up", True)


def commit(repository: str, files: dict[str, str]) -> str:
    from grace.git import run_git

    for name, content in files.items():
        (Path(repository) / name).write_text(content)
    run_git(("add", "--all"), cwd=Path(repository))
    run_git(("commit", "--message", "meanwhile"), cwd=Path(repository))
    return GitRepository.open(Path(repository)).resolve("HEAD")


def delivered_on(run: Deployed) -> str:
    outcome, repository = run.ledger.outcome(run.run_id), run.ledger.request(run.run_id).repository
    assert outcome and outcome.status == "delivered"
    return GitRepository.open(Path(repository)).resolve(f"{outcome.delivery.branch}~1")


def test_a_vote_by_command_wakes_the_run_where_it_waits_and_follows_it_to_its_end(
    run: Deployed, server: str, on_server: Path, approvals: SqlApprovals
) -> None:
    run.carry_on()
    key = approvals.add(Approver(name="bob"))
    environment = {**os.environ, "GRACE_HOME": str(on_server), "PREFECT_API_URL": server, "GRACE_APPROVER_KEY": key}
    command = [Path(sys.executable).with_name("grace"), "approve", run.run_id, "--as", "bob", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as voting:
        deadline = time.monotonic() + 60
        while httpx.get(run.url).json()["state"]["type"] == "PAUSED":
            assert time.monotonic() < deadline and voting.poll() is None
            time.sleep(0.1)
        run.carry_on()
        said, _ = voting.communicate(timeout=60)
    assert (voting.returncode, json.loads(said)["outcome"]) == (0, "delivered")


def test_a_code_is_given_to_whoever_proves_that_they_may_vote(
    run: Deployed, on_server: Path, approvals: SqlApprovals, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.carry_on()
    monkeypatch.setenv("GRACE_APPROVER_KEY", approvals.add(Approver(name="bob")))
    grace = [Path(sys.executable).with_name("grace"), "approvals", "code", run.run_id, "--json", "--as"]
    asked = {
        name: subprocess.run([*grace, name], capture_output=True, text=True, check=False) for name in ("bob", "ann")
    }
    assert (asked["bob"].returncode, asked["ann"].returncode) == (0, 2)
    given = json.loads(asked["bob"].stdout)
    assert (given["voter"], given["run_id"]) == ("bob", run.run_id)
    run.answer(answer="reject", code=given["code"], comment="no")
    run.carry_on()
    assert run.ledger.summary(run.run_id).outcome == "rejected"


def test_votes_that_do_not_come_in_time_end_the_run_as_expired(
    run: Deployed, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.wake_run import wake_run
    from grace.governance import decide as real_decide

    def hurried(change: Any, **facts: Any) -> Any:
        return real_decide(change, **facts).model_copy(update={"within_seconds": 0.5})

    monkeypatch.setattr("grace.governance.decide", hurried)
    deployment = deploy(wake_run, "wake-run")
    assert run.carry_on() == "Suspended"
    due = {"deployments": {"id": {"any_": [str(deployment)]}}}
    (waking,) = httpx.post(f"{server}/flow_runs/filter", json=due).json()
    assert (waking["state"]["type"], waking["parameters"]) == ("SCHEDULED", {"flow_run_id": str(run.flow_run_id)})
    while datetime.now(UTC) < datetime.fromisoformat(waking["expected_start_time"]):
        time.sleep(0.05)
    wake_run(run.flow_run_id)
    wake_run(run.flow_run_id)
    assert (run.carry_on(), run.ledger.summary(run.run_id).outcome) == ("Completed", "expired")
