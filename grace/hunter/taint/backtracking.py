"""Regular expressions whose matching can take time exponential in the length of a text.

A repeated part that matches some text `u` and also `uu` can share a text out among its repetitions in as many ways
as there are sums; so can one with two branches that match the same. Where what follows can fail, all of them are
tried. (Weideman et al., "Analyzing matching time behavior of backtracking regular expression matchers", 2016.)
"""

import re
import string
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from re import _compiler, _constants, _parser  # type: ignore[attr-defined]  # the only reader of re's own syntax
from typing import Any, Final

_MANY: Final = 20
"""Repetitions beyond which it matters."""
_LONGEST: Final = 2_000
_TEXTS: Final = (*string.printable, *(2 * character for character in string.printable))
_REPEATS: Final = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
_SETTLED: Final = (_constants.POSSESSIVE_REPEAT, _constants.ATOMIC_GROUP)
"""What is never matched in another way."""
_Item = tuple[Any, Any]


@lru_cache(4096)
def exponential(pattern: str) -> bool:
    """Whether a pattern has such a part; what cannot be read has none."""
    if len(pattern) > _LONGEST:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = _parser.parse(pattern)
            return any(_ambiguous(body, parsed.state) for body in _repeated(list(parsed), False))
    except (re.error, RecursionError, OverflowError):
        return False


def _repeated(items: Sequence[_Item], ends: bool) -> Iterator[Sequence[_Item]]:
    """The parts that are repeated without limit before something that can fail; `ends`: after all of these."""
    for index, (op, argument) in enumerate(items):
        fails = ends or any(map(_can_fail, items[index + 1 :]))
        if op in _REPEATS:
            _, most, body = argument
            if most >= _MANY and fails:
                yield list(body)
            yield from _repeated(list(body), fails)
        else:
            for inner in _inside(op, argument):
                yield from _repeated(inner, fails)


def _inside(op: Any, argument: Any) -> list[list[_Item]]:
    if op is _constants.SUBPATTERN:
        return [list(argument[-1])]
    if op is _constants.BRANCH:
        return [list(branch) for branch in argument[1]]
    if op in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [list(argument[1])]
    return []


def _can_fail(item: _Item) -> bool:
    op, argument = item
    if op in _REPEATS:
        return argument[0] > 0 and any(map(_can_fail, argument[2]))
    if op is _constants.BRANCH:
        return all(any(map(_can_fail, branch)) for branch in argument[1])
    if op is _constants.SUBPATTERN:
        return any(map(_can_fail, argument[-1]))
    return True


def _ambiguous(body: Sequence[_Item], state: Any) -> bool:
    while len(body) == 1 and body[0][0] is _constants.SUBPATTERN:
        body = list(body[0][1][-1])
    whole = _compiled(body, state)
    if whole is None or any(op in _SETTLED for op, _ in body):
        return False
    if any(whole.fullmatch(text) and whole.fullmatch(text * 2) for text in _TEXTS):
        return True
    if len(body) != 1 or body[0][0] is not _constants.BRANCH:
        return False
    branches = [compiled for branch in body[0][1][1] if (compiled := _compiled(branch, state))]
    return any(sum(branch.fullmatch(text) is not None for branch in branches) > 1 for text in _TEXTS)


def _compiled(items: Sequence[_Item], state: Any) -> re.Pattern[str] | None:
    try:
        return _compiler.compile(_parser.SubPattern(state, list(items)))  # type: ignore[no-any-return]  # untyped, as above
    except (re.error, AssertionError, IndexError):
        return None
