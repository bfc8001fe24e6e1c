"""Which repositories are indexed, and how old what is known of them is."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from grace.errors import InputError
from grace.memory.database import Connection, Database


class Indexed(NamedTuple):
    """The index of one repository."""

    repo_id: int
    root: Path
    revision: str
    indexed_at: float
    database: Database

    def age(self, paths: Iterable[str]) -> dict[str, Any]:
        """How old an answer is, and whether what it rests on has changed since."""
        return {
            "repository": str(self.root),
            "revision": self.revision,
            "indexed_at": datetime.fromtimestamp(self.indexed_at, UTC).isoformat(timespec="seconds"),
            "stale": _head(self.root) not in ("", self.revision) or self._changed(sorted(set(paths))),
        }

    def _changed(self, paths: list[str]) -> bool:
        if not paths:
            return False
        marks = ", ".join("?" * len(paths))
        query = f"SELECT path, mtime_ns, size FROM code_files WHERE repo_id = ? AND path IN ({marks})"
        with self.database.reading() as connection:
            rows = connection.rows(query, (self.repo_id, *paths))
        for path, mtime_ns, size in rows:
            try:
                now = os.stat(self.root / path)  # noqa: PTH116 - one name for what is compared
            except OSError:
                return True
            if now.st_size != size or (mtime_ns and now.st_mtime_ns != mtime_ns):
                return True
        return False


def find_indexed(database: Database, path: Path) -> Indexed | None:
    """The index of the repository that a path lies in; None when there is none.

    Raises InputError when there is no such path.
    """
    try:
        folder = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path} cannot be opened: give the path of a repository or folder. ({error})") from error
    with database.reading() as connection:
        return next((found for place in (folder, *folder.parents) if (found := _at(connection, database, place))), None)


def _at(connection: Connection, database: Database, place: Path) -> Indexed | None:
    query = "SELECT id, revision, indexed_at FROM code_repositories WHERE location = ?"
    rows = connection.rows(query, (str(place),))
    return Indexed(rows[0][0], place, rows[0][1], rows[0][2], database) if rows else None


def _head(root: Path) -> str:
    """The commit that is checked out as git's files say it, "" where they do not: starting git takes longer."""
    git = root / ".git"
    try:
        if git.is_file():
            git = (root / git.read_text().removeprefix("gitdir:").strip()).resolve()
        head = (git / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        common = git / (git / "commondir").read_text().strip() if (git / "commondir").exists() else git
        name = head.removeprefix("ref: ")
        if (loose := common / name).is_file():
            return loose.read_text().strip()
        packed = (common / "packed-refs").read_text().splitlines()
        return next((line.split()[0] for line in packed if line.endswith(f" {name}")), "")
    except (OSError, ValueError, IndexError):
        return ""
