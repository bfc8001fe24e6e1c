"""Who may behave differently when symbols change: against the arrows of the symbol graph, likeliest first.

Python hides many arrows: who holds an object may call any method of its class. So a method also reaches whoever
uses its class, a base class reaches the derived ones, and what a module runs reaches the module. Each such step and
each step of use makes it less likely that the difference shows; nothing is followed beyond a hub, whose users use it
for too many reasons.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from grace.causal.symbols import FUNCTIONS, Symbol, chunks, marks, symbols_where
from grace.memory.database import Connection
from grace.memory.graph import EdgeKind
from grace.memory.payload import SymbolKind, checksum

MOST_HOPS = 4
HUB = 200
"""Users."""
_NEAR = 0
"""Within so many steps of the change hubs are followed all the same."""
_LEAST = 0.005
"""What is less likely is not followed."""
_MOST_REACHED = 20_000

_CARRIES: Mapping[int, float] = {
    EdgeKind.CALL: 0.85,
    EdgeKind.REFERENCE: 0.7,
    EdgeKind.INHERITS: 0.8,
    EdgeKind.IMPORTS: 0.3,
    EdgeKind.OVERRIDDEN: 0.35,
    EdgeKind.FIXTURE: 0.9,
    EdgeKind.MAYBE_CALL: 0.7,
}
"""How likely a difference in what is used shows in the user, if the arrow is right."""
_TO_CLASS = 0.5
"""The same from a method to whoever uses its class, without a known call."""
_UNNAMED = 0.3
"""How much of that is left when the user's file never says the method's name."""
_CONSTRUCTION = 0.9
"""The same for methods that run with every use of an object."""
_WITH_EVERY_USE = {"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__", "__getattr__"}
_TO_MODULE = 0.4
"""From what a module runs when it is imported to what lies in the module."""


class Reached(NamedTuple):
    """A symbol that may behave differently."""

    symbol: Symbol
    probability: float
    """A score from 0 to 1, not calibrated."""
    distance: int
    """Steps of use from what changes."""
    via: int
    """The symbol one step nearer to the change, 0 at its beginning."""
    how: int
    """The kind of the arrow; 0: it changes itself, or through a step that no arrow stands for."""


def reach(
    connection: Connection, seeds: Iterable[Symbol], *, at_once: Iterable[Symbol] = (), hops: int = MOST_HOPS
) -> dict[int, Reached]:
    """Everything that may behave differently when the seeds change, themselves included, by id.

    `at_once` names what is reached in a way that no graph shows. Breadth first; what is reached on several ways
    keeps the likeliest of the shortest.
    """
    found = {symbol.id: Reached(symbol, _CARRIES[EdgeKind.CALL], 1, 0, 0) for symbol in at_once}
    found |= {symbol.id: Reached(symbol, 1.0, 0, 0, 0) for symbol in seeds}
    starts = set(found)
    frontier = dict(found)
    for _ in range(hops):
        frontier |= _lifted(connection, frontier, found)
        open_ = [
            id_
            for id_, reached in frontier.items()
            if reached.probability >= _LEAST and (reached.distance <= _NEAR or reached.symbol.fan_in <= HUB)
        ]
        if not open_ or len(found) > _MOST_REACHED:
            break
        arrows = [arrow for arrow in _arrows(connection, open_) if arrow.user not in found]
        users = {symbol.id: symbol for symbol in symbols_where(connection, "id", sorted({a.user for a in arrows}))}
        silent = _silent(connection, arrows, users, frontier, found)
        better: dict[int, tuple[float, int, int]] = {}
        for arrow in arrows:
            used, user, kind, confidence = arrow
            if kind == EdgeKind.IMPORTS and not (used in starts or frontier[used].how == EdgeKind.IMPORTS):
                continue
            chance = frontier[used].probability * _CARRIES.get(kind, 0.5) * confidence / 100
            if arrow in silent:
                chance *= _UNNAMED
            if user in users and chance > better.get(user, (_LEAST,))[0]:
                better[user] = (chance, used, kind)
        before = frontier
        frontier = {
            id_: Reached(users[id_], chance, before[via].distance + 1, via, kind)
            for id_, (chance, via, kind) in better.items()
        }
        found |= frontier
    return found


class _Arrow(NamedTuple):
    used: int
    user: int
    kind: int
    confidence: int


def _arrows(connection: Connection, to: Sequence[int]) -> Iterator[_Arrow]:
    """A method counts as a user of those that take its place in derived classes."""
    for part in chunks(to):
        sql = f"SELECT dst, src, kind, confidence FROM code_edges WHERE dst IN ({marks(part)})"  # noqa: S608 - question marks
        yield from map(_Arrow._make, connection.rows(sql, part))


def _silent(
    connection: Connection,
    arrows: Sequence[_Arrow],
    users: Mapping[int, Symbol],
    frontier: Mapping[int, Reached],
    found: Mapping[int, Reached],
) -> set[_Arrow]:
    """Arrows to a class that stands for one of its methods, from files that never say the method's name."""
    names: dict[int, bytes] = {}
    for id_, reached in frontier.items():
        method = found.get(reached.via)
        if not reached.how and method and reached.symbol.kind == SymbolKind.CLASS and method.symbol.kind in FUNCTIONS:
            name = method.symbol.name
            if not (name.startswith("__") and name.endswith("__")):
                names[id_] = checksum(name)
    to_class = [arrow for arrow in arrows if arrow.used in names and arrow.user in users]
    said: dict[int, bytes] = {}
    for part in chunks(sorted({users[arrow.user].file_id for arrow in to_class})):
        sql = f"SELECT file_id, names FROM code_mentions WHERE file_id IN ({marks(part)})"  # noqa: S608 - question marks
        said.update((file_id, bytes(mentioned)) for file_id, mentioned in connection.rows(sql, part))
    return {arrow for arrow in to_class if names[arrow.used] not in said.get(users[arrow.user].file_id, b"")}


