"""What a query is: its words, the names it mentions, and which kind of question it asks. Rules only."""

import re
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from grace.memory.words import STOP_WORDS, count_words, stem


class QueryKind(Enum):
    """What is asked for decides what counts."""

    NAME = "name"
    """A name or a part of one, alone."""
    DESCRIPTION = "description"
    """What the code does: the name of a function says it best."""
    CHANGE = "change"
    """What is to be done to the code: names say less, and past changes say more."""


class Query(NamedTuple):
    """A query, taken apart."""

    text: str
    kind: QueryKind
    words: Mapping[str, float]
    """What is looked up everywhere -> how much it counts, at most 1."""
    in_names: Mapping[str, float]
    """What is looked up in names only: stop words, abbreviations and synonyms of the others."""
    names: tuple[str, ...]
    """Identifiers and dotted names it mentions, as they were written."""
    about_tests: bool


_MOST_WORDS = 24
"""A longer text (an issue with a traceback) is known by its first words: the later ones are details."""
_NAME = re.compile(r"[^\W\d]\w*(?:(?:\.|::)[^\W\d]\w*)*(?:\(\))?")
_MENTION = re.compile(r"`([^`\s]+?)(?:\(\))?`|([^\W\d]\w*(?:(?:\.|::)[^\W\d]\w*)+|[^\W\d]\w*)(\(\))?")
_INNER_CASE = re.compile(r"[a-z][A-Z]|[A-Z][A-Z][a-z]|\w_+\w|^_+\w")
_PROSE = re.compile(r"[a-z]+")
_VERB = (
    "add|adjust|allow|avoid|bump|chang|clean|convert|correct|deprecat|disabl|don't|drop|do not|enabl|enforc|ensur|"
    "expos|extend|fix|handl|implement|improv|introduc|mak|mask|merg|migrat|modif|mov|omit|optimi[sz]|port|prevent|reduc|"
    "refactor|rely|remov|delet|renam|replac|revert|rework|rewrit|simplif|speed|split|stop|strip|support|switch|tweak|"
    "updat|us"
)
_CHANGE = re.compile(
    rf"(?:{_VERB})(?:e|es|ed|s|ing|d|y|ies|ied|p?ping|p?ped)?\b|(?:always|automatically|correctly|missing|only) |"
    r"\[?[\w /()-]+\]?!?: |\[[\w -]+\] |.*(?:#\d+|\bbug\b|\bregression\b|\b(?:doesn't|does not|should not) )",
    re.IGNORECASE,
)
"""How requests and the subjects of commits begin, or what only they say."""
_FIX = re.compile(r"fix(?:e[sd]|ing)?\b", re.IGNORECASE)
_TESTS = re.compile(r"\btest(?:s|ed|ing)?\b|\btest_|pytest|unittest|fixture", re.IGNORECASE)

_VAGUE = """
return returns function method helper called used use given class object new instance specified appropriate based
certain like well way exist exists existing right internally internal simple current default
"""
_VAGUE_WORDS = frozenset(map(stem, _VAGUE.split()))
"""In prose about code these say little; what the code itself says is another matter."""
_VAGUE_WEIGHT = 0.5
_STOP_STEMS = {stem(word) for word in STOP_WORDS}
_GUESS_WEIGHT = 0.5
"""Of stop words, abbreviations and synonyms, in names."""
_SHORTEST = 3
_ALSO = {
    "assign": "set",
    "averag": "mean",
    "begin": "start",
    "build": "mak",
    "callback": "cb",
    "chang": "set",
    "check": "validat is",
    "clear": "reset",
    "clos": "shutdown",
    "combin": "merg",
    "command": "cmd",
    "compar": "cmp eq",
    "config": "cfg",
    "configuration": "cfg",
    "construct": "init mak",
    "context": "ctx",
    "convert": "to",
    "copy": "clon",
    "creat": "mak build",
    "databas": "db",
    "delet": "remov",
    "deserializ": "load",
    "destination": "dst",
    "determin": "is",
    "display": "show render",
    "duplicat": "uniqu",
    "emit": "generat",
    "end": "stop",
    "ensur": "check validat",
    "equal": "eq",
    "eras": "clear",
    "error": "exc",
    "exception": "error",
    "execut": "run call",
    "fetch": "get",
    "first": "head",
    "format": "fmt",
    "found": "find",
    "function": "fn",
    "generat": "mak creat",
    "index": "idx",
    "indicat": "is",
    "invok": "call run",
    "join": "merg",
    "keyword": "kwarg",
    "last": "end",
    "lead": "strip",
    "locat": "find",
    "look": "find lookup",
    "mak": "creat build",
    "messag": "msg",
    "obtain": "get",
    "packag": "pkg",
    "pars": "load",
    "print": "show",
    "receiv": "recv",
    "regular": "regex",
    "remov": "delet",
    "renam": "mov",
    "retriev": "get",
    "search": "find",
    "serializ": "dump",
    "sourc": "src",
    "standard": "std",
    "statement": "stmt",
    "temporary": "tmp",
    "timezon": "tz",
    "trail": "strip",
    "two": "pair",
    "verify": "check validat",
    "writ": "dump",
}
"""Stem -> stems that names say instead; beginnings of a word are tried anyway."""
_WHETHER = re.compile(r"\bwhether\b|\btrue if\b|\b(?:check|test|determine)s? if\b|^is\b", re.IGNORECASE)
_ANSWERS = ("is", "has")


def understand(text: str) -> Query:
    """Take a query apart."""
    text = text.strip()
    names = _names(text)
    counted = list(count_words(text))[:_MOST_WORDS]
    words = {word: _VAGUE_WEIGHT if word in _VAGUE_WORDS else 1.0 for word in counted}
    return Query(text, _kind(text), words, _in_names(text, words), names, _TESTS.search(text) is not None)


def _kind(text: str) -> QueryKind:
    if _NAME.fullmatch(text):
        return QueryKind.NAME
    # A sentence with a full stop describes; who asks for a change writes a headline.
    is_change = _CHANGE.match(text) and not (text.endswith((".", "?")) and not _FIX.match(text))
    return QueryKind.CHANGE if is_change else QueryKind.DESCRIPTION


def _names(text: str) -> tuple[str, ...]:
    if _NAME.fullmatch(text):
        return (text.removesuffix("()").replace("::", "."),)
    found: dict[str, None] = {}
    for quoted, name, called in _MENTION.findall(text):
        if quoted and _NAME.fullmatch(quoted):
            found[quoted.replace("::", ".")] = None
        elif name and (called or "." in name or "::" in name or _INNER_CASE.search(name)):
            found[name.replace("::", ".")] = None
    return tuple(found)


def _in_names(text: str, words: Mapping[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for word, weight in words.items():
        shorter = [word[:length] for length in range(_SHORTEST, len(word))]
        for other in (*shorter, *_ALSO.get(word, "").split()):
            found[other] = max(found.get(other, 0.0), _GUESS_WEIGHT * weight)
    if _WHETHER.search(text):
        found |= dict.fromkeys(_ANSWERS, _GUESS_WEIGHT)
    for part in map(stem, _PROSE.findall(text.lower())):
        if part in _STOP_STEMS:
            found[part] = _GUESS_WEIGHT
    return {word: weight for word, weight in found.items() if word not in words}
