from datetime import UTC, datetime, timedelta

import pytest

from grace.contracts import Isolation, Verdict
from grace.errors import IntegrityError
from grace.governance import own_vote, satisfied

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_review_is_satisfied_by_one_vote_for_it(case):
    case.isolation = Isolation.NONE
    decision = case.decide()
    assert not satisfied(decision, [])
    assert satisfied(decision, [case.vote()])


def test_the_requesters_own_vote_counts_and_is_recorded_as_such(case):
    case.isolation = Isolation.NONE
    decision = case.decide()
    vote = own_vote(case.request, decision, NOW)
    assert (vote.voter, vote.role, vote.cast_at) == ("ann", "requester", NOW)
    assert satisfied(decision, [vote])


def test_each_voter_counts_once(case):
    case.isolation = Isolation.NONE
    decision = case.decide().model_copy(update={"votes_required": 2})
    later = NOW + timedelta(hours=1)
    assert not satisfied(decision, [case.vote("bob"), case.vote("bob", at=later)])
    assert satisfied(decision, [case.vote("bob"), case.vote("cid")])


def test_the_last_word_counts(case):
    case.isolation = Isolation.NONE
    decision = case.decide()
    later = NOW + timedelta(hours=1)
    yes, no = case.vote(), case.vote(approved=False, at=later)
    assert not satisfied(decision, [no, yes])
    assert satisfied(decision, [case.vote(approved=False), case.vote(at=later)])
    assert not satisfied(decision, [yes, case.vote("cid", approved=False)])


def test_no_vote_delivers_what_is_denied(case):
    case.checks = ()
    assert not satisfied(case.decide(), [case.vote()])


def test_an_allowed_change_needs_nobody_but_a_no_stops_it(case):
    decision = case.decide()
    assert satisfied(decision, [])
    assert not satisfied(decision, [case.vote(approved=False)])


def test_a_vote_against_denies(case):
    case.votes = (case.vote(approved=False),)
    decision = case.decide()
    assert decision.verdict is Verdict.DENY
    assert decision.reason == "rejected by a vote"


@pytest.mark.parametrize("fact", ["verification", "scan", "impact"])
def test_facts_about_another_change_prove_nothing(case, fact):
    other = case.facts()[fact].model_copy(update={"change_digest": "0" * 64})
    with pytest.raises(IntegrityError, match="about the change"):
        case.decide(**{fact: other})
