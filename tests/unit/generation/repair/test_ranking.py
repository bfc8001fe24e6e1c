"""Of the patches that pass every test, the one that does most and answers as most others do comes first."""

from collections.abc import Callable
from typing import Any

import pytest

from grace.contracts import Location
from grace.generation.repair.candidates import Candidate
from grace.generation.repair.naturalness import Naturalness
from grace.generation.repair.ranking import Ranked, anti_patterns, rank
from grace.generation.repair.source import Source, Splice

Propose = Callable[..., Any]

CODE = """\
def work(names, most):
    check(names)
    found = []
    for name in names:
        if name and most:
            found.append(name)
    return found
"""


def candidate(propose: Propose, old: str, new: str, code: str = CODE) -> Candidate:
    """A candidate that puts `new` in the place of `old`, made by hand."""
    some = next(iter(propose(code).space))
    start = code.index(old)
    splice = type(some.splices[0])(start, start + len(old), new)
    return Candidate(some.number, 2.0, "by hand", some.path, some.unit, (splice,), 1, None)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("    check(names)\n", "", "a call is gone"),
        ("name and most", "name", "a name is gone"),
        ("name and most", "True", "a branch is gone"),
        ("for name in names:\n", "if (name := names[0]):\n", "a loop is gone"),
    ],
)  # fmt: skip
def test_doing_less_counts_against_a_patch(propose: Propose, old: str, new: str, why: str) -> None:
    source = Source("code.py", CODE)
    harmless = candidate(propose, "name and most", "name or most")
    assert anti_patterns(source, candidate(propose, old, new)) > anti_patterns(source, harmless) + 0.3, why


def test_a_patch_that_does_not_parse_is_no_better_than_one_that_does_less(propose: Propose) -> None:
    assert anti_patterns(Source("code.py", CODE), candidate(propose, "return found", "return (")) == 1.0


def order(propose: Propose, answers: dict[int, list[str]], *news: str) -> list[Ranked]:
    source = Source("code.py", CODE)
    made = [candidate(propose, "name and most", new) for new in news]
    numbered = [Candidate(k, c.cost, c.operator, c.path, c.unit, c.splices, c.line, None) for k, c in enumerate(made)]
    return rank(numbered, {"code.py": source}, Naturalness([CODE]), answers)


def test_patches_that_answer_alike_support_each_other(propose: Propose) -> None:
    news = ("name or most", "most or name", "name or names")
    alone = order(propose, {}, *news)
    assert {r.cluster for r in alone} == {1}
    agreed = order(propose, {-1: ["r1"], 0: ["r2"], 1: ["r3"], 2: ["r3"]}, *news)
    scores = {r.candidate.number: r.score for r in alone}
    gained = {r.candidate.number: scores[r.candidate.number] - r.score for r in agreed}
    assert gained[1] == gained[2] > 0
    assert {r.candidate.number: r.cluster for r in agreed} == {0: 1, 1: 2, 2: 2}


def test_a_patch_that_raises_where_the_original_answered_loses(propose: Propose) -> None:
    news = ("name or most", "most or name")
    first = order(propose, {-1: ["r1", "r2"], 0: ["xKeyError", "h"], 1: ["r1", "r3"]}, *news)[0]
    assert first.candidate.number == 1


def test_equal_scores_keep_the_order_of_the_search(propose: Propose) -> None:
    ranked = order(propose, {}, "name or most", "name or most")
    assert [r.candidate.number for r in ranked] == [0, 1]


def test_what_reads_like_the_repository_is_less_surprising(propose: Propose) -> None:
    others = "def rest(names):\n    return [name for name in names if name is not None]\n" * 5
    model = Naturalness([CODE, others])
    source = Source("code.py", CODE)
    usual = model.surprise(source, candidate(propose, "name and most", "name is not None"))
    unusual = model.surprise(source, candidate(propose, "name and most", "None is not most"))
    assert usual < unusual
    assert model.surprise(source, candidate(propose, "name and most", "name and most")) == 0


def test_surprise_is_bounded_and_survives_what_cannot_be_read(propose: Propose) -> None:
    source = Source("code.py", CODE)
    for new in ("name and (", '"""', "ä" * 50, ""):
        for texts in ([], [CODE], ["def f(:\n", CODE]):
            assert -2.0 <= Naturalness(texts).surprise(source, candidate(propose, "name and most", new)) <= 2.0


def test_operating_on_a_value_with_itself_counts_against_a_patch(propose: Propose) -> None:
    source = Source("code.py", CODE)
    idle = candidate(propose, "name and most", "most and most")
    meant = candidate(propose, "name and most", "most and found")
    assert anti_patterns(source, idle) > anti_patterns(source, meant) + 1.0


def test_of_patches_that_behave_alike_the_plainest_comes_first(propose: Propose) -> None:
    news = ("name and most and names", "most")
    assert order(propose, {}, *news)[0].candidate.number == 0
    alike = order(propose, {-1: ["r1"], 0: ["r2"], 1: ["r2"]}, *news)
    assert [ranked.candidate.number for ranked in alike] == [1, 0]
    assert alike[0].score <= alike[1].score


TWO = "def reach(xs):\n    return first(xs)\n\n\ndef first(xs):\n    return xs[0]\n"


def test_a_patch_that_keeps_a_crash_from_being_reached_comes_after_one_where_it_happens(propose: Propose) -> None:
    source = Source("code.py", TWO)
    units = {c.unit.function.node.name: c.unit for c in propose(TWO).space if c.unit.function}

    def made(number: int, function: str, old: str) -> Candidate:
        start = TWO.index(old)
        splice = Splice(start, start + len(old), "xs[:1]")
        return Candidate(number, 2.0, "by hand", "code.py", units[function], (splice,), 1, None)

    avoiding, mending = made(0, "reach", "first(xs)"), made(1, "first", "xs[0]")

    crashed = Location(path="code.py", line=6, end_line=6)
    ranked = rank([avoiding, mending], {"code.py": source}, Naturalness([TWO]), {}, crashed)
    assert [r.candidate.number for r in ranked] == [1, 0]
