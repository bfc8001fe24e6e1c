"""Which functions each test enters, as running them showed: the strongest evidence of what a change can break."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from grace.memory.database import Connection, chunks
from grace.memory.payload import SymbolKind


class Entered(NamedTuple):
    """What a run of a suite entered."""

    functions: Sequence[tuple[str, int]]
    """(path, first line, decorators included)."""
    tests: Mapping[str, Sequence[int]]
    """pytest's id without parameters -> numbers of the functions it entered."""


def record_coverage(connection: Connection, repo_id: int, entered: Entered, *, changed: Collection[str] = ()) -> int:
    """Keep what a run showed of its tests; what earlier runs showed of other tests stays.

    Functions of `changed` files are left out, since their lines are not those of the index: what was known of them
    stays too. Gives how many tests there are.
    """
    symbols = _symbols(connection, repo_id, {path for path, _ in entered.functions} - set(changed))
    known = [symbols.get(function) for function in entered.functions]
    ids = _test_ids(connection, repo_id, list(entered.tests))
    edited = sorted(changed)
    kept = (
        "SELECT s.id FROM code_symbols s JOIN code_files f ON f.id = s.file_id"
        f" WHERE f.repo_id = ? AND f.path IN ({', '.join('?' * len(edited)) or 'NULL'})"
    )
    for some, marks in chunks(list(ids.values())):
        old = f"DELETE FROM code_test_covers WHERE test_id IN ({marks}) AND symbol_id NOT IN ({kept})"
        connection.run(old, (*some, repo_id, *edited))
    rows = {
        (ids[test], symbol)
        for test, numbers in entered.tests.items()
        for symbol in (known[number] for number in numbers)
        if symbol is not None
    }
    connection.insert("code_test_covers", ("test_id", "symbol_id"), sorted(rows))
    return len(ids)


def _symbols(connection: Connection, repo_id: int, paths: Collection[str]) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for some, marks in chunks(sorted(paths)):
        query = (
            "SELECT f.path, s.first_line, s.id FROM code_symbols s JOIN code_files f ON f.id = s.file_id"
            f" WHERE f.repo_id = ? AND s.kind IN (?, ?) AND f.path IN ({marks})"
        )
        kinds = (int(SymbolKind.FUNCTION), int(SymbolKind.METHOD))
        found |= {(path, line): symbol for path, line, symbol in connection.rows(query, (repo_id, *kinds, *some))}
    return found


def _test_ids(connection: Connection, repo_id: int, names: Sequence[str]) -> dict[str, int]:
    """Ids of tests; those not seen before get one."""
    known: dict[str, int] = {}
    for some, marks in chunks(names):
        query = f"SELECT name, id FROM code_tests WHERE repo_id = ? AND name IN ({marks})"
        known.update((name, test) for name, test in connection.rows(query, (repo_id, *some)))
    new = [name for name in names if name not in known]
    if new:
        first = connection.take_ids("code_tests", len(new))
        known |= {name: first + number for number, name in enumerate(new)}
        connection.insert("code_tests", ("id", "repo_id", "name"), [(known[name], repo_id, name) for name in new])
    return known
