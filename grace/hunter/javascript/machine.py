"""The state of an evaluation, and what it reports: untrusted data that reaches a sink, settings that are bad."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from grace.contracts import Severity
from grace.hunter.catalogue import Rule
from grace.hunter.javascript.rules import Rules, Sink
from grace.hunter.javascript.scopes import Scopes
from grace.hunter.javascript.sources import is_extent
from grace.hunter.javascript.syntax import Node, Syntax
from grace.hunter.javascript.values import (
    CLEAN_OF_NOTHING,
    NOTHING,
    Parameter,
    Source,
    Taint,
    Taints,
    Value,
    either,
    everything_in,
)

_FIXED_PLACE = ("redirect", "url", "location")
_STATEMENT = re.compile(
    r"\s*\(?\s*(?:select|insert|update|delete|replace|merge|with|create|drop|alter|truncate|exec|call|union|values)\b",
    re.IGNORECASE,
)
_LOW = {"arguments": Severity.LOW}


class Hit(NamedTuple):
    """A weakness at a node."""

    rule: Rule
    confidence: Severity
    node: Node
    source: Source | None
    trail: tuple[int, ...]


class Reach(NamedTuple):
    """A sink that a parameter of a function reaches."""

    position: int
    sink: Sink
    node: Node
    taint: Taint


class Summary:
    """What callers of a function must know."""

    def __init__(self) -> None:
        self.returned: Value = NOTHING
        self.reaches: dict[tuple[int, str, int], Reach] = {}

    def outline(self) -> tuple[object, ...]:
        """Equal as long as a caller would see no difference."""
        labels = frozenset((label, taint.cleaned) for label, taint in everything_in(self.returned).items())
        return labels, frozenset(self.reaches)


class Machine:
    """Everything that handlers read and change."""

    def __init__(self, syntax: Syntax, rules: Rules) -> None:
        self.syntax = syntax
        self.rules = rules
        self.summaries: dict[int, Summary] = {}
        """By the index of the function's node."""
        self.methods: dict[int, dict[str, Node]] = {}
        """Of each class, by its index."""
        self.hoisted: dict[int, list[tuple[str, Node]]] = {}
        """Function declarations, by the index of the function around them."""
        self.returns: dict[int, Value] = {}
        self.hits: dict[tuple[str, int], Hit] = {}
        self.scopes = Scopes(syntax.root)

    def summary(self, function: Node) -> Summary:
        """What is known about a function so far."""
        return self.summaries.setdefault(function.index, Summary())

    def report(
        self, rule: Rule, confidence: Severity, node: Node, source: Source | None, trail: tuple[int, ...]
    ) -> None:
        """Keep a hit; of several at a place the surest."""
        key = (rule.id, node.start)
        known = self.hits.get(key)
        if known is None or _rank(confidence) > _rank(known.confidence):
            self.hits[key] = Hit(rule, confidence, node, source, trail)

    def reach(self, sink: Sink, node: Node, value: Value, taints: Taints | None = None) -> None:
        """A value arrives at a sink."""
        if not _matters(sink, value) or (sink.response and self._is_no_page(value)):
            return
        for label, taint in self.scopes.unguarded(value.taints if taints is None else taints, sink.kind).items():
            if isinstance(label, Parameter):
                summary = self.summaries.setdefault(label.function, Summary())
                key = (label.position, sink.rule.id, node.start)
                summary.reaches.setdefault(key, Reach(label.position, sink, node, taint))
            elif label.kind in sink.sources and is_extent(label.path, sink.extent):
                confidence = _LOW.get(label.kind, sink.confidence)
                self.report(sink.rule, confidence, node, label, (*taint.trail, node.row))

    def _is_no_page(self, value: Value) -> bool:
        is_object = value.fields is not None or value.items is not None
        return is_object or any(scope.content_type for scope in self.scopes.stack)

    def reach_through(self, summary: Summary, call: Node, given: list[Value]) -> None:
        """A function is called whose parameters reach sinks."""
        for reach in list(summary.reaches.values()):
            if reach.position >= len(given):
                continue
            for label, taint in self.scopes.unguarded(everything_in(given[reach.position]), reach.sink.kind).items():
                trail = tuple(dict.fromkeys((*taint.trail, call.row, *reach.taint.trail)))
                if isinstance(label, Parameter):
                    outer = self.summaries.setdefault(label.function, Summary())
                    key = (label.position, reach.sink.rule.id, reach.node.start)
                    new = Reach(label.position, reach.sink, reach.node, Taint(taint.cleaned, trail))
                    outer.reaches.setdefault(key, new)
                elif label.kind in reach.sink.sources and is_extent(label.path, reach.sink.extent):
                    confidence = _LOW.get(label.kind, reach.sink.confidence)
                    self.report(reach.sink.rule, confidence, reach.node, label, (*trail, reach.node.row))


def given_back(function: Node, returned: Value, given: list[Value]) -> Taints:
    """The data in what a function returns, with what a caller gave in the place of its parameters."""
    found: dict[Parameter | Source, Taint] = {}
    for label, taint in everything_in(returned).items():
        if not isinstance(label, Parameter) or label.function != function.index:
            found[label] = taint
        elif label.position < len(given):
            for inner, inner_taint in everything_in(given[label.position]).items():
                found[inner] = Taint(inner_taint.cleaned | taint.cleaned, inner_taint.trail)
    return found


def parameter(function: Node, index: int, path: str, row: int) -> Value:
    """What a parameter holds that nothing more is known of."""
    return Value(taints={Parameter(function.index, index): Taint(CLEAN_OF_NOTHING, (row,))}, path=path)


def source(kind: str, path: str, row: int) -> Value:
    """What is read from outside."""
    return Value(taints={Source(kind, path): Taint(CLEAN_OF_NOTHING, (row,))}, path=path)


def _matters(sink: Sink, value: Value) -> bool:
    """Whether a string of this make is one that the sink is about."""
    if (sink.built and not value.built) or (sink.markup and not value.markup):
        return False
    if sink.statement and not _STATEMENT.match(value.prefix):
        return False
    if sink.bare and value.prefix.strip()[:1] not in ("", "<"):
        return False
    return not (sink.kind in _FIXED_PLACE and is_fixed_place(value.prefix, value.built))


def is_fixed_place(prefix: str, built: bool) -> bool:
    """An address whose host is constant: only what follows it comes from outside."""
    if not built or not prefix:
        return False
    if prefix[0] in "?#":
        return True
    if prefix[0] == "/":
        return len(prefix) > 1 and prefix[1] not in "/\\"
    scheme, mark, rest = prefix.partition("://")
    if mark:
        return scheme.isalnum() and "/" in rest
    return prefix.startswith(("mailto:", "tel:")) or (prefix[0].isalnum() and "/" in prefix and ":" not in prefix)


def any_of(values: Iterable[Value]) -> Value:
    """One of several."""
    result = NOTHING
    for value in values:
        result = either(result, value)
    return result


def _rank(confidence: Severity) -> int:
    return (Severity.LOW, Severity.MEDIUM, Severity.HIGH).index(confidence)
