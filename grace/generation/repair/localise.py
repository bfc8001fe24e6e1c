"""Fault localisation from test spectra: Ochiai (Abreu, Zoeteweij and van Gemund, 2006), with what else points."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grace.contracts import Location, RedTest, Suspect
from grace.generation.repair.source import Source

LIFT = 0.85
"""Share of a function's highest suspiciousness that each of its executed lines has at least."""
Lines = Mapping[str, Iterable[int]]
"""Lines a test executes, by path."""


@dataclass(frozen=True)
class Spectrum:
    """Which lines failing and passing tests execute."""

    red: tuple[Lines, ...]
    green: tuple[Lines, ...]
    lead: Lines
    """The red test that the search tries to turn green first."""

    def ochiai(self) -> dict[tuple[str, int], float]:
        """Suspiciousness in 0..1 of each line the lead executes: mean of its own Ochiai and that of all red tests."""
        failing = Counter(line for lines in self.red for line in _flat(lines))
        passing = Counter(line for lines in self.green for line in _flat(lines))
        total = len(self.red)
        scores = {}
        for line in set(_flat(self.lead)):
            red, green = failing[line], passing[line]
            together = red / math.sqrt(total * (red + green)) if red else 0.0
            alone = 1 / math.sqrt(1 + green)
            scores[line] = (together + alone) / 2
        return scores


def _flat(lines: Lines) -> Iterable[tuple[str, int]]:
    return ((path, number) for path, numbers in lines.items() for number in numbers)


def suspicion(
    spectrum: Spectrum, lead: RedTest, test_source: str, sources: Mapping[str, Source]
) -> dict[tuple[str, int], float]:
    """Ochiai plus bonuses, scaled to a maximum of 1: frames of the failing traceback, deepest most; functions
    that the failing test names."""
    scores = {line: score for line, score in spectrum.ochiai().items() if line[0] in sources}
    frames = [f for f in lead.frames if f.path in sources]
    for depth, frame in enumerate(reversed(frames[-6:])):
        line = (frame.path, frame.line)
        if line in scores:
            scores[line] += 0.35 / (1 + depth)
    named = set(re.findall(r"\w+", test_source))
    for path, source in sources.items():
        for function in source.functions:
            first, last = function.node.lineno, function.node.end_lineno or function.node.lineno
            deepest = bool(frames) and frames[-1].path == path and first <= frames[-1].line <= last
            bonus = 0.1 * (function.node.name in named) + 0.1 * deepest
            if bonus:
                for number in range(first, last + 1):
                    if (path, number) in scores:
                        scores[path, number] += bonus
    _lift_to_functions(scores, sources)
    highest = max(scores.values(), default=1.0)
    return {line: score / highest for line, score in scores.items()}


def _lift_to_functions(scores: dict[tuple[str, int], float], sources: Mapping[str, Source]) -> None:
    """A line is at least nearly as suspicious as its function: the wrong condition also runs when tests pass."""
    for path, source in sources.items():
        for function in source.functions:
            first, last = function.node.lineno, function.node.end_lineno or function.node.lineno
            inside = [(path, n) for n in range(first, last + 1) if (path, n) in scores]
            least = LIFT * max((scores[line] for line in inside), default=0.0)
            for line in inside:
                scores[line] = max(scores[line], least)


def suspects(
    scores: Mapping[tuple[str, int], float], sources: Mapping[str, Source], most: int = 8
) -> tuple[Suspect, ...]:
    """The functions with the most suspicious lines, worst first."""
    found = []
    for path, source in sources.items():
        for function in source.functions:
            first, last = function.node.lineno, function.node.end_lineno or function.node.lineno
            lines = [(scores[path, n], n) for n in range(first, last + 1) if (path, n) in scores]
            if lines:
                worst, _ = max(lines, key=lambda scored: (scored[0], -scored[1]))
                found.append(
                    Suspect(
                        location=Location(path=path, line=first, end_line=last),
                        function=function.qualified_name,
                        suspiciousness=round(min(worst, 1.0), 3),
                    )
                )
    return tuple(sorted(found, key=lambda s: (-s.suspiciousness, s.location.path, s.location.line))[:most])
