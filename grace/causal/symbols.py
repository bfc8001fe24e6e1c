"""The symbols of an index, as far as impact asks: by id, by file, and by the lines that a change touches."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

from grace.causal.seed import Region, Seed, Span
from grace.errors import InputError
from grace.memory.database import Connection
from grace.memory.payload import SymbolKind

_Item = TypeVar("_Item")
_AT_A_TIME = 500
"""Parameters of one statement: every database takes so many."""
_COLUMNS = "s.id, s.file_id, s.parent_id, s.name, s.qualname, s.kind, s.line, s.first_line, s.end_line, s.fan_in"
FUNCTIONS = (SymbolKind.FUNCTION, SymbolKind.METHOD)


class Symbol(NamedTuple):
    """One row of `code_symbols`."""

    id: int
    file_id: int
    parent_id: int
    name: str
    qualname: str
    kind: int
    line: int
    first_line: int
    end_line: int
    fan_in: int


class Changed(NamedTuple):
    """What of an index a seed touches."""

    symbols: Mapping[int, Symbol]
    """Functions, classes and variables whose text changes; a module when statements of its own do."""
    files: Mapping[str, int]
    """Path -> file id, of the paths that are indexed."""


def changed_symbols(connection: Connection, repo_id: int, seed: Seed) -> Changed:
    """The symbols that a seed begins with.

    Raises InputError when a name of the seed means nothing in the index.
    """
    files = file_ids(connection, repo_id, seed.paths)
    by_file: defaultdict[int, list[Symbol]] = defaultdict(list)
    for symbol in symbols_where(connection, "file_id", list(files.values())):
        by_file[symbol.file_id].append(symbol)
    found: dict[int, Symbol] = {}
    for region in seed.regions:
        if symbols := by_file.get(files.get(region.path, -1)):
            found.update((symbol.id, symbol) for symbol in _touched(region, symbols))
    for name in seed.symbols:
        if not (meant := named(connection, repo_id, name)):
            raise InputError(f"Nothing indexed is called {name!r}: write `name`, `Class.name` or `path.py::name`.")
        found.update((symbol.id, symbol) for symbol in meant)
    return Changed(found, files)


def named(connection: Connection, repo_id: int, name: str) -> list[Symbol]:
    """Symbols of a name: `name`, `Class.name`, `package.module.Class.name` or `path.py::Class.name`."""
    path, _, qualname = name.rpartition("::")
    qualname = qualname.replace("::", ".")
    last = qualname.rpartition(".")[2]
    sql = (
        f"SELECT {_COLUMNS}, f.path FROM code_symbols s JOIN code_files f ON f.id = s.file_id "  # noqa: S608 - a constant
        "WHERE s.name IN (?, ?) AND s.repo_id = ?"
    )
    rows = [(Symbol(*row[:-1]), str(row[-1])) for row in connection.rows(sql, (last, qualname, repo_id))]
    if path:
        rows = [(symbol, place) for symbol, place in rows if place == path or place.endswith("/" + path)]
    full = [symbol for symbol, place in rows if _means(qualname, symbol, place)]
    exact = [symbol for symbol in full if symbol.qualname == qualname or symbol.name == qualname]
    return exact or full


def _means(wanted: str, symbol: Symbol, path: str) -> bool:
    if symbol.kind == SymbolKind.MODULE:
        return symbol.name == wanted
    module = path.rpartition(".")[0].replace("/", ".").removesuffix(".__init__")
    return f".{module}.{symbol.qualname}".endswith(f".{wanted}")


def file_ids(connection: Connection, repo_id: int, paths: Sequence[str]) -> dict[str, int]:
    """Path -> id, of the paths that are indexed."""
    found: dict[str, int] = {}
    for part in chunks(sorted(set(paths))):
        sql = f"SELECT path, id FROM code_files WHERE repo_id = ? AND path IN ({marks(part)})"  # noqa: S608 - question marks
        found.update(connection.rows(sql, (repo_id, *part)))
    return found


def file_paths(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """The reverse."""
    found: dict[int, str] = {}
    for part in chunks(ids):
        found.update(connection.rows(f"SELECT id, path FROM code_files WHERE id IN ({marks(part)})", part))  # noqa: S608 - question marks
    return found


def symbols_where(connection: Connection, column: str, values: Sequence[int]) -> list[Symbol]:
    """Symbols by `id`, `file_id` or `parent_id`, in the order of their ids."""
    found: list[Symbol] = []
    for part in chunks(values):
        sql = f"SELECT {_COLUMNS} FROM code_symbols s WHERE s.{column} IN ({marks(part)}) ORDER BY s.id"  # noqa: S608 - a column of ours
        found.extend(map(Symbol._make, connection.rows(sql, part)))
    return found


def chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """As many as one statement takes."""
    for start in range(0, len(items), _AT_A_TIME):
        yield items[start : start + _AT_A_TIME]


def marks(items: Sequence[object]) -> str:
    """As many question marks."""
    return ", ".join("?" * len(items))


def _touched(region: Region, symbols: Sequence[Symbol]) -> Iterator[Symbol]:
    """The innermost symbols around the changed lines; a function that lies in another one counts as both."""
    if region.spans is None:
        yield from symbols
        return
    by_id = {symbol.id: symbol for symbol in symbols}
    for span in region.spans:
        inner = _around_added(span, symbols, by_id) if span.last < span.first else _innermost(span, symbols)
        for symbol in inner:
            around: Symbol | None = symbol
            while around and around.kind in FUNCTIONS:
                yield around
                around = by_id.get(around.parent_id)
            if symbol.kind not in FUNCTIONS:
                yield symbol


def _innermost(span: Span, symbols: Sequence[Symbol]) -> list[Symbol]:
    """Those that hold a changed line of their own: one that no symbol within them holds too."""
    inside = [symbol for symbol in symbols if symbol.first_line <= span.last and symbol.end_line >= span.first]
    inside.sort(key=lambda symbol: (symbol.first_line, -symbol.end_line, symbol.id))
    module = [symbol for symbol in symbols if symbol.kind == SymbolKind.MODULE][:1]
    owners: dict[int, Symbol] = {}
    for line in range(span.first, min(span.last, span.first + 2000) + 1):
        holding = [symbol for symbol in inside if symbol.first_line <= line <= symbol.end_line] or module
        owners.update((symbol.id, symbol) for symbol in holding[-1:])
        if holding and holding[-1].kind in (SymbolKind.MODULE, SymbolKind.CLASS):
            # The value of a variable may go on below its name, where only the scope around it is known.
            above = [symbol for symbol in symbols if symbol.first_line < line]
            before = max(above, key=lambda symbol: symbol.first_line, default=holding[-1])
            if before.kind == SymbolKind.VARIABLE and before.parent_id == holding[-1].id:
                owners[before.id] = before
    return list(owners.values())


def _around_added(span: Span, symbols: Sequence[Symbol], by_id: Mapping[int, Symbol]) -> list[Symbol]:
    """Whose text grew. What begins a new function changes only the class it stands in, by what it may override."""
    before = [symbol for symbol in symbols if symbol.first_line <= span.last <= symbol.end_line]
    before.sort(key=lambda symbol: (symbol.first_line, -symbol.end_line, symbol.id))
    for symbol in reversed(before):
        if symbol.kind in (SymbolKind.MODULE, SymbolKind.VARIABLE):
            continue
        if symbol.end_line >= span.first or span.indent > 4 * _depth(symbol, by_id):
            return [] if span.defines and symbol.kind in FUNCTIONS else [symbol]
    return [] if span.defines else [symbol for symbol in symbols if symbol.kind == SymbolKind.MODULE]


def _depth(symbol: Symbol, by_id: Mapping[int, Symbol]) -> int:
    depth = 0
    while (parent := by_id.get(symbol.parent_id)) and parent.kind != SymbolKind.MODULE:
        symbol, depth = parent, depth + 1
    return depth
