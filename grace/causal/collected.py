"""Which symbols of test files pytest collects as tests, and what it calls them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from grace.causal.symbols import FUNCTIONS, Symbol, chunks, file_paths, marks, symbols_where
from grace.memory.database import Connection
from grace.memory.graph import EdgeKind
from grace.memory.payload import SymbolKind, decode
from grace.path_roles import is_test


class CollectedTest(NamedTuple):
    """A test that pytest would find."""

    id: str
    """`tests/test_x.py::TestA::test_b`, without parameters."""
    path: str
    symbol: int
    """The function, which for an inherited test lies in another class."""


def collected_tests(connection: Connection, functions: Iterable[Symbol]) -> list[CollectedTest]:
    """The tests among functions, once per class that inherits them."""
    candidates = [one for one in functions if one.kind in FUNCTIONS and one.name.startswith("test")]
    paths = {
        id_: path
        for id_, path in file_paths(connection, sorted({s.file_id for s in candidates})).items()
        if is_test(path)
    }
    candidates = [one for one in candidates if one.file_id in paths]
    holders = _holders(connection, sorted({one.parent_id for one in candidates}))
    found = []
    for one in candidates:
        for path, prefix in holders.get(one.parent_id, ()):
            found.append(CollectedTest(f"{path}::{prefix}{one.name}", path, one.id))
    return found


def tests_of_files(connection: Connection, files: Sequence[int]) -> list[CollectedTest]:
    """Every test that is defined in files, given by id."""
    return collected_tests(connection, symbols_where(connection, "file_id", files))


def count_tests(connection: Connection, repo_id: int) -> int:
    """About how many tests a repository has."""
    sql = "SELECT COUNT(*) FROM code_symbols WHERE repo_id = ? AND kind IN (?, ?) AND name >= 'test' AND name < 'tesu'"
    return int(connection.rows(sql, (repo_id, *FUNCTIONS))[0][0])


def _holders(connection: Connection, parents: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Module or class -> the file and prefix under which its tests are found; several for a class that is derived."""
    around = {symbol.id: symbol for symbol in symbols_where(connection, "id", parents)}
    derived: defaultdict[int, set[int]] = defaultdict(set)
    classes = [symbol.id for symbol in around.values() if symbol.kind == SymbolKind.CLASS]
    _derive(connection, classes, derived)
    everyone = sorted(set(classes).union(*derived.values())) if classes else []
    signatures = _signatures(connection, everyone)
    symbols = {symbol.id: symbol for symbol in symbols_where(connection, "id", everyone)} | around
    paths = file_paths(connection, sorted({symbol.file_id for symbol in symbols.values()}))
    holders: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    taken = {
        id_: [(paths[symbols[id_].file_id], symbols[id_].qualname.replace(".", "::") + "::")]
        for id_ in everyone
        if is_test(paths[symbols[id_].file_id])
        and (symbols[id_].name.startswith("Test") or "Test" in signatures.get(id_, ""))
    }
    for id_, path in _imported_into(connection, [symbols[id_] for id_ in taken]):
        taken[id_].append((path, symbols[id_].name + "::"))
    for symbol in around.values():
        if symbol.kind == SymbolKind.MODULE:
            holders[symbol.id].append((paths[symbol.file_id], ""))
        elif symbol.kind == SymbolKind.CLASS:
            for heir in (symbol.id, *sorted(derived[symbol.id])):
                holders[symbol.id] += taken.get(heir, ())
    return holders


def _imported_into(connection: Connection, classes: Sequence[Symbol]) -> Iterator[tuple[int, str]]:
    """Test classes that another test file has by their name: they are collected there once more."""
    names = {symbol.id: symbol.name for symbol in classes}
    for part in chunks(list(names)):
        sql = (
            "SELECT DISTINCT e.dst, f.path, b.payload FROM code_edges e JOIN code_symbols m ON m.id = e.src "  # noqa: S608 - question marks
            "JOIN code_symbols c ON c.id = e.dst JOIN code_files f ON f.id = m.file_id AND f.id <> c.file_id "
            f"JOIN code_blobs b ON b.blob = f.blob WHERE m.kind = ? AND e.dst IN ({marks(part)})"
        )
        for id_, path, payload in connection.rows(sql, (SymbolKind.MODULE, *part)):
            if is_test(path) and any(
                one.alias == names[id_] == one.name and one.scope == 0 for one in decode(bytes(payload)).imports
            ):
                yield id_, path


def _derive(connection: Connection, classes: Sequence[int], into: defaultdict[int, set[int]]) -> None:
    """Class -> classes derived from it, at any distance."""
    origin = {id_: {id_} for id_ in classes}
    frontier = list(classes)
    while frontier:
        following: defaultdict[int, set[int]] = defaultdict(set)
        for part in chunks(frontier):
            sql = f"SELECT dst, src FROM code_edges WHERE kind = ? AND dst IN ({marks(part)})"  # noqa: S608 - question marks
            for base, heir in connection.rows(sql, (EdgeKind.INHERITS, *part)):
                following[heir] |= origin[base]
        frontier = []
        for heir, bases in following.items():
            new = {base for base in bases if heir != base and heir not in into[base]}
            for base in new:
                into[base].add(heir)
            if new:
                origin[heir] = origin.get(heir, set()) | new
                frontier.append(heir)


def _signatures(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in chunks(ids):
        sql = f"SELECT id, signature FROM code_symbols WHERE id IN ({marks(part)})"  # noqa: S608 - question marks
        found.update(connection.rows(sql, part))
    return found
