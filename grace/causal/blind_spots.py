"""What an impact told from the index does not know."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from grace.causal.seed import Seed
from grace.causal.symbols import Changed, chunks, marks
from grace.memory.database import Connection
from grace.memory.languages import language
from grace.path_roles import names_dependencies

_MOST = 10
"""Of one kind."""


def blind_spots(connection: Connection, repo_id: int, seed: Seed, changed: Changed) -> tuple[str, ...]:
    """Said for people: what was edited and is not understood first, then what of the whole project is not."""
    return (
        *_edited(seed, changed),
        *_unresolved(connection, changed),
        *_not_parsed(connection, repo_id),
    )


def _edited(seed: Seed, changed: Changed) -> Iterator[str]:
    unknown = [path for path in seed.paths if path not in changed.files]
    for path in unknown[:_MOST]:
        if names_dependencies(path):
            yield f"{path} decides which other software is used: anything may depend on it"
        elif language(path):
            yield f"{path} is not in the index: what uses it is unknown"
        else:
            kind = PurePosixPath(path).suffix or "this kind"
            yield f"{path}: who reads files of {kind} is only known where its name is written out"
    if len(unknown) > _MOST:
        yield f"{len(unknown) - _MOST} more edited files are not in the index"


def _unresolved(connection: Connection, changed: Changed) -> Iterator[str]:
    """Callers that go by a name which many have are found in no graph."""
    total = 0
    for part in chunks(list(changed.files.values())):
        sql = f"SELECT COALESCE(SUM(unresolved), 0) FROM code_files WHERE id IN ({marks(part)})"  # noqa: S608 - question marks
        total += int(connection.rows(sql, part)[0][0])
    if total:
        plural = "s" if total > 1 else ""
        yield f"{total} attribute use{plural} in what is edited could mean several things: what they reach is unknown"


def _not_parsed(connection: Connection, repo_id: int) -> Iterator[str]:
    rows: Sequence[tuple[str, str]] = connection.rows(
        "SELECT path, status FROM code_files WHERE repo_id = ? AND status <> '' ORDER BY path", (repo_id,)
    )
    for path, status in rows[:_MOST]:
        yield f"{path} was not parsed ({status}): what it uses is unknown"
    if len(rows) > _MOST:
        yield f"{len(rows) - _MOST} more files were not parsed"
