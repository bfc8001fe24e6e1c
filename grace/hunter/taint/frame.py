"""One evaluation of a function or module: where it is, what it has shown, and what it asks of the program."""

import ast
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from grace.hunter.detection import Verdict
from grace.hunter.taint.program import Function, Module
from grace.hunter.taint.state import State
from grace.hunter.taint.summary import (
    Reached,
    Site,
)
from grace.hunter.taint.values import (
    Label,
    Source,
    Trail,
    Value,
)

if TYPE_CHECKING:
    from grace.hunter.taint.engine import Engine


@dataclass(slots=True)
class Loop:
    """Where `break` and `continue` of a loop lead."""

    breaks: State | None = None
    continues: State | None = None


@dataclass(slots=True)
class Frame:
    """One evaluation of a function's or module's body."""

    engine: "Engine"
    module: Module
    state: State | None
    function: Function | None = None
    outer: "Frame | None" = None
    """Of a function within a function: where it was called, whose variables it sees."""
    handler: str = ""
    """The framework that it answers requests for; empty for other functions."""
    names: Mapping[str, object] = field(default_factory=dict)
    returned: Value | None = None
    exits: State | None = None
    yielded: list[Value] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)
    conditions: int = 0
    """Branches around this point that are not certain to be taken."""
    global_names: set[str] = field(default_factory=set)
    reached: dict[Hashable, Reached] = field(default_factory=dict)

    def reach(self, each: Reached) -> None:
        """Note what reaches a sink that it concerns; of several ways the first is kept."""
        rule, label = each.site.target.rule, each.label
        if isinstance(label, Source) and not self.engine.rules.concerns(rule, label.kind):
            return
        self.reached.setdefault((each.site, each.label), each)

    @property
    def here(self) -> State:
        """The state, where it is known that this point is reached."""
        if self.state is None:
            self.state = State()
        return self.state

    @property
    def packages(self) -> frozenset[str]:
        """The packages that its module imports, or a module of the program that it imports."""
        return self.engine.packages(self.module)

    @property
    def symbol(self) -> str:
        """Qualified name of the function; empty at the top level."""
        return self.function.qualname if self.function is not None else ""

    def step(self, node: ast.AST, value: Value) -> Value:
        """The value, with the line of a node on its trail."""
        if not value.taints:
            return value
        line = getattr(node, "lineno", 0)
        trail = value.trail
        if trail is not None and trail.line == line and trail.path == self.module.path:
            return value
        return value._replace(trail=Trail(self.module.path, line, trail))


@dataclass(slots=True, eq=False)
class Answers:
    """What evaluating some roots has shown, and all that it follows from."""

    hits: dict[Hashable, Reached] = field(default_factory=dict)
    """By rule and place: what a source reaches, or a weakness by itself (no label)."""
    verdicts: dict[Site, Verdict] = field(default_factory=dict)
    """The worst that each sink has seen."""
    used: set[tuple[str, str]] = field(default_factory=set)
    """(path, function) of all source that was evaluated; '' is the top level of a module."""
    asked: set[str] = field(default_factory=set)
    """Files that an import was looked for at, and that are not there."""
    names: set[tuple[str, str]] = field(default_factory=set)
    """(path, name) of the globals of modules that were looked up."""
    taken: "set[Answers]" = field(default_factory=set)
    """Those of the functions that were called."""

    def whole(self) -> "Answers":
        """With all that the functions that were called have shown."""
        result = Answers(self.hits)
        queue, seen = [self], {self}
        while queue:
            each = queue.pop()
            result.used |= each.used
            result.asked |= each.asked
            result.names |= each.names
            for site, verdict in each.verdicts.items():
                result.judge(site, verdict)
            queue.extend(each.taken - seen)
            seen |= each.taken
        return result

    def judge(self, site: Site, verdict: Verdict) -> None:
        """Remember the worst that a sink has seen."""
        if VERDICTS.index(verdict) >= VERDICTS.index(self.verdicts.get(site, VERDICTS[0])):
            self.verdicts[site] = verdict

    def hit(self, each: Reached) -> None:
        """Of several ways to one sink the first from a source is kept, rather than from a parameter."""
        site = each.site
        key = (site.target.rule.id, site.path, site.line)
        known = self.hits.get(key)
        if known is None or (_weight(each.label) > _weight(known.label)):
            self.hits[key] = each
        if each.label is not None:
            self.judge(site, "untrusted" if _weight(each.label) else "unknown")


VERDICTS: Final[tuple[Verdict, ...]] = ("constant", "clean", "unknown", "untrusted")
"""What reaches a sink, best first."""


def _weight(label: Label | None) -> int:
    return 1 if isinstance(label, Source) and label.kind != "parameter" else 0


class Printed(Protocol):
    """A variable that a template prints as it is."""

    @property
    def name(self) -> str:
        """With attributes: `user.name`."""

    @property
    def line(self) -> int:
        """From 1."""


class Pages(Protocol):
    """The templates of a program."""

    def named(self, name: str) -> Sequence[str]:
        """The files that a name may mean."""

    def unsafe(self, path: str) -> Sequence[Printed]:
        """What a template prints without escaping."""

    def references(self, path: str) -> Sequence[str]:
        """The names of the templates that it includes or extends."""