def _lifted(connection: Connection, frontier: Mapping[int, Reached], found: dict[int, Reached]) -> dict[int, Reached]:
    """Steps that no arrow stands for, at no distance: method to class, inner to outer function, module to parts."""
    added: dict[int, Reached] = {}
    wanted: defaultdict[int, list[Reached]] = defaultdict(list)
    for reached in frontier.values():
        symbol = reached.symbol
        if symbol.kind in FUNCTIONS or symbol.kind == SymbolKind.VARIABLE:
            wanted[symbol.parent_id].append(reached)
    for parent in symbols_where(connection, "id", [id_ for id_ in wanted if id_ not in found]):
        for child in wanted[parent.id]:
            if (share := _share(child.symbol, parent)) and (
                parent.id not in added or added[parent.id].probability < child.probability * share
            ):
                added[parent.id] = Reached(parent, child.probability * share, child.distance, child.symbol.id, 0)
    modules = [r for r in frontier.values() if r.symbol.kind == SymbolKind.MODULE and r.how in _RUNS]
    parts = symbols_where(connection, "parent_id", [reached.symbol.id for reached in modules])
    by_id = {reached.symbol.id: reached for reached in modules}
    for part in parts:
        if part.id not in found and part.id not in added:
            module = by_id[part.parent_id]
            added[part.id] = Reached(part, module.probability * _TO_MODULE, module.distance, module.symbol.id, 0)
    found |= added
    return added


_RUNS = (EdgeKind.CALL, EdgeKind.REFERENCE, EdgeKind.MAYBE_CALL)


def _share(child: Symbol, parent: Symbol) -> float:
    if parent.kind in FUNCTIONS:
        return 1.0
    if parent.kind != SymbolKind.CLASS:
        return 0.0
    if child.kind == SymbolKind.VARIABLE or child.name in _WITH_EVERY_USE:
        return _CONSTRUCTION
    return _TO_CLASS
