"""Who may vote is proved by a key that is kept nowhere; votes and their beginning are kept once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from grace.contracts import Approver, Request, Vote, WorkflowKind
from grace.errors import InputError
from grace.store.approvals import SqlApprovals
from grace.store.ledger import SqlLedger

NOW = datetime(2026, 1, 2, tzinfo=UTC)
RUN, DIGEST = "a" * 12, "d" * 64


@pytest.fixture
def approvals(tmp_path: Path) -> Iterator[SqlApprovals]:
    url = f"sqlite:///{tmp_path / 'grace.db'}"
    request = Request(
        id=RUN, kind=WorkflowKind.FIX_BUG, repository="/r", base_revision="0" * 40, requested_by="ann", requested_at=NOW
    )
    SqlLedger.open(url).start(request)
    yield SqlApprovals.open(url)


def vote(voter: str = "bob", at: datetime = NOW, approved: bool = True) -> Vote:
    return Vote(
        voter=voter, role="approver", authenticated_by="personal key", approved=approved, comment="well done",
        cast_at=at, change_digest=DIGEST,
    )  # fmt: skip


def test_a_key_proves_who_somebody_is_and_is_kept_nowhere(approvals: SqlApprovals, tmp_path: Path) -> None:
    bob = Approver(name="bob", roles=("maintainer", "security"))
    key = approvals.add(bob)
    assert approvals.authenticate("bob", key) == bob
    assert approvals.approvers() == (bob,)
    assert not any(key.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_no_other_key_proves_anything(approvals: SqlApprovals) -> None:
    bob, cid = approvals.add(Approver(name="bob")), approvals.add(Approver(name="cid"))
    for name, key in (("bob", cid), ("cid", bob), ("bob", ""), ("eve", bob), ("eve", "")):
        with pytest.raises(InputError, match="not the key"):
            approvals.authenticate(name, key)


def test_a_new_key_takes_the_old_ones_place(approvals: SqlApprovals) -> None:
    old = approvals.add(Approver(name="bob"))
    new = approvals.add(Approver(name="bob", roles=("maintainer",)))
    assert approvals.authenticate("bob", new).roles == ("maintainer",)
    with pytest.raises(InputError):
        approvals.authenticate("bob", old)


def test_who_was_removed_votes_no_more_until_added_again(approvals: SqlApprovals) -> None:
    key = approvals.add(Approver(name="bob"))
    approvals.remove("bob")
    assert approvals.approvers() == ()
    with pytest.raises(InputError):
        approvals.authenticate("bob", key)
    with pytest.raises(InputError, match="no approver 'bob'"):
        approvals.remove("bob")
    approvals.authenticate("bob", approvals.add(Approver(name="bob")))


def test_votes_come_back_as_they_were_cast_and_the_same_one_once(approvals: SqlApprovals) -> None:
    cast = [vote(), vote("cid", approved=False), vote(at=NOW + timedelta(microseconds=1))]
    for each in (*cast, *cast):
        approvals.cast(RUN, each)
    assert approvals.votes(RUN) == cast


def test_a_ballot_is_opened_once(approvals: SqlApprovals) -> None:
    later = NOW + timedelta(days=3)
    assert approvals.open_ballot(RUN, DIGEST, NOW) == NOW
    assert approvals.open_ballot(RUN, DIGEST, later) == NOW
    assert approvals.open_ballot(RUN, "e" * 64, later) == later
