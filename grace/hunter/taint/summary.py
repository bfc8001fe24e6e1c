"""What a function does, for any caller whose arguments look alike (the functional approach of Sharir and Pnueli,
"Two approaches to interprocedural data flow analysis", 1981).

Arguments are first made canonical: each untrusted part becomes a token, whatever it carries; constants, symbolic
paths and the shapes of containers stay. The function is evaluated once for each canonical form, and a caller
puts its own labels back in place of the tokens.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import cast

from grace.hunter.taint.program import Bound
from grace.hunter.taint.rulebook import Target
from grace.hunter.taint.state import Entries, Instance, Items, Shape, State, contents, new_ref
from grace.hunter.taint.values import (
    CLEAN,
    NOTHING,
    UNKNOWN,
    Facts,
    Kinds,
    Label,
    Taints,
    Token,
    Trail,
    Value,
    merged,
)

_new_token = count(1).__next__
_DEEPEST = 3
_LARGEST = 24


@dataclass(frozen=True, slots=True)
class Site:
    """A sink in the program: the call, assignment or return where the rule bites."""

    target: Target
    path: str
    line: int
    end_line: int
    symbol: str
    conditional: bool = False
    """Whether it runs only where something is so."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A token or source that reaches a sink, with the way there; without a label a weakness by itself."""

    site: Site
    label: Label | None
    trail: Trail | None


@dataclass(slots=True)
class Summary:
    """The effect of a function on whoever calls it."""

    returned: Value | None = None
    """None: it never returns."""
    heap: Mapping[int, Shape] = field(default_factory=dict)
    """Shapes that the caller may see afterwards."""
    guards: Facts = ()
    """What holds of its arguments once it has returned."""
    reached: Sequence[Reached] = ()


@dataclass(slots=True)
class Canonical:
    """Arguments without what is the caller's own."""

    names: list[str] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    key: list[Hashable] = field(default_factory=list)
    heap: dict[int, Shape] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    refs: list[int] = field(default_factory=list)
    carried: list[Value] = field(default_factory=list)
    """Of each token: the caller's value, with what it is clean for at the call."""
    origins: list[int] = field(default_factory=list)
    """Of each reference: the caller's."""


def canonical(arguments: Sequence[tuple[str, Value]], state: State, *, coarse: bool) -> Canonical:
    """Arguments by parameter name, as any caller would pass them; coarse: without constants and texts.

    Where nothing untrusted is passed, only what decides which code runs is kept: classes, functions, symbolic
    paths, and constants of a few words.
    """
    dirty = any(_carries(value, state, 0) for _, value in arguments)
    deepest, largest = (_DEEPEST, _LARGEST) if dirty else (1, 6)
    builder = _Builder(state, coarse, deepest, largest)
    for name, value in arguments:
        new, key = builder.visit(value, name, 0)
        builder.result.names.append(name)
        builder.result.values.append(new)
        builder.result.key.append((name, key))
    return builder.result


def _carries(value: Value, state: State, depth: int) -> bool:
    if value.taints:
        return True
    if isinstance(value.callee, Bound):
        return any(_carries(each, state, depth + 1) for each in value.callee.arguments)
    shape = state.heap.get(value.ref) if value.ref and depth < _DEEPEST else None
    return shape is not None and any(
        (each.taints or each.ref or each.callee) and _carries(each, state, depth + 1) for each in contents(shape)
    )


