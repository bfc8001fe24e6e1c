"""A replacement counts as unchanged only where the test could not tell it from the original."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from grace.generation.repair.session import Session

Warm = Callable[..., AbstractContextManager[Session]]

CODE = """\
def walk(xs, n):
    total = 0
    for x in xs:
        kept = xs
        total += x * n
    return total


class Shelf:
    def never(self):
        return 1
"""
TEST = "from work import walk\n\ndef test_walk():\n    assert walk([1, 2, 0], 1) == 4\n"


def unchanged(session: Session, sites: list[dict[str, Any]]) -> list[list[bool]]:
    (answer,) = session.order("values", test=0, seconds=1, path="work.py", sites=sites)
    verdicts: list[list[bool]] = answer["unchanged"]
    return verdicts


def site(line: int, original: str, *replacements: str, scope: str = "walk") -> dict[str, Any]:
    return {"scope": scope, "line": line, "original": original, "replacements": list(replacements)}


def test_values_are_compared_at_each_visit(warm: Warm) -> None:
    with warm({"work.py": CODE, "test_work.py": TEST}) as session:
        numbers = site(5, "x * n", "x", "x + 0", "x - n", "x * 1.0", "missing", "x *", "x and 1")
        assert unchanged(session, [numbers]) == [[True, True, False, False, False, False, False]]


def test_what_raises_alike_is_alike_and_what_was_never_reached_is_not(warm: Warm) -> None:
    with warm({"work.py": CODE, "test_work.py": TEST}) as session:
        raising = site(5, "1 / 0", "2 / 0", "1 / n", "int('x')")
        unreached = site(11, "1", "1", scope="never")
        assert unchanged(session, [raising, unreached]) == [[True, False, False], [False]]


def test_an_equal_list_that_is_another_list_is_a_change(warm: Warm) -> None:
    """`kept = xs[:]` repairs what `kept = xs` shares by mistake, and the values do not differ."""
    with warm({"work.py": CODE, "test_work.py": TEST}) as session:
        found = site(4, "xs", "xs[:]", "list(xs)", "(xs)", "xs or []")
        made = site(4, "xs[:]", "list(xs)", "xs", "[*xs]", "xs[1:]")
        nested = site(4, "[xs, 1]", "[xs, 1]", "[xs[:], 1]")
        assert unchanged(session, [found, made, nested]) == [
            [False, False, True, True],
            [True, False, True, False],
            [True, False],
        ]


def test_tuples_and_dictionaries_are_compared_by_what_they_hold(warm: Warm) -> None:
    with warm({"work.py": CODE, "test_work.py": TEST}) as session:
        pairs = site(4, "(x, n)", "(x, 1)", "(x, xs)", "(x, n, 1)", "[x, n]")
        tables = site(4, "{x: n}", "dict([(x, 1)])", "{x: 2}", "{x: n, 9: 9}", "{x}")
        assert unchanged(session, [pairs, tables]) == [[True, False, False, False], [True, False, False, False]]


def test_a_site_visited_too_often_is_not_judged(warm: Warm) -> None:
    test = "from work import walk\n\ndef test_walk():\n    assert walk([1] * 400, 1) == 400\n"
    with warm({"work.py": CODE, "test_work.py": test}) as session:
        assert unchanged(session, [site(5, "x", "x + 0"), site(2, "0", "n - 1")]) == [[False], [True]]


def test_what_names_an_iterator_is_not_judged_and_takes_nothing_from_it(warm: Warm) -> None:
    test = "from work import walk\n\ndef test_walk():\n    assert walk(iter([1, 2]), 1) == 4\n"
    with warm({"work.py": CODE, "test_work.py": test}) as session:
        drawn = site(2, "0", "sum(xs)", "n - 1")
        drawing = site(4, "list(xs)", "list(xs)", "0")
        after = site(5, "x", "x", "1")
        assert unchanged(session, [drawn, drawing, after]) == [[False, True], [False, False], [True, False]]
