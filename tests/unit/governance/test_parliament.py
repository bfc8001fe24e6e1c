"""What votes come to: once each, by people who may, for one change, in time."""

from datetime import UTC, datetime, timedelta

import pytest

from grace.contracts import Approver, Tally, Vote
from grace.governance import own_vote, tally

OPENED = datetime(2026, 1, 2, tzinfo=UTC)
ANN, BOB, CID = Approver(name="ann"), Approver(name="bob", roles=("maintainer",)), Approver(name="cid")


@pytest.fixture
def count(case):
    """The tally of votes on a change that needs review; ann asked for it."""

    def counted(*votes, approvers=(), now=OPENED, needed=1, **decision) -> Tally:
        asked = case.decide().model_copy(update={"votes_required": needed, **decision})
        return tally(asked, votes, request=case.request, approvers=approvers, opened_at=OPENED, now=now)

    return counted


@pytest.fixture
def review(case):
    """Makes the decision a review: nothing isolates the tests."""
    from grace.contracts import Isolation

    case.isolation = Isolation.NONE
    return case


def test_a_review_waits_for_its_votes_and_then_is_approved(review, count):
    waiting = count()
    assert (waiting.status, waiting.missing) == ("open", 1)
    assert count(review.vote("bob")).status == "approved"


def test_each_voter_counts_once_however_often_they_vote(review, count):
    twice = (review.vote("bob"), review.vote("bob", at=OPENED + timedelta(hours=1)))
    assert count(*twice, needed=2).missing == 1
    assert count(*twice, review.vote("cid"), needed=2).status == "approved"


def test_the_last_word_counts_and_one_against_rejects(review, count):
    later = OPENED + timedelta(hours=1)
    assert count(review.vote(approved=False), review.vote(at=later)).status == "approved"
    rejected = count(review.vote("bob"), review.vote("cid", approved=False))
    assert (rejected.status, rejected.reason) == ("rejected", "cid voted against it")


def test_who_works_alone_approves_for_themselves_and_the_vote_says_so(review, count):
    vote = own_vote(review.request, review.decide(), OPENED)
    assert (vote.voter, vote.role) == ("ann", "requester")
    assert count(vote).status == "approved"


def test_where_there_are_approvers_nobody_votes_on_their_own_change(review, count):
    own = own_vote(review.request, review.decide(), OPENED)
    alone = count(own, approvers=(ANN, BOB))
    assert alone.status == "open"
    assert [refused.reason for refused in alone.refused] == ["nobody votes on a change that they asked for"]
    assert count(own, review.vote("bob"), approvers=(ANN, BOB)).status == "approved"


def test_a_stranger_neither_approves_nor_rejects(review, count):
    for approved in (True, False):
        strange = count(review.vote("eve", approved=approved), approvers=(BOB,))
        assert (strange.status, strange.refused[0].reason) == ("open", "eve is no approver")


def test_only_the_roles_that_the_decision_names_count(review, count):
    votes = (review.vote("cid"), review.vote("bob"))
    assert count(votes[0], approvers=(BOB, CID), roles=("maintainer",)).status == "open"
    assert count(*votes, approvers=(BOB, CID), roles=("maintainer",)).status == "approved"


def test_a_vote_on_another_change_never_counts(review, count):
    elsewhere = review.vote("bob").model_copy(update={"change_digest": "0" * 64})
    assert count(elsewhere).status == "open"


def test_votes_that_come_late_do_not_count_and_the_wait_ends(review, count):
    end = OPENED + timedelta(hours=1)
    in_time, late = review.vote("bob", at=end), review.vote("bob", at=end + timedelta(seconds=1))
    ask = {"within_seconds": 3600.0}
    assert count(now=end, **ask).status == "open"
    assert count(late, now=end + timedelta(seconds=2), **ask).status == "expired"
    assert count(in_time, now=end + timedelta(days=9), **ask).status == "approved"


def test_that_there_are_too_few_approvers_is_said(review, count):
    assert "only 1 can vote here" in count(approvers=(ANN, BOB), needed=2).reason


def test_an_allowed_change_needs_nobody_and_a_denied_one_gets_nobody(case, count):
    assert count(needed=0).status == "approved"
    case.checks = ()
    assert count(case.vote("bob")).status == "rejected"


def test_the_order_in_which_votes_are_read_does_not_matter(review, count):
    votes: list[Vote] = [review.vote("bob"), review.vote("cid"), review.vote("bob", approved=False)]
    assert count(*votes).status == count(*reversed(votes)).status == "rejected"
