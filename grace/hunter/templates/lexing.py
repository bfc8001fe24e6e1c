"""Template source -> text, prints and tags, as Jinja and Django have them alike.

A lexer of its own rather than Jinja's parser: Django's tags are no Jinja, and half a template still says something.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_OPENINGS = re.compile(r"\{[{%#]")
_CLOSINGS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_KINDS = {"{{": "print", "{%": "tag"}
_WORD = re.compile(r"[A-Za-z_]\w*")
_VERBATIM = {"raw": "endraw", "verbatim": "endverbatim", "comment": "endcomment"}
_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.){0,2000}\"|'(?:[^'\\\n]|\\.){0,2000}'")


class Token(NamedTuple):
    """A piece of a template."""

    kind: str
    """text, print, tag, or unclosed"""
    content: str
    """Of a print or a tag what stands between the braces."""
    line: int

    @property
    def name(self) -> str:
        """Of a tag."""
        found = _WORD.match(self.content)
        return found[0] if found else ""

    @property
    def rest(self) -> str:
        """What follows the name of a tag."""
        return self.content[len(self.name) :].strip()


def tokens(source: str) -> Iterator[Token]:
    """The pieces in their order; comments and what is quoted as it stands are left out, or are text."""
    at, line = 0, 1
    while opening := _OPENINGS.search(source, at):
        start, mark = opening.start(), opening[0]
        if start > at:
            yield Token("text", source[at:start], line)
            line += source.count("\n", at, start)
        end = _end(source, start + 2, _CLOSINGS[mark])
        if end < 0:
            yield Token("unclosed", mark, line)
            return
        inside = source[start + 2 : end].lstrip("-+").rstrip("-+").strip()
        after = end + 2
        if mark in _KINDS:
            token = Token(_KINDS[mark], inside, line)
            if token.kind == "tag" and token.name in _VERBATIM:
                after, quoted = _quoted(source, after, _VERBATIM[token.name])
                if token.name != "comment":
                    yield Token("text", quoted, line)
            else:
                yield token
        line += source.count("\n", start, after)
        at = after
    if at < len(source):
        yield Token("text", source[at:], line)


def _end(source: str, start: int, mark: str) -> int:
    """Where a print or a tag ends: a mark inside of a string does not count, if the string ends."""
    end = source.find(mark, start)
    if end < 0 or mark == "#}":
        return end
    at = start
    while string := _STRING.search(source, at, end + 2000):
        if string.start() > end:
            break
        if string.end() > end:
            end = source.find(mark, string.end())
            if end < 0:
                return source.find(mark, start)
        at = string.end()
    return end


def _quoted(source: str, start: int, closing: str) -> tuple[int, str]:
    """What is quoted from a place on, and where it ends."""
    end = re.compile(r"\{%[-+]?\s*" + closing + r"\b[^%]*%\}").search(source, start)
    return (len(source), source[start:]) if end is None else (end.end(), source[start : end.start()])
