"""What the commits of a repository say about its files: what changes together, by whom, how often, and what broke.

A path stands for the file it became: when a commit renames a file, what was counted for the old path counts
for the new one. Files changed together ("co-change") predict each other better than any reading of
the code (Zimmermann et al., "Mining version histories to guide software changes", ICSE 2004).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from grace.git.command import run_git
from grace.memory.database import Connection, chunks
from grace.memory.git_log import Commit, is_fix, read_log

YEAR = 365.25 * 86_400.0
"""Seconds."""
_STORED_FILES = 1000
"""Of a commit larger than that (an import, a reformatting) the paths are not kept."""


class Owner(NamedTuple):
    """Somebody who wrote a file."""

    author: str
    share: float
    """Of the lines ever added to it, 0 to 1."""


class Churn(NamedTuple):
    """How restless files are."""

    commits: int
    added: int
    """Lines."""
    removed: int
    fixes: int
    """Commits among them that mend something."""


def read_history(connection: Connection, repo_id: int, root: Path, *, limit: int = 20_000) -> int:
    """Take in the commits that are new since the last time, the newest `limit` at most; how many there were.

    Nothing new costs one start of git. When the last commit read is no longer part of history (another branch,
    a rebase), what was known is forgotten and all is read anew. A folder without git, or without a commit, has
    no history.
    """
    found = run_git(("rev-parse", "--verify", "--quiet", "HEAD^{commit}"), cwd=root, accept=(0, 1, 128))
    known = _known_revision(connection, repo_id)
    head = found.stdout.decode().strip() if found.returncode == 0 else ""
    if head == known:
        return 0
    if known and not (head and _is_ancestor(root, known, head)):
        _forget(connection, repo_id)
        known = ""
    commits = list(read_log(root, head, known, limit)) if head else []
    _rename(connection, repo_id, commits)
    _store(connection, repo_id, commits)
    connection.run("UPDATE code_repositories SET history_revision = ? WHERE id = ?", (head, repo_id))
    return len(commits)


def owners(connection: Connection, repo_id: int, path: str) -> list[Owner]:
    """Who wrote a file, by the lines each author added, most first."""
    rows = connection.rows(
        "SELECT c.author, sum(t.added + 1) FROM code_paths p JOIN code_commit_paths t ON t.path_id = p.id "
        "JOIN code_commits c ON c.id = t.commit_id WHERE p.repo_id = ? AND p.path = ? GROUP BY c.author",
        (repo_id, path),
    )
    total = sum(lines for _, lines in rows)
    return sorted((Owner(author, lines / total) for author, lines in rows), key=lambda owner: -owner.share)


def churn(connection: Connection, repo_id: int, paths: Sequence[str], *, since: float) -> Churn:
    """What happened to files since a time (seconds since 1970); a commit counts once however many it touched."""
    ids = list(_path_ids(connection, repo_id, paths).values())
    commits: dict[int, int] = {}
    added = removed = 0
    for part, marks in chunks(ids):
        for commit, fix, more, less in connection.rows(
            "SELECT c.id, c.is_fix, t.added, t.removed FROM code_commit_paths t JOIN code_commits c "
            f"ON c.id = t.commit_id WHERE t.path_id IN ({marks}) AND c.committed_at >= ? AND c.reverted = 0",
            (*part, since),
        ):
            commits[commit] = fix
            added += more
            removed += less
    return Churn(len(commits), added, removed, sum(commits.values()))


def newest_commit(connection: Connection, repo_id: int) -> float:
    """When the newest commit known was made (seconds since 1970); 0 without history."""
    return float(connection.rows("SELECT max(committed_at) FROM code_commits WHERE repo_id = ?", (repo_id,))[0][0] or 0)


def _known_revision(connection: Connection, repo_id: int) -> str:
    rows = connection.rows("SELECT history_revision FROM code_repositories WHERE id = ?", (repo_id,))
    return str(rows[0][0]) if rows else ""


def _is_ancestor(root: Path, old: str, new: str) -> bool:
    asked = run_git(("merge-base", "--is-ancestor", old, new), cwd=root, accept=(0, 1, 128))
    return asked.returncode == 0


def _forget(connection: Connection, repo_id: int) -> None:
    commits = "(SELECT id FROM code_commits WHERE repo_id = ?)"
    connection.run(f"DELETE FROM code_commit_paths WHERE commit_id IN {commits}", (repo_id,))
    connection.run("DELETE FROM code_commits WHERE repo_id = ?", (repo_id,))
    connection.run("DELETE FROM code_paths WHERE repo_id = ?", (repo_id,))


def _rename(connection: Connection, repo_id: int, commits: Sequence[Commit]) -> None:
    """Give what is stored for the old paths of renamed files to the new ones, oldest rename first."""
    for commit in reversed(commits):
        for touch in commit.touched:
            if not touch.old:
                continue
            ids = _path_ids(connection, repo_id, (touch.old, touch.path))
            if (old := ids.get(touch.old)) is None:
                continue
            if (new := ids.get(touch.path)) is None:
                connection.run("UPDATE code_paths SET path = ? WHERE id = ?", (touch.path, old))
                continue
            connection.run(
                "INSERT INTO code_commit_paths (commit_id, path_id, added, removed) "
                "SELECT commit_id, ?, added, removed FROM code_commit_paths o WHERE path_id = ? AND NOT EXISTS "
                "(SELECT 1 FROM code_commit_paths n WHERE n.commit_id = o.commit_id AND n.path_id = ?)",
                (new, old, new),
            )
            connection.run("DELETE FROM code_commit_paths WHERE path_id = ?", (old,))
            connection.run("DELETE FROM code_paths WHERE id = ?", (old,))


def _store(connection: Connection, repo_id: int, commits: Sequence[Commit]) -> None:
    """Add commits, given newest first; ids ascend with time."""
    became: dict[str, str] = {}
    lines: list[dict[str, tuple[int, int]]] = []
    for commit in commits:
        of_commit: dict[str, tuple[int, int]] = {}
        for path, added, removed, old in commit.touched:
            name = became.get(path, path)
            if old:
                became[old] = name
            before = of_commit.get(name, (0, 0))
            of_commit[name] = (before[0] + added, before[1] + removed)
        lines.append(of_commit if len(of_commit) <= _STORED_FILES else {})
    ids = _take_paths(connection, repo_id, {path for touched in lines for path in touched})
    first = connection.take_ids("code_commits", len(commits))
    numbers = range(first + len(commits) - 1, first - 1, -1)
    connection.insert(
        "code_commits",
        ("id", "repo_id", "sha", "author", "committed_at", "subject", "is_fix", "reverted", "files"),
        (
            (number, repo_id, c.sha, c.author, c.when, c.subject, int(is_fix(c.subject)), 0, len(c.touched))
            for number, c in zip(numbers, commits, strict=True)
        ),
    )
    connection.insert(
        "code_commit_paths",
        ("commit_id", "path_id", "added", "removed"),
        (
            (number, ids[path], *counts)
            for number, touched in zip(numbers, lines, strict=True)
            for path, counts in touched.items()
        ),
    )
    # `g` follows the last hexadecimal digit: all ids that begin with what was named.
    connection.run_many(
        "UPDATE code_commits SET reverted = 1 WHERE repo_id = ? AND sha >= ? AND sha < ?",
        [(repo_id, sha, f"{sha}g") for commit in commits for sha in commit.reverts],
    )


def _take_paths(connection: Connection, repo_id: int, paths: set[str]) -> dict[str, int]:
    ids = _path_ids(connection, repo_id, sorted(paths))
    new = sorted(paths - ids.keys())
    first = connection.take_ids("code_paths", len(new))
    added = dict(zip(new, range(first, first + len(new)), strict=True))
    connection.insert("code_paths", ("id", "repo_id", "path"), ((id_, repo_id, path) for path, id_ in added.items()))
    return ids | added


def _path_ids(connection: Connection, repo_id: int, paths: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part, marks in chunks(paths):
        sql = f"SELECT path, id FROM code_paths WHERE repo_id = ? AND path IN ({marks})"
        found.update(connection.rows(sql, (repo_id, *part)))
    return found
