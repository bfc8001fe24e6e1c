"""Abstract values: what is known about everything a variable may hold.

A value is a point of a product of small lattices: a constant or not, built of literals or not, the untrusted
labels in it with the kinds of sink each was cleaned for, the text it surely begins with, and the symbolic path
by which it was made (`sqlite3.connect().cursor()`), which stands in for its type. Containers and objects are
references to shapes on the heap of a state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from grace.hunter.taint.program import Callable_

Kinds = frozenset[str]
EVERYTHING: Final[Kinds] = frozenset({"*"})
"""Clean for every kind of sink."""
NOTHING: Final[Kinds] = frozenset()
_LONGEST_PATH = 160
_LONGEST_TEXT = 4000
_MOST_CHOICES = 8


class _Unknown:
    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = _Unknown()
"""Stands where no single constant is known; None is a constant."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where untrusted data enters. Two reads of the same thing are one source: a check of one guards both."""

    kind: str
    """web, url, arguments, input, environment, file, ..."""
    what: str
    """As it is shown: `flask.request.args['name']`."""
    path: str = field(compare=False)
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Token:
    """Stands in a summary for whatever the caller's argument carries."""

    index: int
    what: str = field(default="", compare=False)


Label = Source | Token
Taints = Mapping[Label, Kinds]
CLEAN: Final[Taints] = {}
Facts = tuple[tuple[Label, Kinds], ...]
"""Labels that are clean for some kinds, where a condition holds."""


class Trail(NamedTuple):
    """A line that untrusted data passed, and the way there."""

    path: str
    line: int
    before: "Trail | None"


class Value(NamedTuple):
    """What is known of a value. Never changed; `value._replace(...)` makes another."""

    const: Any = UNKNOWN
    choices: tuple[Any, ...] = ()
    """Where it is no single constant: the few that it is one of."""
    literal: bool = False
    """Built of literals of the program alone, whichever branch made it."""
    taints: Taints = CLEAN
    path: str = ""
    """How it was made: `flask.request`, `open()`, `?name` for what is not known; empty when it says nothing."""
    ref: int = 0
    """Of a container or object: its shape on the heap; 0 for none."""
    prefix: str = ""
    """Text that it surely begins with."""
    callee: "Callable_ | None" = None
    """What runs when it is called, where that is code of the program."""
    partial: bool = False
    """Cut out of what its labels carry: checking it does not check the whole."""
    when_true: Facts = ()
    when_false: Facts = ()
    trail: Trail | None = None

    @property
    def known(self) -> bool:
        """Whether it is one constant."""
        return self.const is not UNKNOWN


ANY: Final = Value()
NONE: Final = Value(const=None, literal=True)


def constant(const: Any) -> Value:
    """A literal."""
    return Value(const=const, literal=True, prefix=const if isinstance(const, str) else "")


def made_by(path: str) -> Value:
    """Something of which only its origin is known."""
    return Value(path=_kept(path))


def _kept(path: str) -> str:
    return path if len(path) <= _LONGEST_PATH and not path.startswith("module:") else ""


def derived(values: Iterable[Value], *, path: str = "", cleaned: Kinds = NOTHING, prefix: str = "") -> Value:
    """Something computed from values: it carries what they carry."""
    parts = [value for value in values if value.taints or not value.literal]
    if not parts:
        return Value(literal=True, path=_kept(path), prefix=prefix[:_LONGEST_TEXT])
    tainted = [value for value in parts if value.taints]
    taints = tainted[0].taints if len(tainted) == 1 else merged(value.taints for value in tainted)
    if cleaned:
        taints = {label: kinds | cleaned for label, kinds in taints.items()}
    return Value(
        taints=taints,
        path=_kept(path),
        prefix=prefix[:_LONGEST_TEXT],
        partial=any(value.partial for value in tainted),
        trail=next((value.trail for value in tainted if value.trail), None),
    )


def merged(several: Iterable[Taints]) -> Taints:
    """All labels; each is clean only for what every one of its carriers was cleaned for."""
    result: dict[Label, Kinds] = {}
    for taints in several:
        for label, kinds in taints.items():
            result[label] = result[label] & kinds if label in result else kinds
    return result


def cleaned(value: Value, kinds: Kinds) -> Value:
    """The value, clean for some kinds of sink."""
    if not value.taints:
        return value
    return value._replace(taints={label: before | kinds for label, before in value.taints.items()})


def join_values(one: Value, other: Value) -> Value:
    """What holds of both; their references are the state's to join."""
    if one is other or one == other:
        return one
    const = one.const if _same(one.const, other.const) else UNKNOWN
    prefix = one.prefix
    if prefix != other.prefix:
        while not other.prefix.startswith(prefix):
            prefix = prefix[:-1]
    return Value(
        const=const,
        choices=() if const is not UNKNOWN else _choices(one, other),
        literal=one.literal and other.literal,
        taints=one.taints if one.taints == other.taints else merged((one.taints, other.taints)),
        path=one.path
        if one.path == other.path
        else (one.path or other.path)
        if not (one.path and other.path)
        else one.path,
        ref=one.ref or other.ref,
        prefix=prefix,
        callee=one.callee or other.callee,
        partial=one.partial or other.partial,
        when_true=tuple(fact for fact in one.when_true if fact in other.when_true),
        when_false=tuple(fact for fact in one.when_false if fact in other.when_false),
        trail=one.trail or other.trail,
    )


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and bool(one == other))


def _choices(one: Value, other: Value) -> tuple[Any, ...]:
    mine = (one.const,) if one.known else one.choices
    theirs = (other.const,) if other.known else other.choices
    both = mine + tuple(each for each in theirs if not any(_same(each, own) for own in mine))
    return both if mine and theirs and len(both) <= _MOST_CHOICES else ()
