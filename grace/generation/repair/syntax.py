"""Texts that parse, made from one that does not: small changes near each error, one error after the other."""

import ast
import itertools
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
    further: dict[str, int] = {}
    late: list[str] = []
    found = False
    for candidate in itertools.chain.from_iterable(variants(text, line) for line in dict.fromkeys((error, *lines))):
        after = error_of(candidate)
        if after is None and _fills_a_blank_line(text, candidate):
            late.append(candidate)
        elif after is None:
            found = True
            yield candidate
        elif after > error:
            further.setdefault(candidate, after)
    yield from late
    if not found and not late and most_errors > 1:
        for candidate in sorted(further, key=lambda c: -further[c])[:_TRIED_FURTHER]:
            yield from mended(candidate, (), most_errors - 1)


def error_of(text: str) -> int | None:
    """The line of a text's first syntax error, None when it parses."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # dubious escapes are no errors
            ast.parse(text)
    except SyntaxError as error:
        return error.lineno or 1
    except ValueError:  # a null character
        return 1
    return None


def _fills_a_blank_line(before: str, after: str) -> bool:
    changed = (pair for pair in zip(before.splitlines(), after.splitlines(), strict=False) if pair[0] != pair[1])
    return not next(changed, ("x", ""))[0].strip()
