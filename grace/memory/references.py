"""Who uses a symbol, what it uses, and what takes its place: the symbol graph as questions."""

from collections.abc import Sequence
from typing import NamedTuple

from grace.errors import InputError
from grace.memory.database import Connection
from grace.memory.graph import FIRST_GUESS, EdgeKind

_SYMBOL = "s.id, f.path, s.line, s.name, s.qualname, s.kind, s.signature"
_MOST_ALIKE = 20


class Symbol(NamedTuple):
    """A symbol and where it is."""

    id: int
    path: str
    line: int
    name: str
    qualname: str
    kind: int
    signature: str


class Use(NamedTuple):
    """One symbol uses another."""

    symbol: Symbol
    how: EdgeKind
    confidence: int
    """Percent."""

    @property
    def is_guess(self) -> bool:
        """Whether only the name agrees."""
        return self.how >= FIRST_GUESS


class References(NamedTuple):
    """What is known of a symbol's place in the graph. Guesses are among them, marked as such."""

    symbol: Symbol
    used_by: tuple[Use, ...]
    uses: tuple[Use, ...]
    implementations: tuple[Symbol, ...]
    """Of a class, what derives from it; of a method, what overrides it."""


def find_symbols(connection: Connection, repo_id: int, name: str) -> tuple[Symbol, ...]:
    """The symbols a person means by `name`, `Class.name`, `package.module.name` or `path::name`; none: ()."""
    path, _, inside = name.rpartition("::")
    inside = inside.replace("::", ".").removesuffix("()")
    simple = inside.rpartition(".")[2]
    query = (
        f"SELECT {_SYMBOL} FROM code_symbols s JOIN code_files f ON f.id = s.file_id"
        " WHERE s.repo_id = ? AND s.name IN (?, ?) ORDER BY f.path, s.line"
    )
    alike = [Symbol(*row) for row in connection.rows(query, (repo_id, simple, inside))]
    meant = [one for one in alike if (not path or one.path == path) and _is_meant(one, inside)]
    return tuple(one for one in meant if one.qualname == inside) or tuple(meant)


def the_symbol(connection: Connection, repo_id: int, name: str) -> Symbol:
    """The one symbol of a name. Raises InputError when there is none, or several."""
    found = find_symbols(connection, repo_id, name)
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError(f"No symbol {name!r} is in the index. `grace search` finds names by their words.")
    listed = ", ".join(f"{one.path}::{one.qualname}" for one in found[:_MOST_ALIKE])
    raise InputError(f"{len(found)} symbols are called {name!r}: say which. {listed}")


def references(connection: Connection, symbol: Symbol) -> References:
    """Everything the graph says of a symbol, surest first."""
    used_by, uses = _uses(connection, symbol, "dst", "src"), _uses(connection, symbol, "src", "dst")
    below = [use.symbol for use in used_by if use.how is EdgeKind.INHERITS]
    instead = [use.symbol for use in uses if use.how is EdgeKind.OVERRIDDEN]
    return References(
        symbol,
        tuple(use for use in used_by if use.how is not EdgeKind.OVERRIDDEN),
        tuple(use for use in uses if use.how is not EdgeKind.OVERRIDDEN),
        (*below, *instead),
    )


def _uses(connection: Connection, symbol: Symbol, here: str, there: str) -> Sequence[Use]:
    query = (
        f"SELECT e.kind, e.confidence, {_SYMBOL} FROM code_edges e JOIN code_symbols s ON s.id = e.{there}"
        f" JOIN code_files f ON f.id = s.file_id WHERE e.{here} = ?"
    )
    found = [Use(Symbol(*row[2:]), EdgeKind(row[0]), row[1]) for row in connection.rows(query, (symbol.id,))]
    return sorted(found, key=lambda use: (use.is_guess, -use.confidence, use.symbol.path, use.symbol.line, use.how))


def _is_meant(symbol: Symbol, name: str) -> bool:
    module = symbol.path[: symbol.path.rfind(".")].removesuffix("/__init__").replace("/", ".")
    full = f".{module}.{symbol.qualname}".rstrip(".")
    return full.endswith(f".{name}")
