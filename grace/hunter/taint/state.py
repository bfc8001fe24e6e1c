"""What holds at a point of a function: its variables, the shapes on the heap, and the checks passed so far."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from grace.hunter.taint.values import ANY, NOTHING, Kinds, Label, Value, join_values, merged

if TYPE_CHECKING:
    from grace.hunter.taint.program import Class, Function

new_ref = count(1).__next__
_DEEPEST = 4


class Items(NamedTuple):
    """Elements in order; `rest` joins all those whose place is not known."""

    items: tuple[Value, ...]
    rest: Value | None = None
    kind: str = "list"
    """list, tuple, set, or text: pieces written one after the other."""


class Entries(NamedTuple):
    """Values by constant key; `rest` joins those under other keys."""

    entries: Mapping[Any, Value]
    rest: Value | None = None


class Instance(NamedTuple):
    """An object: of a class of the program, or of one that is not known."""

    attributes: Mapping[str, Value]
    of: "Class | None" = None

    def method(self, name: str) -> "Function | None":
        """A method of its class, where that is of the program."""
        found = self.of.member(name) if self.of is not None else None
        return cast("Function", found.callee) if found is not None and hasattr(found.callee, "closure") else None


Shape = Items | Entries | Instance


@dataclass(slots=True)
class State:
    """Variables, heap and guards at one point of a function."""

    variables: dict[str, Value] = field(default_factory=dict)
    heap: dict[int, Shape] = field(default_factory=dict)
    guards: dict[Label, Kinds] = field(default_factory=dict)
    """What each label has been checked for on every way here."""

    def copy(self) -> "State":
        """A state that goes its own way."""
        return State(dict(self.variables), dict(self.heap), dict(self.guards))

    def allocate(self, shape: Shape, value: Value = ANY) -> Value:
        """A value that refers to a new shape."""
        ref = new_ref()
        self.heap[ref] = shape
        return value._replace(ref=ref)

    def guard(self, facts: Iterable[tuple[Label, Kinds]]) -> None:
        """From here on these labels are clean for these kinds."""
        for label, kinds in facts:
            self.guards[label] = self.guards.get(label, NOTHING) | kinds

    def settled(self, common: Mapping[Label, Kinds]) -> "State":
        """The state with what only its own guards know written into the values of its variables.

        A variable that is replaced where a check fails stays clean where both ways meet, although the check does
        not hold there.
        """
        own = {label: kinds for label, kinds in self.guards.items() if not kinds <= common.get(label, NOTHING)}
        if not own:
            return self
        variables = dict(self.variables)
        for name, value in variables.items():
            if value.taints and not own.keys().isdisjoint(value.taints):
                variables[name] = value._replace(taints=self.taints_of(value))
        return State(variables, self.heap, self.guards)

    def taints_of(self, value: Value) -> Mapping[Label, Kinds]:
        """The labels of a value, with what they are clean for here."""
        if not value.taints or not self.guards:
            return value.taints
        return {label: kinds | self.guards.get(label, NOTHING) for label, kinds in value.taints.items()}

    def flat(self, value: Value) -> Value:
        """One value for a container and everything in it."""
        return self._flat(value, 0) if value.ref else value

    def _flat(self, value: Value, depth: int) -> Value:
        shape = self.heap.get(value.ref)
        if shape is None or depth >= _DEEPEST:
            return value
        parts = [self._flat(part, depth + 1) if part.ref else part for part in contents(shape)]
        tainted = [part for part in (value, *parts) if part.taints]
        return value._replace(
            taints=merged(part.taints for part in tainted) if tainted else value.taints,
            literal=all(part.literal for part in parts) and not isinstance(shape, Instance),
            trail=value.trail or next((part.trail for part in tainted if part.trail), None),
        )


def contents(shape: Shape) -> tuple[Value, ...]:
    """Every value that a shape holds."""
    if isinstance(shape, Instance):
        return tuple(shape.attributes.values())
    values = shape.items if isinstance(shape, Items) else tuple(shape.entries.values())
    return values if shape.rest is None else (*values, shape.rest)


def join(one: State | None, other: State | None) -> State | None:
    """What holds whichever way was taken; None is a way that is never taken."""
    if one is None or other is None or one is other:
        return other if one is None else one
    if one.guards != other.guards:
        one, other = one.settled(other.guards), other.settled(one.guards)
    heap = dict(one.heap)
    for ref, shape in other.heap.items():
        mine = heap.get(ref)
        if mine is None:
            heap[ref] = shape
        elif mine is not shape:
            heap[ref] = join_shapes(mine, shape)
    variables = dict(one.variables)
    for name, value in other.variables.items():
        own = variables.get(name)
        if own is None:
            variables[name] = value
        elif own is not value:
            variables[name] = _joined(own, value, heap)
    guards = {label: kinds & other.guards[label] for label, kinds in one.guards.items() if label in other.guards}
    return State(variables, heap, guards)


def _joined(one: Value, other: Value, heap: dict[int, Shape]) -> Value:
    value = join_values(one, other)
    if one.ref and other.ref and one.ref != other.ref:
        mine, theirs = heap.get(one.ref), heap.get(other.ref)
        if mine is not None and theirs is not None:
            ref = new_ref()
            heap[ref] = join_shapes(mine, theirs)
            return value._replace(ref=ref)
    return value


def join_shapes(one: Shape, other: Shape) -> Shape:
    """What holds of both shapes."""
    if one == other:
        return one
    if isinstance(one, Items) and isinstance(other, Items):
        if len(one.items) == len(other.items):
            items = tuple(map(join_values, one.items, other.items))
            return Items(items, _rest(one.rest, other.rest), one.kind)
        return Items((), together((*contents(one), *contents(other))), one.kind)
    if isinstance(one, Entries) and isinstance(other, Entries):
        keys = {**one.entries, **other.entries}
        entries = {key: _either(one.entries.get(key), other.entries.get(key)) for key in keys}
        return Entries(entries, _rest(one.rest, other.rest))
    if isinstance(one, Instance) and isinstance(other, Instance):
        names = {**one.attributes, **other.attributes}
        attributes = {name: _either(one.attributes.get(name), other.attributes.get(name)) for name in names}
        return Instance(attributes, one.of or other.of)
    return Items((), together((*contents(one), *contents(other))))


def together(values: Iterable[Value]) -> Value:
    """One value for any of several."""
    result: Value | None = None
    for value in values:
        result = value if result is None else join_values(result, value)
    return result if result is not None else Value(literal=True)


def _rest(one: Value | None, other: Value | None) -> Value | None:
    return one or other if one is None or other is None else join_values(one, other)


def _either(one: Value | None, other: Value | None) -> Value:
    if one is None or other is None:
        value = one or other
        return value._replace(const=ANY.const) if value is not None else ANY
    return join_values(one, other)
