import pytest

from grace.contracts import Intent, SymbolRef, WorkflowKind
from grace.errors import InputError
from grace.planning import plan_implementation


def test_a_fix_is_reproduced_localised_searched_and_proved_in_this_order():
    plan = plan_implementation(Intent(kind=WorkflowKind.FIX_BUG, confidence=1, summary="s", acceptance=("it passes",)))
    assert [step.id for step in plan.steps] == ["reproduce", "localise", "search", "prove"]
    assert all(step.why and step.done_when and step.target for step in plan.steps)
    done = set()
    for step in plan.steps:
        assert set(step.depends_on) <= done
        done.add(step.id)
    assert plan.steps[-1].done_when == "it passes"


def test_what_was_named_is_the_target():
    cart = SymbolRef(path="cart.py", qualified_name="cart", kind="module")
    intent = Intent(kind=WorkflowKind.FIX_BUG, confidence=1, summary="s", entities=("t.py::test_a",), targets=(cart,))
    plan = plan_implementation(intent)
    assert [step.target for step in plan.steps[:2]] == ["t.py::test_a", "cart.py"]


def test_other_workflows_have_no_plan():
    with pytest.raises(InputError, match="only fix_bug"):
        plan_implementation(Intent(kind=WorkflowKind.REFACTOR, confidence=1, summary="s"))


def test_errors_are_found_repaired_and_proved():
    intent = Intent(kind=WorkflowKind.FIX_BUG, confidence=1, summary="s", actions=("fix_errors",), acceptance=("none",))
    plan = plan_implementation(intent)
    assert [step.id for step in plan.steps] == ["reproduce", "repair", "prove"]
    assert plan.steps[-1].done_when == "none"
