"""A line as it may be shown: every secret in it replaced, those of interest by what is public of them."""

import re
import string
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence

from grace.hunter.secrets.formats import Hit
from grace.hunter.secrets.randomness import made_of_words
from grace.hunter.secrets.search import search
from grace.redaction import redact

HIDDEN = "…"
_MOST = 200
_BEFORE = 80
_LETTERS = string.ascii_letters + string.digits + "_+/=~.@:-"
_RUN = re.compile(r"(?=[\w+/=~.@:-]*[0-9])(?=[\w+/=~.@:-]*[A-Za-z])[\w+/=~.@:-]{16,}", re.ASCII)
"""Beside one secret often stands another: what is long, mixed and not made of words is not shown either."""


class Lines:
    """Where lines begin and end in a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: list[int] | None = None

    def number(self, offset: int) -> int:
        """The line, from 1, on which a character stands."""
        return bisect_left(self._line_ends(), offset) + 1

    def around(self, offset: int) -> tuple[int, int]:
        """The line on which a character stands: from where to where, its end not included."""
        ends = self._line_ends()
        at = bisect_left(ends, offset)
        start = ends[at - 1] + 1 if at else 0
        return start, ends[at] if at < len(ends) else len(self._text)

    def _line_ends(self) -> list[int]:
        if self._ends is None:
            self._ends, at = [], self._text.find("\n")
            while at >= 0:
                self._ends.append(at)
                at = self._text.find("\n", at + 1)
        return self._ends


def masked(text: str, path: str = "") -> str:
    """A text as it may be shown to anybody: the secrets in it replaced by what is public of them."""
    pieces, at = [], 0
    for hit in search(path, text):
        pieces += [redact(text[at : hit.start]), hit.shown + HIDDEN]
        at = hit.end
    return "".join((*pieces, redact(text[at:])))


def evidence(text: str, lines: Lines, hit: Hit, hits: Sequence[Hit], values: Collection[str]) -> str:
    """The line a secret begins on, without any secret; of a long one the part around it.

    `hits` are all of the text in their order, `values` what they found: also where one of these stands again,
    in a form that is no hit, it is not shown.
    """
    start, end = lines.around(hit.start)
    if start < hit.start - _BEFORE:  # a piece of a secret would not be known as one
        start = hit.start - len(text[hit.start - _BEFORE : hit.start].lstrip(_LETTERS))
    if end > hit.end + _MOST:
        end = hit.end + len(text[hit.end : hit.end + _MOST].rstrip(_LETTERS))
    pieces, at = [], start
    for each in hits[bisect_right(hits, start, key=lambda each: each.end) :]:
        if each.start >= end:
            break
        pieces += [_without(values, text[at : max(at, each.start)]), each.shown + HIDDEN]
        at = max(at, each.end)
    pieces.append(_without(values, text[at : max(at, end)]))
    return " ".join("".join(pieces).split())[:_MOST]


def _without(values: Collection[str], piece: str) -> str:
    for value in values:
        if value in piece:
            piece = piece.replace(value, HIDDEN)
    return _RUN.sub(lambda run: run[0] if made_of_words(run[0]) else HIDDEN, redact(piece))
