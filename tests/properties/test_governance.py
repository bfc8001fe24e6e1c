"""What must hold for every set of policies and votes."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import (
    Change,
    Decision,
    FileEdit,
    Impact,
    Isolation,
    PolicyResult,
    Provenance,
    Request,
    Risk,
    ScanReport,
    Verdict,
    Verification,
    Vote,
    WorkflowKind,
)
from grace.governance import decide, satisfied

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CHANGE = Change(
    base_revision="0" * 40,
    edits=(FileEdit(path="a.py", after=b""),),
    patch="",
    rationale="",
    provenance=Provenance(strategy="t"),
)
REQUEST = Request(
    id="0" * 12,
    kind=WorkflowKind.FIX_BUG,
    repository="/r",
    base_revision="0" * 40,
    requested_by="ann",
    requested_at=NOW,
)
VERDICTS = st.lists(st.sampled_from(Verdict), min_size=1, max_size=6)


def judged(verdicts: list[Verdict]) -> Decision:
    results = [PolicyResult(policy_id=f"T{n}", verdict=verdict, reason=f"r{n}") for n, verdict in enumerate(verdicts)]
    return decide(
        CHANGE,
        request=REQUEST,
        verification=Verification(change_digest=CHANGE.digest, isolation=Isolation.NONE),
        scan=ScanReport(change_digest=CHANGE.digest),
        impact=Impact(change_digest=CHANGE.digest, risk=Risk.LOW),
        policies=[lambda facts, result=result: result for result in results],
    )


@st.composite
def votes(draw: st.DrawFn, digests: list[str]) -> list[Vote]:
    vote = st.builds(
        Vote,
        voter=st.sampled_from("abc"),
        role=st.just("approver"),
        authenticated_by=st.just("password"),
        approved=st.booleans(),
        cast_at=st.integers(0, 3).map(lambda hours: NOW + timedelta(hours=hours)),
        change_digest=st.sampled_from(digests),
    )
    return draw(st.lists(vote, max_size=6))


@given(VERDICTS, st.randoms(use_true_random=False))
def test_the_strictest_verdict_wins_in_any_order(verdicts, random):
    shuffled = random.sample(verdicts, len(verdicts))
    expected = next(v for v in (Verdict.DENY, Verdict.REVIEW, Verdict.ALLOW) if v in verdicts)
    for decision in (judged(verdicts), judged(shuffled)):
        assert decision.verdict is expected
        assert len(decision.results) == len(verdicts)
        assert decision.votes_required == (1 if expected is Verdict.REVIEW else 0)


def test_no_policy_at_all_denies():
    assert judged([]).verdict is Verdict.DENY


@given(VERDICTS, votes([CHANGE.digest]), votes(["0" * 64]))
def test_a_vote_for_another_change_never_counts(verdicts, cast, elsewhere):
    decision = judged(verdicts)
    assert satisfied(decision, [*elsewhere, *cast]) == satisfied(decision, cast)


@given(VERDICTS, votes([CHANGE.digest]), st.randoms(use_true_random=False))
def test_the_order_of_counting_does_not_matter(verdicts, cast, random):
    decision = judged(verdicts)
    assert satisfied(decision, cast) == satisfied(decision, random.sample(cast, len(cast)))


@given(VERDICTS, votes([CHANGE.digest]))
def test_more_votes_against_never_help(verdicts, cast):
    decision = judged(verdicts)
    against = Vote(
        voter="z",
        role="approver",
        authenticated_by="p",
        approved=False,
        cast_at=NOW,
        change_digest=CHANGE.digest,
    )
    assert not satisfied(decision, [*cast, against])
