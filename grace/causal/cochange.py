"""Which files change together, counted from history.

Every past commit votes for the files it touched. It counts more the fewer files it touched, the younger it is, and
the more of the seed's files are among them (rules from evolutionary coupling, Zimmermann et al., ICSE 2004; commits
near the query first, Rolfsnes et al., "Generalizing the analysis of evolutionary coupling", SANER 2016).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import log
from typing import NamedTuple

from grace.causal.symbols import chunks, marks
from grace.memory.database import Connection
from grace.memory.history import YEAR

LARGE_COMMIT = 30
"""Commits that touch more files say nothing about which of them belong together."""
_NEWEST_COMMITS = 200
"""How many commits of each path count at most."""
_HALF_LIFE = 2 * YEAR
"""Seconds of the project's own time after which a commit counts half."""
_FEW = 3.0
"""As many commits that touched nothing are taken for granted: a beginning history says little."""


class Partner(NamedTuple):
    """A file that changed together with the seed's."""

    path: str
    share: float
    """Of the weight of the seed's commits, how much is of commits that changed this file too: 0 to 1."""
    together: int
    """How many commits that is."""


class Partners(NamedTuple):
    """What history says of a seed."""

    found: dict[str, Partner]
    support: float
    """How many commits it rests on, old and large ones counting less."""


def partners(connection: Connection, repo_id: int, paths: Sequence[str]) -> Partners:
    """Files that changed together with any of the paths; the paths themselves are left out."""
    own = _path_ids(connection, repo_id, paths)
    if not own:
        return Partners({}, 0.0)
    newest = connection.rows("SELECT max(committed_at) FROM code_commits WHERE repo_id = ?", (repo_id,))[0][0]
    weights: defaultdict[int, float] = defaultdict(float)
    support = 0.0
    for path in own:
        for commit, when, files in _commits_of(connection, path):
            if files <= LARGE_COMMIT:
                age = 0.5 ** ((newest - when) / _HALF_LIFE)
                support += age
                weights[commit] += age / log(files + 1.5)
    total = sum(weights.values())
    shares: defaultdict[int, float] = defaultdict(float)
    together: defaultdict[int, int] = defaultdict(int)
    for commit, path in _paths_of(connection, list(weights)):
        if path not in own:
            shares[path] += weights[commit]
            together[path] += 1
    names = _names(connection, list(shares))
    found = {names[id_]: Partner(names[id_], share / total, together[id_]) for id_, share in shares.items()}
    return Partners(found, support / len(own))


def restless(connection: Connection, repo_id: int, *, commits: int = 100) -> dict[str, float]:
    """Path -> how much of the newest commits touched it, small ones counting more; 0 to 1, less with few commits."""
    rows = connection.rows(
        "SELECT id, files FROM code_commits WHERE repo_id = ? AND files <= ? ORDER BY id DESC LIMIT ?",
        (repo_id, LARGE_COMMIT, commits),
    )
    weights = {commit: 1.0 / log(files + 1.5) for commit, files in rows}
    total = sum(weights.values()) + _FEW
    touched: defaultdict[int, float] = defaultdict(float)
    for commit, path in _paths_of(connection, list(weights)):
        touched[path] += weights[commit]
    names = _names(connection, list(touched))
    return {names[path]: weight / total for path, weight in touched.items()}


def _path_ids(connection: Connection, repo_id: int, paths: Sequence[str]) -> set[int]:
    found: set[int] = set()
    for part in chunks(paths):
        sql = f"SELECT id FROM code_paths WHERE repo_id = ? AND path IN ({marks(part)})"  # noqa: S608 - question marks
        found.update(id_ for (id_,) in connection.rows(sql, (repo_id, *part)))
    return found


def _names(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for part in chunks(ids):
        found.update(connection.rows(f"SELECT id, path FROM code_paths WHERE id IN ({marks(part)})", part))  # noqa: S608 - question marks
    return found


def _commits_of(connection: Connection, path_id: int) -> list[tuple[int, int, int]]:
    return connection.rows(
        "SELECT c.id, c.committed_at, c.files FROM code_commit_paths t JOIN code_commits c ON c.id = t.commit_id "
        "WHERE t.path_id = ? AND c.reverted = 0 ORDER BY t.commit_id DESC LIMIT ?",
        (path_id, _NEWEST_COMMITS),
    )


def _paths_of(connection: Connection, commits: Sequence[int]) -> Iterator[tuple[int, int]]:
    for part in chunks(commits):
        sql = f"SELECT commit_id, path_id FROM code_commit_paths WHERE commit_id IN ({marks(part)})"  # noqa: S608 - question marks
        yield from connection.rows(sql, part)
