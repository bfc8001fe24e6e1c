"""What is dangerous, as rules say it: calls and assignments that untrusted data must not reach, and bad settings."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from grace.contracts import Severity
from grace.hunter.catalogue import Rule, rules_of

DETECTOR = "javascript"


class Sink(NamedTuple):
    """A call or an assignment that does harm with untrusted data."""

    rule: Rule
    kind: str
    """What data is cleaned for, or not: html, sql, command, ..."""
    sources: frozenset[str]
    path: re.Pattern[str]
    arguments: tuple[int, ...] | None
    """Which arguments; None: all of them."""
    fields: tuple[str, ...]
    """Of an argument that is an object these fields count; without names it counts as a whole."""
    only_fields: bool
    """An argument that is no object does not count."""
    built: bool
    """Only where the string was put together."""
    markup: bool
    """Only where a constant part of the string has an angle bracket."""
    statement: bool
    """Only where the string begins as an SQL statement does."""
    bare: bool
    """Not where the string begins with a constant part, unless that opens a tag."""
    response: bool
    """It answers a request: objects go as JSON, and the handler may have said that it is no HTML."""
    extent: str
    """"whole": a parsed request as it is; "part": something out of one; "": either."""
    least: int
    """With at least so many arguments."""
    when: Mapping[str, str]
    """Another argument is an object with these fields."""
    unless: Mapping[str, str]
    """Not where another argument has these; "*" stands for any value."""
    first: re.Pattern[str] | None
    """The first argument is a constant of this form."""
    confidence: Severity


class Setting(NamedTuple):
    """A constant where none of this value should be."""

    rule: Rule
    path: re.Pattern[str]
    argument: int
    values: re.Pattern[str]
    beside: Mapping[str, str]
    """Only with these fields in the same object."""
    within: re.Pattern[str] | None
    """Only where a name around it is of this form."""
    inside: re.Pattern[str] | None
    """Only in the arguments of a call of this path."""


class Rules(NamedTuple):
    """All rules, by the last name of what they are about."""

    calls: Mapping[str, tuple[Sink, ...]]
    assignments: Mapping[str, tuple[Sink, ...]]
    attributes: Mapping[str, tuple[Sink, ...]]
    """Of JSX elements."""
    pollution: tuple[Sink, ...]
    """`object[name][name] = value`"""
    called: Mapping[str, tuple[Setting, ...]]
    assigned: Mapping[str, tuple[Setting, ...]]
    fields: Mapping[str, tuple[Setting, ...]]
    """Of object literals."""
    words: re.Pattern[bytes]
    """One of the names stands in each file that a rule finds something in."""


@cache
def rules() -> Rules:
    """The rules of this detector."""
    groups: dict[str, defaultdict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    pollution: list[Sink] = []
    for rule in rules_of(DETECTOR):
        for kind, name, entry in _entries(rule):
            if kind == "pollution" and isinstance(entry, Sink):
                pollution.append(entry)
            else:
                groups[kind][name].append(entry)
    tables = {kind: {name: tuple(each) for name, each in table.items()} for kind, table in groups.items()}
    words = {name for table in tables.values() for name in table}
    every = b"|".join(sorted(re.escape(word.removesuffix("()").encode()) for word in words if word))
    return Rules(
        calls=tables["call"],
        assignments=tables["assign"],
        attributes=tables["attribute"],
        pollution=tuple(pollution),
        called=tables["called"],
        assigned=tables["assigned"],
        fields=tables["field"],
        words=re.compile(every + rb"|\]\s*=[^=]"),
    )


def _entries(rule: Rule) -> Iterator[tuple[str, str, Sink | Setting]]:
    for table in rule.details.get("sink", ()):
        for kind in ("call", "assign", "attribute", "pollution"):
            for path in table.get(kind, ()):
                yield kind, _last(path), _sink(rule, table, path)
    for table in rule.details.get("setting", ()):
        for kind in ("called", "assigned", "field"):
            for path in table.get(kind, ()):
                yield kind, _last(path), _setting(rule, table, path)


def _sink(rule: Rule, table: Mapping[str, Any], path: str) -> Sink:
    return Sink(
        rule=rule,
        kind=rule.details["kind"],
        sources=frozenset(table.get("sources", rule.details["sources"])),
        path=_glob(path),
        arguments=None if table.get("arguments") == "all" else tuple(table.get("arguments", (0,))),
        fields=tuple(table.get("fields", ())),
        only_fields=table.get("only_fields", False),
        built=table.get("built", False),
        markup=table.get("markup", False),
        statement=table.get("statement", False),
        bare=table.get("bare", False),
        response=table.get("response", False),
        extent=table.get("extent", ""),
        least=table.get("least", 1),
        when=table.get("when", {}),
        unless=table.get("unless", {}),
        first=re.compile(table["first"]) if "first" in table else None,
        confidence=Severity(table.get("confidence", rule.confidence)),
    )


def _setting(rule: Rule, table: Mapping[str, Any], path: str) -> Setting:
    return Setting(
        rule=rule,
        path=_glob(path),
        argument=table.get("argument", 0),
        values=re.compile(table.get("values", "")),
        beside=table.get("beside", {}),
        within=re.compile(table["within"], re.IGNORECASE) if "within" in table else None,
        inside=_glob(table["inside"]) if "inside" in table else None,
    )


def _last(path: str) -> str:
    return path.rpartition(".")[2].removeprefix("*")


@cache
def _glob(path: str) -> re.Pattern[str]:
    """`*` stands for anything, `*.` at the beginning also for nothing."""
    if path.startswith("*."):
        return re.compile(r"(?:.*\.)?" + re.escape(path[2:]).replace(r"\*", ".*") + r"\Z")
    return re.compile(re.escape(path).replace(r"\*", ".*") + r"\Z")
