from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import FixOptions, Request, WorkflowKind
from grace.understanding import understand_request

FILES = (
    "src/shop/__init__.py",
    "src/shop/cart.py",
    "src/shop/tax.py",
    "lib/tax.py",
    "tests/test_cart.py",
    "README.md",
)


def understand(text="", *, tests=(), kind=WorkflowKind.FIX_BUG, errors=False):
    request = Request(
        id="0" * 12,
        kind=kind,
        text=text,
        repository="/r",
        base_revision="0" * 40,
        requested_by="ann",
        requested_at=datetime(2026, 1, 2, tzinfo=UTC),
        options=FixOptions(tests=tests, errors=errors),
    )
    return understand_request(request, FILES)


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("The total in src/shop/cart.py is wrong.", ("src/shop/cart.py",)),
        ("see cart.py, then README.md.", ("src/shop/cart.py", "README.md")),
        ("shop/tax.py rounds down", ("src/shop/tax.py",)),
        ("`Cart.total()` and `add` disagree", ("Cart.total", "add")),
        (
            "run tests/test_cart.py::test_total[1-a b]",
            ("tests/test_cart.py", "tests/test_cart.py::test_total[1-a b]"),
        ),
        (
            '  File "/home/ann/shop/src/shop/cart.py", line 12, in total\n',
            ("src/shop/cart.py", "src/shop/cart.py:12"),
        ),
        ('  File "/usr/lib/python3.11/json/decoder.py", line 3, in x\n', ()),
        ("version 1.5 of e.g. this", ()),
    ],
)
def test_entities(text, entities):
    assert understand(text).entities == entities


def test_the_tests_asked_for_are_entities_too():
    assert understand(tests=("tests/test_cart.py::test_a",)).entities == (
        "tests/test_cart.py",
        "tests/test_cart.py::test_a",
    )


def test_modules_mentioned_are_targets():
    targets = understand("src/shop/__init__.py and cart.py and README.md").targets
    assert [(t.path, t.qualified_name) for t in targets] == [
        ("src/shop/__init__.py", "shop"),
        ("src/shop/cart.py", "shop.cart"),
    ]


def test_what_cannot_be_told_is_an_open_question():
    assert understand("tax.py is wrong").open_questions == ("Which tax.py is meant: lib/tax.py, src/shop/tax.py?",)
    assert understand("missing.py").open_questions == ("missing.py is mentioned, but is not in the repository.",)


def test_without_words_the_failing_tests_are_the_summary():
    intent = understand()
    assert intent.summary == "Fix the bug that the failing tests show"
    assert intent.acceptance[0] == "the tests that fail at the base revision pass"
    assert intent.open_questions == ()


@given(st.text(max_size=200), st.sampled_from(WorkflowKind))
def test_any_text_is_understood_without_guessing(text, kind):
    intent = understand(text, kind=kind)
    assert intent.kind is kind
    assert 0 < len(intent.summary) <= 200
    assert {target.path for target in intent.targets} <= set(FILES)


def test_errors_that_need_no_test_are_another_intent_of_the_same_workflow():
    intent = understand(errors=True)
    assert (intent.kind, intent.actions) == (WorkflowKind.FIX_BUG, ("fix_errors",))
    assert "need no test" in intent.summary and "ruff" in intent.acceptance[0]
    assert understand().actions == ("fix_bug",)
