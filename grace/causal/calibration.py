"""Scores -> probabilities, by monotone tables measured on development data."""

from bisect import bisect_right

_CHANGES = ((0.0, 0.0), (0.01, 0.004), (0.03, 0.01), (0.08, 0.05), (0.16, 0.13), (0.45, 0.3), (1.0, 0.7))
"""How often files of a score were changed in the same release (`benchmarks/impact_quality.py` prints it)."""
_FAILS = (
    *((0.0, 0.0), (0.05, 0.04), (0.1, 0.09), (0.2, 0.16), (0.35, 0.22)),
    *((0.5, 0.32), (0.65, 0.5), (0.85, 0.65), (1.0, 0.95)),
)
"""How often tests of a score failed when a bug was planted."""


def chance_of_change(score: float) -> float:
    """The probability that a file with such a score changes too."""
    return _between(score, _CHANGES)


def chance_of_difference(score: float) -> float:
    """The probability that a test or symbol with such a score behaves differently."""
    return _between(score, _FAILS)


def _between(score: float, points: tuple[tuple[float, float], ...]) -> float:
    """Straight lines between measured points."""
    after = min(max(bisect_right(points, (score, 2.0)), 1), len(points) - 1)
    (x0, y0), (x1, y1) = points[after - 1], points[after]
    return round(min(1.0, y0 + (y1 - y0) * (score - x0) / (x1 - x0)), 4)
