"""A run waits for people, for as long as it takes, and goes on with what they said."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grace.contracts import Approver, Delivered, Expired, Isolation, Outcome, Rejected, Request, Vote, Waiting
from grace.errors import InputError
from grace.git import GitRepository
from grace.governance import decide as real_decide
from grace.store.approvals import SqlApprovals

Ask = Callable[..., Request]
Fix = Callable[[Request], Outcome]


@pytest.fixture
def approvals(on_server: Path, rooms: Any) -> SqlApprovals:
    """Votes of a GRACE whose policy asks for one: its tests ran unconfined."""
    rooms.isolation = Isolation.NONE
    return SqlApprovals.open(f"sqlite:///{on_server / 'grace.db'}")


def cast(approvals: SqlApprovals, waiting: Waiting, voter: str, *, approved: bool = True, digest: str = "") -> None:
    assert waiting.evidence.decision is not None
    approvals.cast(
        waiting.run_id,
        Vote(
            voter=voter, role="approver", authenticated_by="personal key", approved=approved,
            cast_at=datetime.now(UTC), change_digest=digest or waiting.evidence.decision.change_digest,
        ),
    )  # fmt: skip


def wait(fix_bug: Fix, request: Request) -> Waiting:
    outcome = fix_bug(request)
    assert isinstance(outcome, Waiting)
    return outcome


def test_a_vote_for_it_delivers_and_nothing_is_done_twice(
    fix_bug: Fix, approvals: SqlApprovals, rooms: Any, ask: Ask
) -> None:
    approvals.add(Approver(name="bob"))
    cast(approvals, wait(fix_bug, ask()), "bob")
    delivered = fix_bug(ask())
    assert isinstance(delivered, Delivered)
    assert [vote.voter for vote in delivered.evidence.votes] == ["bob"]
    assert rooms.asked == ["reproduce", "repair", "verify"]


@pytest.mark.parametrize(
    ("voter", "digest", "why"),
    [("ann", "", "one of 1 votes"), ("eve", "", "one of 1 votes"), ("bob", "0" * 64, "one of 1 votes")],
)
def test_what_does_not_count_delivers_nothing(
    fix_bug: Fix, approvals: SqlApprovals, ask: Ask, voter: str, digest: str, why: str
) -> None:
    approvals.add(Approver(name="bob"))
    approvals.add(Approver(name="ann"))
    cast(approvals, wait(fix_bug, ask()), voter, digest=digest)
    assert why in wait(fix_bug, ask()).reason
    with pytest.raises(InputError):
        GitRepository.open(Path(ask().repository)).resolve(f"grace/fix-bug/{ask().id}")


def test_the_requesters_own_vote_is_recorded_but_does_not_count_where_there_are_approvers(
    fix_bug: Fix, approvals: SqlApprovals, ask: Ask
) -> None:
    approvals.add(Approver(name="bob"))
    waiting = wait(fix_bug, ask(approve=True))
    assert waiting.evidence.votes == ()
    assert [vote.role for vote in approvals.votes(waiting.run_id)] == ["requester"]


def test_a_vote_against_ends_the_run(fix_bug: Fix, approvals: SqlApprovals, ask: Ask) -> None:
    cast(approvals, wait(fix_bug, ask()), "bob", approved=False)
    rejected = fix_bug(ask())
    assert isinstance(rejected, Rejected)
    assert "bob voted against it" in rejected.reason


def test_votes_that_do_not_come_in_time_end_it_with_everything_kept(
    fix_bug: Fix,
    on_server: Path,
    approvals: SqlApprovals,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hurried(change: Any, **facts: Any) -> Any:
        return real_decide(change, **facts).model_copy(update={"within_seconds": 3600.0})

    monkeypatch.setattr("grace.governance.decide", hurried)
    waiting = wait(fix_bug, ask())
    with sqlite3.connect(on_server / "grace.db") as database:
        long_ago = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
        database.execute("UPDATE ballots SET opened_at = ?", (long_ago,))
    cast(approvals, waiting, "bob")
    expired = fix_bug(ask())
    assert isinstance(expired, Expired)
    assert expired.evidence.repair is not None and expired.evidence.repair.change is not None
