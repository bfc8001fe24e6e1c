"""The taint rules, ready to be asked: what a symbolic path means as a source, a sink, a sanitiser or an end.

Patterns are symbolic paths in which `*` stands for anything: `sqlite3.connect().execute`, `*.cursor().execute`.
They are found by the last name of a path first, so that asking costs a dictionary lookup.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any, Final, Literal

from pydantic import Field

from grace.contracts import Contract, Severity
from grace.hunter.catalogue import Rule, rules_of
from grace.hunter.taint.values import EVERYTHING, Kinds

DETECTOR: Final = "python"


class Condition(Contract):
    """What must be true of one argument of a call."""

    argument: tuple[int | str, ...] = Field((), description="Its positions and names; the first that is given counts.")
    attribute: str = Field("", description="Of that argument: what it was told, `verify` or `setFeature(name)`.")
    equals: tuple[Any, ...] | None = Field(None, description="One of these constants; 'None' means None.")
    matches: str | None = Field(None, description="A regular expression that its constant text matches somewhere.")
    below: int | None = None
    bits: int | None = Field(None, description="One of these bits of its number is set.")
    exponential: bool | None = Field(None, description="A regular expression that can take exponential time.")
    given: bool | None = None
    constant: bool | None = Field(None, description="Whether it is built of literals.")
    path: str | None = Field(None, description="Pattern of the symbolic path that made it.")
    names: str | None = Field(
        None, description="A regular expression for a variable, attribute or key in how it is written."
    )
    written: str | None = Field(None, description="A regular expression for how it is written.")
    context: str | None = Field(
        None, description="A regular expression for names around the call: its statement and function."
    )
    around: str | None = Field(
        None, description="A regular expression for the function around; `{}` is how the argument is written."
    )


class Sink(Contract):
    """A call, assignment or return that untrusted data must not reach, or that is a weakness by itself."""

    call: tuple[str, ...] = Field(
        (), description="Also: `==`, `in`, `<` and `%` with two arguments, `path[]` with its key, and decorators."
    )
    assign: tuple[str, ...] = Field((), description="Names, attributes or items that are assigned to.")
    returned_by: tuple[str, ...] = Field(
        (), description="Kinds of handler whose result it is: flask, tornado, ...; '' is any other function."
    )
    mentions: str = Field(
        "", description="A regular expression for one of the words of a function that is worth looking at for this."
    )
    printed: bool = Field(False, description="What a template prints as it is.")
    untrusted: tuple[int | str, ...] | None = Field(
        None, description="The argument that must not carry untrusted data."
    )
    check: Literal["", "argv", "host", "html", "each", "options"] = Field(
        "", description="What else decides; see sinks.py."
    )
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    severity: Severity | None = None
    confidence: Severity | None = None
    under_condition: Severity | None = Field(None, description="Confidence where it runs only if something is so.")
    title: str = ""
    modules: tuple[str, ...] = Field((), description="Only where one of these is imported.")


class Entry(Contract):
    """Where untrusted data enters: what is read or called."""

    kind: str
    modules: tuple[str, ...] = Field((), description="Only where one of these is imported.")
    read: tuple[str, ...] = ()
    call: tuple[str, ...] = ()
    apart: bool = Field(False, description="Whether it counts only for rules that name its kind.")
    clean: tuple[str, ...] = Field((), description="Rules that it does no harm to.")


class Render(Contract):
    """A call that renders a template."""

    call: tuple[str, ...]
    template: tuple[int | str, ...] = Field(description="The argument that names the template.")
    context: tuple[int | str, ...] = Field((), description="That with its variables; without one they are keywords.")


class TaintRule(Contract):
    """A rule with its sinks, and what makes data clean for them."""

    rule: Rule
    sinks: tuple[Sink, ...]
    sanitisers: tuple[str, ...] = ()
    parameters: bool = Field(False, description="Whether a function that passes a parameter on is worth a note.")
    sources: tuple[str, ...] = Field((), description="Kinds of source that it is about; all that are not apart.")

    @property
    def id(self) -> str:
        """The rule's id, which is also the kind that data is cleaned for."""
        return self.rule.id


