"""Texts that parse, made from one that does not: small changes near each error, one error after the other."""

import ast
import itertools
import re
import warnings
from collections.abc import Iterator, Sequence

from grace.generation.repair.collection import variants

MOST_ERRORS = 4
"""Syntax errors mended in one file."""
_TRIED_FURTHER = 3
"""Variants that only bring the parser further, from each text."""


def mended(text: str, lines: Sequence[int], most_errors: int = MOST_ERRORS) -> Iterator[str]:
    """Texts that parse, likeliest first.

    `lines` are where the error shows beside the place that Python names: of a bracket that is never closed,
    Python names the beginning and ruff the end.
    """
    error = error_of(text)
    if error is None:
        return
    reached = error.lineno or 1
    places = dict.fromkeys((*_opener(error), reached, *lines))
    further: dict[str, int] = {}
    late: list[str] = []
    found = False
    for candidate in dict.fromkeys(itertools.chain.from_iterable(variants(text, line) for line in places)):
        after = error_of(candidate)
        if after is None and _fills_a_blank_line(text, candidate):
            late.append(candidate)
        elif after is None:
            found = True
            yield candidate
        elif (after.lineno or 1) > reached:
            further.setdefault(candidate, after.lineno or 1)
    yield from late
    if not found and not late and most_errors > 1:
        for candidate in sorted(further, key=lambda c: -further[c])[:_TRIED_FURTHER]:
            yield from mended(candidate, (), most_errors - 1)


def error_of(text: str) -> SyntaxError | None:
    """A text's first syntax error, None when it parses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # dubious escapes are no errors
            ast.parse(text)
    except SyntaxError as error:
        return error
    except ValueError as error:  # a null character
        return SyntaxError(str(error))
    return None


def _opener(error: SyntaxError) -> tuple[int, ...]:
    """The line of the bracket that does not match, which Python names beside the place where it noticed."""
    named = re.search(r"opening parenthesis '.' on line (\d+)", error.msg)
    return (int(named[1]),) if named else ()


def _fills_a_blank_line(before: str, after: str) -> bool:
    changed = (pair for pair in zip(before.splitlines(), after.splitlines(), strict=False) if pair[0] != pair[1])
    return not next(changed, ("x", ""))[0].strip()
