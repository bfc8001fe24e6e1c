"""Suspicion, by hand."""

import math

import pytest

from grace.contracts import Location, RedTest
from grace.generation.repair.localise import LIFT, Lines, Spectrum, suspects, suspicion
from grace.generation.repair.source import Source

CODE = "def one():\n    a = 1\n    return a\n\n\ndef two():\n    return 2\n\n\ndef three():\n    return 3\n"
SOURCES = {"code.py": Source("code.py", CODE)}


def spectrum(red: list[Lines], green: list[Lines]) -> Spectrum:
    return Spectrum(red=tuple(red), green=tuple(green), lead=red[0])


def red(*frames: tuple[str, int]) -> RedTest:
    found = tuple(Location(path=path, line=line, end_line=line) for path, line in frames)
    return RedTest(test_id="test_code.py::test", outcome="failed", frames=found)


def test_ochiai_is_the_mean_of_all_red_tests_and_of_the_lead_alone() -> None:
    scores = spectrum(
        [{"code.py": [2, 3]}, {"code.py": [3, 7]}], [{"code.py": [3]}, {"code.py": [3, 7]}, {"other.py": [2]}]
    ).ochiai()
    assert scores == {
        ("code.py", 2): pytest.approx((1 / math.sqrt(2 * 1) + 1) / 2),
        ("code.py", 3): pytest.approx((2 / math.sqrt(2 * 4) + 1 / math.sqrt(3)) / 2),
    }


def test_lines_that_only_failing_tests_run_are_most_suspicious() -> None:
    scores = suspicion(spectrum([{"code.py": [2, 7]}], [{"code.py": [7]}] * 3), red(), "", SOURCES)
    assert scores["code.py", 2] == 1.0
    assert scores["code.py", 7] == pytest.approx(0.5)


def test_the_deepest_frame_counts_most() -> None:
    lines: Lines = {"code.py": [2, 7, 11], "test_code.py": [1]}
    scores = suspicion(spectrum([lines], []), red(("code.py", 2), ("code.py", 7)), "", SOURCES)
    assert scores["code.py", 7] == 1.0
    assert scores["code.py", 7] > scores["code.py", 2] > scores["code.py", 11]
    assert ("test_code.py", 1) not in scores


def test_a_function_that_the_test_names_is_more_suspicious() -> None:
    scores = suspicion(spectrum([{"code.py": [2, 7]}], []), red(), "assert two() == 3", SOURCES)
    assert scores["code.py", 7] == 1.0
    assert scores["code.py", 2] == pytest.approx(1 / 1.1)


def test_a_line_is_nearly_as_suspicious_as_its_function() -> None:
    scores = suspicion(spectrum([{"code.py": [2, 3]}], [{"code.py": [2]}] * 100), red(), "", SOURCES)
    assert scores == {("code.py", 3): 1.0, ("code.py", 2): pytest.approx(LIFT)}


def test_nothing_executed_gives_nothing() -> None:
    assert suspicion(spectrum([{}], []), red(), "", SOURCES) == {}
    assert suspects({}, SOURCES) == ()


def test_suspects_are_functions_worst_first() -> None:
    found = suspects({("code.py", 2): 0.4, ("code.py", 3): 0.6, ("code.py", 7): 0.6, ("code.py", 11): 1.0}, SOURCES)
    assert [(s.function, s.suspiciousness) for s in found] == [("three", 1.0), ("one", 0.6), ("two", 0.6)]
    assert found[1].location == Location(path="code.py", line=1, end_line=3)
    assert len(suspects({("code.py", n): 1.0 for n in range(12)}, SOURCES, most=2)) == 2
