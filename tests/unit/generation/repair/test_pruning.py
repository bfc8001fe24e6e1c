"""A candidate is left out only where the failing test cannot see a difference."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import RedTest
from grace.generation.repair.candidates import Candidate, CandidateSpace
from grace.generation.repair.pruning import effective, free_of_effects
from grace.generation.repair.session import Session
from grace.generation.repair.source import Source

Warm = Callable[..., AbstractContextManager[Session]]


@pytest.mark.parametrize(
    "text",
    ["x", "self.rows[k + 1:]", "not a or b < c <= 3", "len(xs) - 1", "max(a, key=None)", "(a, [b])", "d.get('k', 0)"],
)
def test_reading_is_free_of_effects(text: str) -> None:
    assert free_of_effects(text)


@pytest.mark.parametrize(
    "text",
    [
        "f(x)",
        "xs.pop()",
        "next(it)",
        "(y := 1)",
        "[x for x in xs]",
        "lambda: 1",
        "f'{x}'",
        "len(f(x))",
        "x =",
        "",
        "\0",
    ],
)
def test_what_may_have_an_effect_is_not(text: str) -> None:
    assert not free_of_effects(text)


@given(
    st.lists(st.sampled_from(["x", "len(", "f(", "(", ")", ".pop", ".strip", " + ", "1", "[", "]", ":="]), max_size=9)
)
def test_an_expression_with_an_unknown_call_is_never_free(words: list[str]) -> None:
    text = "".join(words)
    if free_of_effects(text):
        assert not free_of_effects(f"{text} + f()")
        assert "f(" not in text and ":=" not in text and ".pop(" not in text


WORK = """\
def total(prices, rate=1, extra=0):
    kept = [*prices]
    if extra:
        kept.append(extra)
    value = sum(kept) * rate
    return value


def never(rate):
    return rate
"""
STREAM = """\
def total(prices, rate=1):
    value = sum(prices)
    return value * rate
"""


def candidates_for(text: str, lines: Iterable[int]) -> list[Candidate]:
    red = RedTest(test_id="test_work.py::test_total", outcome="failed")
    return list(CandidateSpace({"work.py": Source("work.py", text)}, {("work.py", n): 1.0 for n in lines}, red))


def answered(text: str, prices: Iterable[int]) -> object:
    """What `total` gives back, or the class of what it raises."""
    there: dict[str, Any] = {}
    try:
        exec(text, there)
        return there["total"](prices)
    except Exception as error:  # noqa: BLE001 - raising is an answer
        return type(error)


@pytest.mark.parametrize(("work", "given"), [(WORK, "[1, 2]"), (STREAM, "iter([1, 2])")])
def test_what_is_left_out_would_have_answered_as_the_original_does(warm: Warm, work: str, given: str) -> None:
    offered = candidates_for(work, range(1, 7))
    test = f"from work import total\n\ndef test_total():\n    assert total({given}) == 4\n"
    with warm({"work.py": work, "test_work.py": test}) as session:
        kept = effective(session, 0, 1, offered)
    numbers = {candidate.number for candidate in kept}
    assert [candidate.number for candidate in offered if candidate.number in numbers] == [c.number for c in kept]
    left_out = [candidate for candidate in offered if candidate.number not in numbers]
    assert {answered(candidate.applied(work), eval(given)) for candidate in left_out} == {3}


def test_what_the_test_does_not_reach_or_no_value_stands_for_is_kept(warm: Warm) -> None:
    unreached = candidates_for(WORK, range(9, 11))
    without = [candidate for candidate in candidates_for(WORK, range(1, 7)) if candidate.exchange is None]
    test = "from work import total\n\ndef test_total():\n    assert total([1, 2]) == 4\n"
    with warm({"work.py": WORK, "test_work.py": test}) as session:
        assert unreached and effective(session, 0, 1, unreached) == unreached
        assert without and effective(session, 0, 1, without) == without
