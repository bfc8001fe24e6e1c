"""Which source files a repository has, and which of them changed since they were looked at.

A checkout is known by the modification time, size and inode of its files and the times of its folders, so that an
unchanged repository costs one `stat` each. As git does, a file as young as the look at it is not trusted to be
unchanged. What `.gitignore` names is left out; a folder outside git is walked.
"""

import os
import stat
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from grace.errors import InputError
from grace.git.command import run_git, text
from grace.git.place import locate
from grace.memory.languages import is_stub_beside, language

_NEVER = {".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv", "venv", ".tox", ".nox", ".mypy_cache"}
_IGNORE_FILE = ".gitignore"
_RACY_NS = 2_000_000_000
"""Coarse clocks of file systems: a change this soon after the look may leave the same time."""


class Stat(NamedTuple):
    """What tells whether a file changed without reading it."""

    mtime_ns: int
    size: int
    inode: int


class Known(NamedTuple):
    """What the index remembers of a checkout."""

    files: Mapping[str, Stat]
    watched: Mapping[str, int]
    """Folder ("" is the root) or `.gitignore`, relative -> modification time in ns."""


class Look(NamedTuple):
    """A checkout as it is now."""

    files: dict[str, Stat]
    watched: dict[str, int]
    changed: frozenset[str]
    """Files that are new or may have another content."""
    removed: frozenset[str]


def find_root(path: Path) -> tuple[Path, bool]:
    """The folder to index for a path, and whether git lists its files.

    The top level of the repository that the path lies in (of a bare one, its folder), unless that repository ignores
    the path.
    Raises InputError when there is no such folder.
    """
    try:
        folder = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path} cannot be opened: give the path of a repository or folder. ({error})") from error
    if not folder.is_dir():
        raise InputError(f"{path} is not a folder: give the path of a repository or folder.")
    if not is_bare(folder) and not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        return folder, False
    place = locate(folder)
    if place.bare:
        return place.root, True
    ignored = run_git(
        ("check-ignore", "-z", "--stdin"),
        cwd=place.root,
        stdin=os.fsencode(folder),
        environment={"GIT_LITERAL_PATHSPECS": "0"},  # this command knows nothing of them
        accept=(0, 1, 128),  # 128: the folder is the top level itself
    )
    return (folder, False) if ignored.stdout else (place.root, True)


def is_bare(root: Path) -> bool:
    """Whether a folder is a git repository without a checkout."""
    return (root / "objects").is_dir() and (root / "HEAD").is_file()


def look(root: Path, *, by_git: bool, known: Known | None = None) -> Look:
    """The source files of a checkout now; with what is known, only what changed is looked at closely."""
    started = time.time_ns()
    if known and (found := _quick_look(root, known)):
        return found
    paths = list(_listed(root) if by_git else _walked(root))
    named = set(paths)
    sources = [path for path in paths if language(path) and not is_stub_beside(path, named)]
    files = stats(root, sources)
    ignoring = {path for path in paths if path.endswith(_IGNORE_FILE)}
    watched = _times(root, _folders(paths), started) | _ignore_times(root, ignoring, started)
    return compared(files, watched, known.files if known else {})


def head_of(root: Path) -> str:
    """The commit that is checked out, "" without git or commits."""
    answer = run_git(("rev-parse", "--verify", "--quiet", "HEAD"), cwd=root, accept=(0, 1, 128))
    return answer.stdout.decode().strip() if answer.returncode == 0 else ""


def read(root: Path, path: str) -> bytes | None:
    """The content of a regular file below root, None when it is gone, a link, or may not be read."""
    try:
        handle = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read() if stat.S_ISREG(os.fstat(handle).st_mode) else None


def trusted(seen: Stat, looked_at_ns: int) -> Stat:
    """The stat to remember: without a time when the file is so young that a later change might not show."""
    return seen._replace(mtime_ns=_trusted_time(seen.mtime_ns, looked_at_ns))


