"""Who imports a file, at any distance, told by the index: what is left to rely on when nothing finer says anything."""

from collections.abc import Collection
from pathlib import PurePosixPath
from typing import NamedTuple

from grace.causal.symbols import chunks, marks
from grace.memory.database import Connection
from grace.memory.graph import EdgeKind
from grace.memory.payload import SymbolKind
from grace.path_roles import is_test


class Importer(NamedTuple):
    """A file that imports another one."""

    path: str
    distance: int
    of: str
    """The file it imports, one step nearer to the beginning."""


def importing_files(connection: Connection, repo_id: int, paths: Collection[str]) -> dict[str, Importer]:
    """Files that import any of the paths, nearest first; a conftest.py is imported by the tests below its folder."""
    found: dict[str, Importer] = {}
    frontier = sorted(paths)
    distance = 0
    while frontier:
        distance += 1
        new: dict[str, Importer] = {}
        for importer, imported in _importers(connection, repo_id, frontier):
            new.setdefault(importer, Importer(importer, distance, imported))
        for path in frontier:
            if PurePosixPath(path).name == "conftest.py":
                for test in _tests_below(connection, repo_id, path.removesuffix("conftest.py")):
                    new.setdefault(test, Importer(test, distance, path))
        frontier = sorted(new.keys() - found.keys() - set(paths))
        found |= {path: new[path] for path in frontier}
    return found


def _tests_below(connection: Connection, repo_id: int, folder: str) -> list[str]:
    rows = connection.rows("SELECT path FROM code_files WHERE repo_id = ?", (repo_id,))
    return [path for (path,) in rows if path.startswith(folder) and is_test(path)]


def _importers(connection: Connection, repo_id: int, paths: Collection[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for part in chunks(list(paths)):
        sql = (
            "SELECT DISTINCT importer.path, imported.path FROM code_files imported "  # noqa: S608 - question marks
            "JOIN code_symbols target ON target.file_id = imported.id AND target.kind = ? "
            "JOIN code_edges e ON e.dst = target.id AND e.kind = ? JOIN code_symbols s ON s.id = e.src "
            "JOIN code_files importer ON importer.id = s.file_id "
            f"WHERE imported.repo_id = ? AND imported.path IN ({marks(part)})"
        )
        found.extend(connection.rows(sql, (SymbolKind.MODULE, EdgeKind.IMPORTS, repo_id, *part)))
    return sorted(found)
