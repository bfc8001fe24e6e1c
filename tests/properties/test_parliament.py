"""No sequence of votes, however strange, delivers without the votes that policy asks for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from grace.contracts import Approver, Decision, PolicyResult, Request, Verdict, Vote, WorkflowKind
from grace.governance import tally

OPENED = datetime(2026, 1, 2, tzinfo=UTC)
DIGEST, OTHER = "a" * 64, "b" * 64
REQUEST = Request(
    id="0" * 12, kind=WorkflowKind.FIX_BUG, repository="/r", base_revision="0" * 40, requested_by="ann",
    requested_at=OPENED,
)  # fmt: skip
NAMES = ("ann", "bob", "cid", "dan", "eve")
HOURS = st.integers(0, 6).map(lambda hours: OPENED + timedelta(hours=hours))
VOTES = st.lists(
    st.builds(
        Vote, voter=st.sampled_from(NAMES), role=st.sampled_from(["requester", "approver"]),
        authenticated_by=st.just("personal key"), approved=st.sampled_from([True, True, True, False]),
        cast_at=HOURS, change_digest=st.sampled_from([DIGEST, DIGEST, OTHER]),
    ),
    max_size=12,
)  # fmt: skip
APPROVERS = st.lists(
    st.builds(Approver, name=st.sampled_from(NAMES), roles=st.sampled_from([(), ("maintainer",), ("security",)])),
    max_size=4, unique_by=lambda approver: approver.name,
)  # fmt: skip
DECISIONS = st.builds(
    lambda needed, roles, hours: Decision(
        change_digest=DIGEST, verdict=Verdict.REVIEW, votes_required=needed, roles=roles, policy_version="t",
        results=(PolicyResult(policy_id="T", verdict=Verdict.REVIEW, reason="r"),),
        within_seconds=hours * 3600.0 if hours else None,
    ),
    st.integers(1, 3), st.sampled_from([(), ("maintainer",)]), st.sampled_from([0, 3]),
)  # fmt: skip


@settings(max_examples=1000)
@given(DECISIONS, VOTES, APPROVERS, HOURS)
def test_only_the_votes_that_policy_asks_for_approve(decision, votes, approvers, now) -> None:
    standing = tally(decision, votes, request=REQUEST, approvers=approvers, opened_at=OPENED, now=now)
    roles = {approver.name: set(approver.roles) for approver in approvers}
    last: dict[str, Vote] = {}
    for vote in votes:
        if vote.change_digest == DIGEST and (
            vote.voter not in last
            or (vote.cast_at, not vote.approved) >= (last[vote.voter].cast_at, not last[vote.voter].approved)
        ):
            last[vote.voter] = vote
    end = OPENED + timedelta(seconds=decision.within_seconds or 10**6)
    may = {
        name
        for name, vote in last.items()
        if vote.cast_at <= end
        and (
            not approvers
            or (name != "ann" and name in roles and (not decision.roles or roles[name] & {*decision.roles}))
        )
    }
    in_favour = {name for name in may if last[name].approved}
    assert (standing.status == "approved") == (len(in_favour) >= decision.votes_required and in_favour == may)
    assert (standing.status == "rejected") == (in_favour != may)
    assert {vote.voter for vote in standing.counted} == may
    assert len(standing.counted) + len(standing.refused) == len(last)
    assert standing.missing == max(0, decision.votes_required - len(in_favour))


@given(DECISIONS, VOTES, APPROVERS, HOURS, st.randoms(use_true_random=False))
def test_the_order_in_which_votes_are_read_does_not_matter(decision, votes, approvers, now, random) -> None:
    ask = {"request": REQUEST, "approvers": approvers, "opened_at": OPENED, "now": now}
    shuffled = random.sample(votes, len(votes))
    assert tally(decision, votes, **ask).status == tally(decision, shuffled, **ask).status


@given(DECISIONS, VOTES, APPROVERS, HOURS, st.integers(0, 11))
def test_the_same_vote_twice_changes_nothing(decision, votes, approvers, now, which) -> None:
    ask = {"request": REQUEST, "approvers": approvers, "opened_at": OPENED, "now": now}
    once, twice = tally(decision, votes, **ask), tally(decision, [*votes, *votes[which : which + 1]], **ask)
    assert (once.status, once.missing, once.reason) == (twice.status, twice.missing, twice.reason)
    assert [vote.voter for vote in once.counted] == [vote.voter for vote in twice.counted]
