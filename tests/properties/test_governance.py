"""What must hold for every set of policies."""

from datetime import UTC, datetime

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
    WorkflowKind,
)
from grace.governance import decide

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