def _quick_look(root: Path, known: Known) -> Look | None:
    """What stats alone can tell, None when files may have come or other files be ignored."""
    watched = dict(known.watched)
    started = time.time_ns()
    for place, before in known.watched.items():
        try:
            now = os.stat(root / place).st_mtime_ns  # noqa: PTH116 - a thousand times, and a Path takes longer
        except OSError:
            return None
        if now != before:
            if place.endswith(_IGNORE_FILE) or _has_news(root, place, known):
                return None
            watched[place] = _trusted_time(now, started)
    return compared(stats(root, known.files), watched, known.files)


def _has_news(root: Path, folder: str, known: Known) -> bool:
    prefix = f"{folder}/" if folder else ""
    with os.scandir(root / folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if path not in known.watched and entry.name not in _NEVER:
                    return True
            elif path not in known.files and (language(path) or entry.name == _IGNORE_FILE):
                return True
    return False


def stats(root: Path, paths: Iterable[str]) -> dict[str, Stat]:
    """Regular files only; what is gone is left out, and what a folder that is a link leads to."""
    top = f"{root}/"
    lstat, regular = os.lstat, stat.S_IFREG
    found: dict[str, Stat] = {}
    within = {"": True}
    for path in paths:
        folder = path.rpartition("/")[0]
        if not (within[folder] if folder in within else _is_within(top, folder, within)):
            continue
        try:
            seen = lstat(top + path)
        except (OSError, ValueError):
            continue
        if seen.st_mode & 0o170000 == regular:
            found[path] = Stat(seen.st_mtime_ns, seen.st_size, seen.st_ino)
    return found


def _is_within(top: str, folder: str, known: dict[str, bool]) -> bool:
    """Whether a folder is reached without following a link: git still lists the files of one replaced by a link."""
    if folder not in known:
        try:
            here = stat.S_ISDIR(os.lstat(top + folder).st_mode)
        except (OSError, ValueError):
            here = False
        known[folder] = here and _is_within(top, folder.rpartition("/")[0], known)
    return known[folder]


def compared(files: dict[str, Stat], watched: dict[str, int], before: Mapping[str, Stat]) -> Look:
    """What there is now, beside what was there before."""
    changed = frozenset(path for path, seen in files.items() if before.get(path) != seen)
    return Look(files, watched, changed, frozenset(before.keys() - files.keys()))


def _listed(root: Path) -> Iterator[str]:
    listing = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    for name in run_git(listing, cwd=root).stdout.split(b"\0"):
        if name:
            path = os.fsdecode(name)
            if text(name) == path:  # names that are not UTF-8 cannot be stored, nor asked for
                yield path


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _NEVER)
        prefix = os.path.relpath(folder, root).replace(os.sep, "/") + "/" if folder != str(root) else ""
        for name in names:
            if _is_utf8(path := prefix + name):
                yield path


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _folders(paths: Collection[str]) -> set[str]:
    found = {""}
    for path in paths:
        folder = path
        while "/" in folder:
            folder = folder.rpartition("/")[0]
            if folder in found:
                break
            found.add(folder)
    return found


def _times(root: Path, folders: Iterable[str], started: int) -> dict[str, int]:
    """When folders changed; those too in which nothing is listed yet: a file may come there."""
    times: dict[str, int] = {}
    waiting = sorted(folders, reverse=True)
    listed = frozenset(waiting)
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(root / folder))
            times[folder] = _trusted_time((root / folder).stat().st_mtime_ns, started)
        except OSError:
            continue
        if folder not in listed and not all(entry.is_dir(follow_symlinks=False) for entry in entries):
            continue  # it has files that are not listed: it is ignored
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name not in _NEVER and path not in listed and entry.is_dir(follow_symlinks=False):
                waiting.append(path)
    return times


def _ignore_times(root: Path, paths: Iterable[str], started: int) -> dict[str, int]:
    return {path: _trusted_time(seen.mtime_ns, started) for path, seen in stats(root, paths).items()}


def _trusted_time(modified: int, looked_at: int) -> int:
    return modified if looked_at - modified > _RACY_NS else 0
