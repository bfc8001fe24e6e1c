"""What an edit or a patch may touch, and how a patch meets a folder."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grace.errors import GraceError, IntegrityError
from grace.git.command import run_git

REGULAR = ("100644", "100755")
"""The modes of files; the others are symbolic links and submodules."""


@dataclass(frozen=True)
class Entry:
    """A line of `git ls-tree`."""

    name: bytes
    """The path as git has it."""
    mode: str
    kind: str
    blob: str


def refusal(path: str, tree: Mapping[str, Entry], folders: Collection[str], files: Collection[str]) -> str:
    """Why writing to path could reach something else than a file of the repository; empty when it cannot.

    `tree` is what the base holds, `folders` its folders, `files` what the other edits make.
    """
    pure = PurePosixPath(path)
    if not path or "\0" in path or pure.is_absolute() or str(pure) != path or ".." in pure.parts:
        return "not a plain path relative to the repository"
    if any(part.lower() == ".git" for part in pure.parts):
        return "it is git's own"
    if path in folders:
        return "it is a folder"
    if path in tree and tree[path].mode not in REGULAR:
        return "it is a symbolic link or a submodule"
    if path in tree and tree[path].name != path.encode():
        return "its name is not UTF-8"
    parents = (str(parent) for parent in pure.parents)
    if over := next((parent for parent in parents if parent in tree or parent in files), ""):
        return f"{over} is not a folder (a link could lead out of the repository)"
    return ""


def refuse_special_modes(patch: str) -> None:
    """Raise IntegrityError when a patch makes a link or a submodule: either can lead out of a checkout."""
    if re.search(r"^new (file )?mode 1[26]0000", patch, re.MULTILINE):
        raise IntegrityError("Refusing a patch that makes a symbolic link or a submodule.")


def apply_patch(patch: str, folder: Path, *mode: str, error: type[GraceError], options: Sequence[str] = ()) -> None:
    """Apply a patch to the files of a folder, or as `mode` says: git checks all of it before it writes.

    `options` go to git itself. Raises `error` when the patch does not fit.
    """
    strict = ("--whitespace=nowarn", "--no-ignore-whitespace", *mode)
    try:
        run_git((*options, "apply", *strict, "-"), cwd=folder, stdin=patch.encode("utf-8", "surrogateescape"))
    except GraceError as failure:
        if type(failure) is not GraceError:
            raise
        raise error(f"The patch does not apply to {folder}: {failure}") from failure


def remember(paths: Iterable[Path]) -> dict[Path, tuple[bytes, int] | None]:
    """Content and mode of files, None for those that are not there, for `restore`."""
    return {p: (p.read_bytes(), p.stat().st_mode) if p.is_file() else None for p in paths if not p.is_dir()}


def restore(before: Mapping[Path, tuple[bytes, int] | None]) -> None:
    """Put files back as they were remembered."""
    for path, was in before.items():
        if was is None:
            path.unlink(missing_ok=True)
        elif not path.exists() or path.read_bytes() != was[0]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(was[0])
            path.chmod(was[1])