@dataclass(frozen=True, eq=False)
class Target:
    """A sink of a rule."""

    rule: TaintRule
    sink: Sink


class Patterns:
    """Patterns of symbolic paths with what they stand for, by the last name of a path."""

    def __init__(self, entries: Iterable[tuple[str, Any]]) -> None:
        self._by_last: dict[str, list[tuple[re.Pattern[str], Any]]] = {}
        self._known: dict[str, tuple[Any, ...]] = {}
        self.patterns: list[str] = []
        for pattern, meaning in entries:
            self.patterns.append(pattern)
            regex = re.compile(re.escape(pattern).replace(r"\*", ".*"))
            last = _last(pattern)
            self._by_last.setdefault("*" if "*" in last else last, []).append((regex, meaning))

    def find(self, path: str) -> tuple[Any, ...]:
        """What stands for a path, in the order of the rules."""
        found = self._known.get(path)
        if found is None:
            candidates = self._by_last.get(_last(path), []) + self._by_last.get("*", [])
            found = self._known[path] = tuple(meaning for regex, meaning in candidates if regex.fullmatch(path))
        return found


def _last(path: str) -> str:
    return path.rsplit(".", 1)[-1].lstrip("?")


class Rulebook:
    """All that the engine knows about the world outside the program."""

    def __init__(self, rules: Sequence[Rule], world: Mapping[str, Any]) -> None:
        self.rules = tuple(_taint_rule(rule) for rule in rules if "sink" in rule.details)
        self.calls = Patterns(self._sinks("call"))
        self.assignments = Patterns(self._sinks("assign"))
        entries = [Entry(**{name: _tuples(value) for name, value in table.items()}) for table in world["source"]]
        self.sources = Patterns((pattern, entry) for entry in entries for pattern in entry.read)
        self.source_calls = Patterns((pattern, entry) for entry in entries for pattern in entry.call)
        self.entries = tuple(entries)
        self._apart = frozenset(entry.kind for entry in entries if entry.apart)
        renders = [Render(**{name: _tuples(value) for name, value in table.items()}) for table in world["render"]]
        self.renders = Patterns((pattern, render) for render in renders for pattern in render.call)
        self.printed = next((Target(r, s) for r in self.rules for s in r.sinks if s.printed), None)
        self.sanitisers = Patterns(self._sanitisers(world))
        self.ends = Patterns((pattern, True) for pattern in world["never-returns"]["call"])
        self.opaque = Patterns((pattern, True) for pattern in world["opaque"]["call"])
        self.returns = {
            framework: tuple(
                Target(rule, sink) for rule in self.rules for sink in rule.sinks if framework in sink.returned_by
            )
            for framework in {name for rule in self.rules for sink in rule.sinks for name in sink.returned_by}
        }

    def concerns(self, rule: TaintRule, kind: str) -> bool:
        """Whether a rule is about data of a kind of source."""
        return kind in rule.sources if rule.sources else kind not in self._apart

    def _sinks(self, where: str) -> Iterator[tuple[str, Target]]:
        for rule in self.rules:
            for sink in rule.sinks:
                for pattern in getattr(sink, where):
                    yield pattern, Target(rule, sink)

    def _sanitisers(self, world: Mapping[str, Any]) -> Iterator[tuple[str, Kinds]]:
        for pattern in world["clean"]["call"]:
            yield pattern, EVERYTHING
        for rule in self.rules:
            for pattern in rule.sanitisers:
                yield pattern, frozenset({rule.id})


def _taint_rule(rule: Rule) -> TaintRule:
    details = rule.details
    return TaintRule(
        rule=rule,
        sinks=tuple(Sink(**{name: _tuples(value) for name, value in sink.items()}) for sink in details.get("sink", ())),
        sanitisers=tuple(details.get("sanitisers", ())),
        parameters=details.get("parameters", False),
        sources=tuple(details.get("sources", ())),
    )


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


@cache
def rulebook() -> Rulebook:
    """The shipped rules."""
    world = loads(files("grace.hunter.taint").joinpath("world.toml").read_text("utf-8"))
    return Rulebook(rules_of(DETECTOR), world)
