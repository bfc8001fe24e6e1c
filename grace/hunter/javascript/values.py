"""Abstract values: what is known about everything that an expression may hold.

Which untrusted data is in it and for which kinds of sink that was cleaned; the symbolic path by which it was made
(`child_process.exec`, `express().get`), which stands in for its type; the text where it is constant, or the text
it surely begins with.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from grace.hunter.javascript.syntax import Node

Kinds = frozenset[str]
EVERYTHING: Final[Kinds] = frozenset({"*"})
CLEAN_OF_NOTHING: Final[Kinds] = frozenset()
_LONGEST_PATH = 160
_LONGEST_TEXT = 500
_LONGEST_TRAIL = 10
_MOST_LABELS = 20


class Source(NamedTuple):
    """Where untrusted data enters: two reads of the same thing are one source."""

    kind: str
    """web, dom, arguments"""
    path: str
    """As it is written: `req.query.name`."""


class Parameter(NamedTuple):
    """Stands for whatever the callers of a function give."""

    function: int
    position: int


Label = Source | Parameter


class Taint(NamedTuple):
    """How untrusted data came here."""

    cleaned: Kinds
    """Kinds of sinks that it can do no harm to any more."""
    trail: tuple[int, ...]
    """Rows it passed, the first that of the source."""


Taints = Mapping[Label, Taint]
CLEAN: Final[Taints] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """What an expression may hold."""

    taints: Taints = field(default_factory=dict)
    path: str = ""
    text: str | None = None
    """Of a constant."""
    prefix: str = ""
    """What the text surely begins with."""
    built: bool = False
    """It was put together as a string."""
    markup: bool = False
    """A constant part has an angle bracket in it."""
    fields: "Mapping[str, Value] | None" = None
    """Of an object literal."""
    items: "tuple[Value, ...] | None" = None
    """Of an array literal."""
    function: "Node | None" = None


NOTHING: Final = Value()


def constant(text: str) -> Value:
    """A literal."""
    return Value(text=text[:_LONGEST_TEXT], prefix=text[:_LONGEST_TEXT], markup="<" in text)


def step(path: str, name: str) -> str:
    """The path of what is inside: of a member its name, of what a call gives `()`."""
    longer = f"{path}{name}" if name == "()" else f"{path}.{name}" if path else name
    return longer if len(longer) <= _LONGEST_PATH else path


def joined(taints: Iterable[Taints]) -> Taints:
    """All labels, up to a number; what is in several is only as clean as in the dirtiest."""
    together: dict[Label, Taint] = {}
    for each in taints:
        if not together:
            together = dict(each)
            continue
        for label, taint in each.items():
            known = together.get(label)
            if known is None and len(together) >= _MOST_LABELS:
                continue
            together[label] = taint if known is None else known._replace(cleaned=_both(known.cleaned, taint.cleaned))
    return together


def either(one: Value, other: Value) -> Value:
    """One or the other, as after a branch."""
    if one is other or other is NOTHING:
        return one
    if one is NOTHING:
        return other
    return Value(
        taints=joined((one.taints, other.taints)),
        path=one.path or other.path,
        text=one.text if one.text == other.text else None,
        prefix=one.prefix if one.prefix == other.prefix else "",
        built=one.built or other.built,
        markup=one.markup or other.markup,
        fields=one.fields if other.fields is None else other.fields if one.fields is None else None,
        items=one.items if other.items is None else other.items if one.items is None else None,
        function=one.function or other.function,
    )


def concatenated(parts: Iterable[Value]) -> Value:
    """Text put together of several."""
    every = list(parts)
    texts = [part.text for part in every]
    if None not in texts:
        return constant("".join(text or "" for text in texts))
    prefix = ""
    for part in every:
        prefix += part.prefix if part.text is None else part.text
        if part.text is None:
            break
    markup = any(part.markup for part in every)
    return Value(taints=joined(part.taints for part in every), prefix=prefix[:_LONGEST_TEXT], built=True, markup=markup)


def everything_in(value: Value) -> Taints:
    """The untrusted data in a value and in all that is inside it."""
    if value.fields is None and value.items is None:
        return value.taints
    found: list[Taints] = []
    stack = [value]
    while stack:
        each = stack.pop()
        if each.taints:
            found.append(each.taints)
        stack.extend((each.fields or {}).values())
        stack.extend(each.items or ())
    return joined(found)


def cleaned(taints: Taints, kinds: Kinds) -> Taints:
    """The same data, harmless to more kinds of sinks."""
    return {label: taint._replace(cleaned=taint.cleaned | kinds) for label, taint in taints.items()}


def passed(value: Value, row: int) -> Value:
    """The value with a row on the trail of its data."""
    if not value.taints:
        return value
    taints = {
        label: taint._replace(trail=(*taint.trail, row))
        if row not in taint.trail and len(taint.trail) < _LONGEST_TRAIL
        else taint
        for label, taint in value.taints.items()
    }
    return replace(value, taints=taints)


def is_clean(taint: Taint, kind: str) -> bool:
    """Whether the data can do no harm to a kind of sink."""
    return kind in taint.cleaned or "*" in taint.cleaned


def _both(one: Kinds, other: Kinds) -> Kinds:
    if one == EVERYTHING:
        return other
    return one if other == EVERYTHING else one & other
