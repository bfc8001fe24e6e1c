"""Which files belong to those that change, by use and by name.

History knows better (`grace.causal.cochange`); this is for files it knows little of, and to tell equals apart.
"""

import re
from collections.abc import Mapping, Sequence
from math import exp
from pathlib import PurePosixPath

from grace.causal.symbols import chunks, file_paths, marks
from grace.memory.database import Connection

_AFFIX = re.compile(r"^(?:tests?[_-])|(?:[_-]?(?:tests?|spec))$")
_GENERAL = {"init", "main", "utils", "util", "core", "base", "common", "conftest", "index", "helpers", "types", ""}
"""Names that say little: two files that share one of them need not belong together."""
_MOST_KEYS = 30
_SETTLED = 4.0
"""From about so many uses on, more of them say no more."""


def used_with(connection: Connection, files: Mapping[str, int]) -> tuple[dict[str, float], dict[str, float]]:
    """Files that use any of the files, and files that those use: path -> 0 to 1 by the number of uses."""
    ids = list(files.values())
    users = _joined(connection, ids, "dst", "src")
    used = _joined(connection, ids, "src", "dst")
    names = file_paths(connection, list(users | used))
    return (
        {names[id_]: weight for id_, weight in users.items() if id_ in names},
        {names[id_]: weight for id_, weight in used.items() if id_ in names},
    )


def _joined(connection: Connection, files: Sequence[int], near: str, far: str) -> dict[int, float]:
    counted: dict[int, float] = {}
    for part in chunks(files):
        sql = (
            "SELECT other.file_id, SUM(e.confidence) FROM code_symbols own "  # noqa: S608 - columns of ours
            f"JOIN code_edges e ON e.{near} = own.id JOIN code_symbols other ON other.id = e.{far} "
            f"WHERE own.file_id IN ({marks(part)}) GROUP BY other.file_id"
        )
        for file_id, confidence in connection.rows(sql, part):
            if file_id not in files:
                counted[file_id] = counted.get(file_id, 0.0) + float(confidence) / 100
    return {file_id: 1 - exp(-uses / _SETTLED) for file_id, uses in counted.items()}


def paths_like(connection: Connection, repo_id: int, paths: Sequence[str]) -> list[str]:
    """Every file of the index and of history that may be named after any of the paths; some are gone."""
    keys = sorted({_subject(path).partition("_")[0].removesuffix("s") for path in paths} - {""})
    found: set[str] = set()
    for key in keys[:_MOST_KEYS]:
        for table in ("code_files", "code_paths"):
            sql = f"SELECT path FROM {table} WHERE repo_id = ? AND lower(path) LIKE ?"  # noqa: S608 - one of two names
            found.update(path for (path,) in connection.rows(sql, (repo_id, f"%{key}%")))
    return sorted(found)


def named_like(paths: Sequence[str], known: Sequence[str]) -> dict[str, float]:
    """Of known paths those named after any of the given: path -> 0 to 1."""
    found: dict[str, float] = {}
    subjects = [(path, _subject(path), _folders(path)) for path in paths]
    for other in known:
        subject = _subject(other)
        alike = (_alike(own, folders, subject, other) for path, own, folders in subjects if path != other)
        if best := max(alike, default=0.0):
            found[other] = best
    return found


def _subject(path: str) -> str:
    """What a file is about: its name without marks of tests and privacy; of a package file, its folder's."""
    pure = PurePosixPath(path.lower())
    stem = pure.name.partition(".")[0] or pure.name
    if stem in ("__init__", "index"):
        return pure.parent.name
    return _AFFIX.sub("", stem).strip("_-").replace("-", "_")


def _folders(path: str) -> set[str]:
    return set(PurePosixPath(path.lower()).parent.parts) - {"src", "lib", "tests", "test", "docs", "doc", ""}


def _alike(own: str, folders: set[str], subject: str, other: str) -> float:
    if own == subject:
        alike = 1.0
    elif min(len(own), len(subject)) >= 4 and (
        subject.startswith(own + "_") or own.startswith(subject + "_") or subject.endswith("_" + own)
    ):
        alike = 0.6
    elif own == subject + "s" or subject == own + "s":
        alike = 0.8
    else:
        return 0.0
    if own in _GENERAL:
        alike *= 0.3
    theirs = _folders(other)
    if folders and theirs and not folders & theirs:
        alike *= 0.7
    return alike
