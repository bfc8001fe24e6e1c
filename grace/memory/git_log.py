"""`git log`, read once: commits, newest first, with the lines each added and removed in which files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grace.git.command import run_git, text

_FIX = re.compile(
    r"\b(?:fix(?:e[sd]|ing)?|bug(?:s|fix(?:es)?)?|hotfix|regressions?|crash(?:e[sd])?|broken|repair(?:s|ed)?|"
    r"(?:correct|resolve|prevent|avoid)(?:s|ed)?|wrong|incorrect|leaks?|race|deadlocks?|(?:close|resolve)[sd]? #\d+)\b",
    re.IGNORECASE,
)
_NO_FIX = re.compile(
    r"\b(?:typos?|spelling|docs?|docstrings?|documentation|readme|changelog|lint(?:ing)?|flake8|ruff|pylint|mypy|typing|"
    r"type hints?|annotations?|formatting|whitespace|indentation|style|tests?|ci|build|links?)\b",
    re.IGNORECASE,
)
_REVERTS = re.compile(rb"This reverts commit ([0-9a-f]{7,64})")


class Touch(NamedTuple):
    """A file that a commit changes."""

    path: str
    added: int
    """Lines; 0 for a binary file."""
    removed: int
    old: str = ""
    """What a renamed file was called before."""


class Commit(NamedTuple):
    """One commit that is no merge."""

    sha: str
    author: str
    when: int
    """Committed, in seconds since 1970."""
    subject: str
    reverts: tuple[str, ...]
    """Ids of commits that it takes back, possibly shortened."""
    touched: list[Touch]


def is_fix(subject: str) -> bool:
    """Whether a commit says that it mends what the program does (not its tests, documents or style)."""
    return _FIX.search(subject) is not None and _NO_FIX.search(subject) is None


def read_log(root: Path, head: str, known: str, limit: int) -> Iterator[Commit]:
    """The newest `limit` commits that lead to `head` and not to `known` ("": nothing is), newest first.

    Paths are relative to `root`, commits that touch nothing below it are left out. One start of git.
    """
    wanted = (head, f"^{known}") if known else (head,)
    form = "--format=%x00%x00%H%x00%aN%x00%ct%x00%B"
    options = (
        *("--no-merges", "--numstat", "-M", "-l200", "-z", "--relative", f"--max-count={limit}", form),
        *("--no-show-signature", "--no-ext-diff", "--no-textconv", "--ignore-submodules"),  # nothing else is started
    )
    return _commits(run_git(("log", *options, *wanted, "--"), cwd=root).stdout)


def _commits(output: bytes) -> Iterator[Commit]:
    """Commits as `read_log` has them printed: each begins with two empty fields, which nothing else has."""
    for record in filter(None, output.split(b"\0\0\0")):
        sha, author, when, *fields = record.lstrip(b"\0").split(b"\0")
        if touched := _touched(fields[1:]):
            message = fields[0]
            reverts = tuple(sha.decode() for sha in _REVERTS.findall(message))
            subject = text(message.lstrip().partition(b"\n")[0])[:500]
            yield Commit(sha.decode(), text(author)[:200], int(when), subject, reverts, touched)


def _touched(fields: list[bytes]) -> list[Touch]:
    """`added TAB removed TAB path`; a rename leaves the path empty and has the old and the new one after it."""
    touched = []
    rest = iter(fields)
    for field in rest:
        added, _, tail = field.lstrip(b"\n").partition(b"\t")
        removed, tab, path = tail.partition(b"\t")
        if not tab:
            continue
        old = b"" if path else next(rest, b"")
        # Binary files have `-` for counts.
        lines = (int(added) if added.isdigit() else 0, int(removed) if removed.isdigit() else 0)
        touched.append(Touch(text(path or next(rest, b"")), *lines, text(old)))
    return touched
