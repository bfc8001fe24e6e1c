"""Throwaway folders that do not outlive their process for long.

A folder `grace-x` belongs to whoever holds the lock on its sibling `grace-x.lock` (flock, which the kernel
frees when the process dies; unlike a process id it cannot be reused, and it holds across pid namespaces).
Leaving the context removes both; `sweep` removes what killed processes left behind.
"""

import errno
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grace.errors import EnvironmentLacking

_PREFIX, _LOCK = "grace-", ".lock"
_log = logging.getLogger(__name__)


@contextmanager
def workspace(parent: Path | None = None) -> Iterator[Path]:
    """An empty folder, private to this user, below parent (default: the system's temporary folder).

    Raises EnvironmentLacking when it cannot be made (no space, no permission).
    """
    try:
        lock, folder = _claim(Path(tempfile.gettempdir()) if parent is None else parent)
    except OSError as error:
        raise unwritable(error, "a temporary folder") from error
    try:
        yield folder
    finally:
        _release(lock, folder)


def sweep(parent: Path | None = None) -> tuple[Path, ...]:
    """Remove the folders below parent whose process is gone; give their paths."""
    parent = Path(tempfile.gettempdir()) if parent is None else parent
    swept = []
    for lock_path in sorted(parent.glob(f"{_PREFIX}*{_LOCK}")):
        try:
            lock = os.open(lock_path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:  # another user's, or gone meanwhile
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # its process lives
            os.close(lock)
            continue
        folder = lock_path.with_suffix("")
        _release(lock, folder)
        swept.append(folder)
    return tuple(swept)


def unwritable(error: OSError, what: str) -> EnvironmentLacking:
    """The error that says why something could not be written and what to do about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EnvironmentLacking(f"No space left on the disk while writing {what}: free some and run again.")
    return EnvironmentLacking(f"Cannot write {what}: {error}. Check the permissions, or set another folder.")


def _claim(parent: Path) -> tuple[int, Path]:
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        lock, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_LOCK, dir=parent)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(lock).st_nlink:  # else a sweep saw it before it was locked
            break
        os.close(lock)
    folder = Path(name).with_suffix("")
    try:
        os.write(lock, f"{os.getpid()}\n".encode())
        folder.mkdir(mode=0o700)
    except BaseException:
        _release(lock, folder)
        raise
    return lock, folder


def _release(lock: int, folder: Path) -> None:
    """Remove the folder, then its lock; what cannot be removed stays for the next sweep."""
    try:
        if folder.exists():
            _remove(folder)
        folder.with_name(folder.name + _LOCK).unlink(missing_ok=True)
    except OSError as error:
        _log.warning("Could not remove %s (%s); the next sweep tries again.", folder, error)
    finally:
        os.close(lock)


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except PermissionError:  # folders that the code under test made read-only
        folder.chmod(0o700)
        for parent, folders, _ in os.walk(folder):
            for name in folders:
                if not (child := Path(parent, name)).is_symlink():
                    child.chmod(0o700)
        shutil.rmtree(folder)