@dataclass(slots=True)
class _Builder:
    state: State
    coarse: bool
    deepest: int
    largest: int
    result: Canonical = field(default_factory=Canonical)
    new_refs: dict[int, int] = field(default_factory=dict)

    def visit(self, value: Value, name: str, depth: int) -> tuple[Value, Hashable]:
        """A value without what is the caller's own, and what tells it from others."""
        const, prefix = value.const, value.prefix
        if self.coarse:
            if not isinstance(const, bool | None):
                const = UNKNOWN
            prefix = ""
        if not value.taints and not value.ref and value.callee is None:
            plain = Value(const, () if self.coarse else value.choices, value.literal, CLEAN, value.path, 0, prefix)
            return plain, (type(const), const, plain.choices, value.literal, value.path, prefix)
        state, new_refs = self.state, self.new_refs
        shape = state.heap.get(value.ref) if value.ref else None
        if shape is not None and value.ref not in new_refs and (depth >= self.deepest or len(new_refs) >= self.largest):
            return self.cut(value, shape, name, depth)
        taints: Taints = CLEAN
        if value.taints:
            token = Token(_new_token(), name)
            self.result.tokens.append(token)
            self.result.carried.append(value._replace(taints=state.taints_of(value)))
            taints = {token: NOTHING}
        ref: int = 0
        shape_key: Hashable = None
        if shape is not None and value.ref in new_refs:
            ref, shape_key = new_refs[value.ref], ("again", list(new_refs).index(value.ref))
        elif shape is not None:
            ref, shape_key = self.reshape(value.ref, shape, name, depth)
        callee, called = value.callee, cast("Hashable", id(value.callee))
        if isinstance(callee, Bound):
            given = [self.visit(each, name, depth + 1) for each in callee.arguments]
            named = {each: self.visit(inner, each, depth + 1) for each, inner in callee.keywords.items()}
            callee = Bound(callee.function, tuple(v for v, _ in given), {n: v for n, (v, _) in named.items()})
            called = (id(callee.function), *(k for _, k in given), *((n, k) for n, (_, k) in named.items()))
        choices = () if self.coarse else value.choices
        new = Value(const, choices, value.literal, taints, value.path, ref, prefix, callee)
        return new, (type(const), const, choices, value.literal, bool(taints), value.path, prefix, called, shape_key)

    def cut(self, value: Value, shape: Shape, name: str, depth: int) -> tuple[Value, Hashable]:
        """A value too deep to follow: its class stays, and all that it carries becomes one."""
        flat, key = self.visit(self.state.flat(value)._replace(ref=0, const=UNKNOWN), name, depth)
        if not isinstance(shape, Instance) or shape.of is None:
            return flat, key
        ref = new_ref()
        self.result.heap[ref] = Instance({}, shape.of)
        self.result.refs.append(ref)
        self.result.origins.append(value.ref)
        return flat._replace(ref=ref), (key, id(shape.of))

    def reshape(self, old: int, shape: Shape, name: str, depth: int) -> tuple[int, Hashable]:
        """A shape of canonical values, under a reference of its own."""
        ref = new_ref()
        self.new_refs[old] = ref
        self.result.refs.append(ref)
        self.result.origins.append(old)
        made: Shape
        key: Hashable
        if isinstance(shape, Instance):
            own = shape.attributes
            named = {k: self.visit(v, k if depth else name, depth + 1) for k, v in own.items()}
            made = Instance({k: v for k, (v, _) in named.items()}, shape.of)
            key = (id(shape.of), tuple((k, inner) for k, (_, inner) in named.items()))
        else:
            rest = self.visit(shape.rest, name, depth + 1) if shape.rest is not None else None
            if isinstance(shape, Items):
                pairs = [self.visit(item, name, depth + 1) for item in shape.items]
                made = Items(tuple(v for v, _ in pairs), rest and rest[0], shape.kind)
                key = (shape.kind, tuple(k for _, k in pairs), rest and rest[1])
            else:
                found = {k: self.visit(v, name, depth + 1) for k, v in shape.entries.items()}
                made = Entries({k: v for k, (v, _) in found.items()}, rest and rest[0])
                key = (tuple((k, inner) for k, (_, inner) in found.items()), rest and rest[1])
        self.result.heap[ref] = made
        return ref, key


