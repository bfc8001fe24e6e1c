import pytest

from grace.contracts import Verdict
from grace.errors import IntegrityError


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
