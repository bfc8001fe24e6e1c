"""Recorded values: a replacement that never differs from the original cannot change the test's verdict."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from . import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType
    from typing import Any

    import pytest

    from .channel import Answer, Order

    Namespaces = tuple[dict[str, Any], dict[str, Any]]
    Evaluated = tuple[str, Any]
    """("made", value) of an expression that makes a new object each time, ("found", value) or ("raised", class)."""

MOST_VISITS = 300
"""A site visited more often is not judged: evaluating everything there would cost more than trying."""

_CONTAINERS = (list, dict, set)


def unchanged(item: pytest.Item, root: str, order: Order) -> Iterator[Answer]:
    """Yield {"unchanged": [[...] per site]} for order["sites"].

    A site names the function, the line its statement starts on, the original expression and its replacements;
    all of them are evaluated, in the running frame, each time that line starts. Expressions are free of
    effects as far as their shape tells: the asking side sees to that. What names an iterator is not judged.
    """
    path = os.path.join(root, order["path"])
    sites = [_Site(site) for site in order["sites"]]
    by_place: dict[tuple[str, int], list[_Site]] = {}
    for site in sites:
        by_place.setdefault((site.scope, site.line), []).append(site)
    scopes = {site.scope for site in sites}

    def line(frame: FrameType, event: str, _argument: object) -> Any:
        if event == "line":
            for site in by_place.get((frame.f_code.co_name, frame.f_lineno), ()):
                site.visit(frame)
        return line

    def call(frame: FrameType, _event: str, _argument: object) -> Any:
        code = frame.f_code
        return line if code.co_filename == path and code.co_name in scopes else None

    sys.settrace(call)
    try:
        running.run(item, None, running.Failure(), order["seconds"], full=False)
    finally:
        sys.settrace(None)
    yield {"unchanged": [site.verdicts() for site in sites]}


class _Site:
    def __init__(self, described: dict[str, Any]) -> None:
        self.scope: str = described["scope"]
        self.line: int = described["line"]
        self.total = len(described["replacements"])
        self.visits = 0
        self._original = _compiled(described["original"])
        compiled = {position: _compiled(text) for position, text in enumerate(described["replacements"])}
        self._left = {position: code for position, code in compiled.items() if code is not None}

    def visit(self, frame: FrameType) -> None:
        """Strike out the replacements whose value here differs from the original's."""
        self.visits += 1
        if self.visits > MOST_VISITS or self._original is None:
            self._left = {}
        if not self._left or self._original is None:
            return
        there = (frame.f_globals, dict(frame.f_locals))
        if _uses_up(self._original, there):
            self._left = {}
            return
        expected = _evaluated(self._original, there)
        for position, code in list(self._left.items()):
            if _uses_up(code, there) or not _same(expected, _evaluated(code, there)):
                del self._left[position]

    def verdicts(self) -> list[bool]:
        """True: the same value at every visit, with at least one visit."""
        return [bool(self.visits) and position in self._left for position in range(self.total)]


def _compiled(text: str) -> CodeType | None:
    try:
        return compile(text, "<expression>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None  # no expression: never the same


def _uses_up(code: CodeType, there: Namespaces) -> bool:
    """Whether an expression names an iterator, of which the test would find less than without us."""
    everywhere, here = there
    return any(hasattr(type(here.get(name, everywhere.get(name))), "__next__") for name in code.co_names)


def _evaluated(code: CodeType, there: Namespaces) -> Evaluated:
    try:
        first, second = eval(code, *there), eval(code, *there)
    except Exception as error:  # noqa: BLE001 - raising is a value to compare too
        return "raised", type(error)
    return ("made" if first is not second else "found"), first


def _same(one: Evaluated, other: Evaluated) -> bool:
    """Whether the test cannot tell the values apart, not even by what it does with them later."""
    if "raised" in (one[0], other[0]):
        return one == other
    if one[1] is other[1]:
        return True
    try:
        if type(one[1]) in _CONTAINERS:
            return one[0] == other[0] == "made" and _same_content(one[1], other[1])
        return _same_value(one[1], other[1])
    except Exception:  # noqa: BLE001 - what cannot be compared is taken to differ
        return False


def _same_value(one: Any, other: Any) -> bool:
    """Identical, or equal and unchangeable: an equal list that is another list is not the same."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if type(one) is tuple:
        return _same_content(one, other)
    return type(one).__hash__ is not None and bool(one == other)


def _same_content(one: Any, other: Any) -> bool:
    if type(one) is not type(other) or len(one) != len(other):
        return False
    if isinstance(one, dict):
        return all(map(_same_value, one, other)) and all(map(_same_value, one.values(), other.values()))
    if isinstance(one, set):
        return bool(one == other)
    return all(map(_same_value, one, other))