@dataclass(slots=True)
class Instantiation:
    """A summary in the terms of one caller."""

    carried: Mapping[Token, Value]
    refs: dict[int, int]
    state: State
    given: Mapping[int, Shape]
    """The shapes that the summary began with: what stayed as it was stays the caller's."""

    def apply(self, summary: Summary) -> Value:
        """Take over the effects on the heap and the guards; the returned value in the caller's terms."""
        for ref, shape in summary.heap.items():
            before = self.given.get(ref)
            if before is not shape:
                mine = self._ref(ref)
                self.state.heap[mine] = self._kept(self._shape(shape), shape, before, self.state.heap.get(mine))
        self.state.guard(self.facts(summary.guards))
        return self.value(summary.returned) if summary.returned is not None else Value()

    @staticmethod
    def _kept(new: Shape, after: Shape, before: Shape | None, mine: Shape | None) -> Shape:
        """The new shape, in which named parts that the function left alone are the caller's own."""
        if isinstance(after, Instance) and isinstance(before, Instance) and isinstance(mine, Instance):
            same = {k for k, v in after.attributes.items() if before.attributes.get(k) is v and k in mine.attributes}
            changed = new.attributes if isinstance(new, Instance) else {}
            kept = {k: mine.attributes[k] if k in same else v for k, v in changed.items()}
            return Instance(
                {**{k: v for k, v in mine.attributes.items() if k not in before.attributes}, **kept}, mine.of
            )
        if isinstance(after, Entries) and isinstance(before, Entries) and isinstance(mine, Entries):
            same_keys = {k for k, v in after.entries.items() if before.entries.get(k) is v and k in mine.entries}
            changed = new.entries if isinstance(new, Entries) else {}
            entries = {k: mine.entries[k] if k in same_keys else v for k, v in changed.items()}
            return Entries(entries, new.rest if isinstance(new, Entries) else None)
        return new

    def value(self, value: Value) -> Value:
        """A value of the function as one of the caller."""
        if not value.taints and not value.ref and not value.when_true and not value.when_false:
            return value
        trail = value.trail
        for label in value.taints:
            if isinstance(label, Token) and label in self.carried:
                trail = joined_trails(self.carried[label].trail, trail)
                break
        partial = value.partial or any(
            self.carried[t].partial for t in value.taints if isinstance(t, Token) and t in self.carried
        )
        return value._replace(
            taints=self.taints(value.taints),
            ref=self._ref(value.ref) if value.ref else 0,
            when_true=self.facts(value.when_true),
            when_false=self.facts(value.when_false),
            trail=trail,
            partial=partial,
        )

    def taints(self, taints: Taints) -> Taints:
        """Labels of the function as those of the caller."""
        if not any(label in self.carried for label in taints):
            return taints
        return merged(self._labels(label, kinds) for label, kinds in taints.items())

    def facts(self, facts: Facts) -> Facts:
        """What holds of tokens, of what they stand for; a piece that is checked says nothing of the whole."""
        result: list[tuple[Label, Kinds]] = []
        for label, kinds in facts:
            carried = self.carried.get(label) if isinstance(label, Token) else None
            if carried is None:
                result.append((label, kinds))
            elif not carried.partial:
                result.extend((actual, kinds) for actual in carried.taints)
        return tuple(result)

    def _labels(self, label: Label, kinds: Kinds) -> Taints:
        carried = self.carried.get(label) if isinstance(label, Token) else None
        if carried is None:
            return {label: kinds}
        return {actual: before | kinds for actual, before in carried.taints.items()}

    def _ref(self, ref: int) -> int:
        mine = self.refs.get(ref)
        if mine is None:
            mine = self.refs[ref] = self.state.allocate(Items(())).ref
        return mine

    def _shape(self, shape: Shape) -> Shape:
        if isinstance(shape, Items):
            rest = self.value(shape.rest) if shape.rest is not None else None
            return Items(tuple(map(self.value, shape.items)), rest, shape.kind)
        if isinstance(shape, Entries):
            rest = self.value(shape.rest) if shape.rest is not None else None
            return Entries({key: self.value(value) for key, value in shape.entries.items()}, rest)
        return Instance({key: self.value(value) for key, value in shape.attributes.items()}, shape.of)


def joined_trails(first: Trail | None, then: Trail | None) -> Trail | None:
    """One way after the other."""
    if first is None or then is None:
        return first or then
    return Trail(then.path, then.line, joined_trails(first, then.before))


def reachable(values: Sequence[Value], refs: Sequence[int], heap: Mapping[int, Shape]) -> dict[int, Shape]:
    """The shapes that values and references lead to."""
    found: dict[int, Shape] = {}
    queue = [*refs, *(value.ref for value in values)]
    while queue:
        ref = queue.pop()
        if ref and ref not in found and ref in heap:
            found[ref] = heap[ref]
            queue.extend(value.ref for value in contents(heap[ref]))
    return found
