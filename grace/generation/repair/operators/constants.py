"""Literals give way to their neighbours and to the literals of the code around."""

import ast
from collections.abc import Iterator
from typing import AnyStr

from grace.generation.repair.operators.site import Edit, Site
from grace.generation.repair.operators.vocabulary import relatives

MOST_COUNTED = 100
"""Larger numbers are units and sizes, such as 3600 or 1_000_000, not counts that are off by one."""
MOST_CONSTANTS = 40
"""Literals of the code around that a constant may give way to."""


def constant(site: Site) -> Iterator[Edit]:
    """Neighbouring numbers, the other truth value, other literals of the function and its module."""
    node = site.node
    if not isinstance(node, ast.Constant) or isinstance(site.parent, ast.Expr | ast.JoinedStr):
        return
    value = node.value
    proposed = dict(_neighbours(value))
    for k, other in enumerate(site.scope.constants[:MOST_CONSTANTS]):
        if type(other) is type(value) and other != value and len(repr(other)) < 80:
            proposed.setdefault(repr(other), 2.4 + min(k, 30) * 0.03)
    for k, other in enumerate(site.scope.tested):
        if type(other) is type(value):  # last: what a test expects is seldom what the code should hold
            proposed.setdefault(repr(other), 3.2 + min(k, 30) * 0.03)
    proposed.pop(repr(value), None)
    for text, cost in proposed.items():
        yield site.replaced(text, cost, "constant")


def _neighbours(value: object) -> dict[str, float]:
    """Text of near values and what each costs; the cheapest reading of equal texts stays."""
    near: list[tuple[object, float]] = []
    match value:
        case bool():
            near = [(not value, 1.2)]
        case int():
            step = 1.3 if abs(value) <= MOST_COUNTED else 2.6
            near = [(value + 1, step), (value - 1, step), (0, 1.8), (1, 1.8), (-value, 2.2), (-1, 2.2), (2, 2.4)]
            near += [(value + 2, 2.8), (value * 2, 2.8), (value * 10, 3.0), (value // 2, 3.0), (value // 10, 3.2)]
        case float():
            near = [(-value, 2.2), (0.0, 2.4), (1.0, 2.4), (1 / value if value else 1.0, 2.6), (value * 10, 2.8)]
            near += [(value / 10, 2.8), (value * 100, 3.2), (value / 100, 3.2)]
        case str():
            near = [*_shorter_and_longer(value), (value + " ", 3.0)]
            near += [(other, 2.2) for other in relatives(value)]
        case bytes():
            near = _shorter_and_longer(value)
        case None:
            near = [(False, 2.4), (0, 2.6), ([], 2.6), ({}, 2.8), ("", 2.8), (True, 2.8)]
    found: dict[str, float] = {}
    for other, cost in sorted(near, key=lambda pair: pair[1]):
        found.setdefault(repr(other), cost)
    return found


def _shorter_and_longer(value: AnyStr) -> list[tuple[object, float]]:
    near: list[tuple[object, float]] = [(value[:0], 2.2), (value.strip(), 2.2), (value.lower(), 2.6)]
    return [*near, (value.upper(), 2.6), (value[1:], 2.8), (value[:-1], 2.8), (value + value[:1], 3.2)]
