"""What a checkout holds now, without reading the files that git knows to be as they were."""

import os
import re
import stat
from pathlib import Path

from grace.git.command import run_git
from grace.git.edits import REGULAR
from grace.git.place import locate

_CONVERTED = re.compile(rb"(?m)^[^#\n]*\s(filter=|working-tree-encoding=|ident\b|eol=|text\b)")
"""Attributes with which a file is not the bytes of its blob."""


def working_files(root: Path) -> dict[bytes, str]:
    """Name -> blob id of the regular files of a checkout, tracked or not, but for ignored ones.

    The id is "" where only reading tells: files that changed, that are not tracked, or that git converts. Links,
    submodules and what is not there are left out. Names are as git has them, relative to `root`, the top level.
    """
    options = locate(root).options

    def names(*command: str) -> list[bytes]:
        return run_git((*options, *command), cwd=root).stdout.split(b"\0")

    staged, dirty = names("ls-files", "-z", "--stage"), set(names("diff-files", "-z", "--name-only"))
    others = names("ls-files", "-z", "--others", "--exclude-standard")
    converts = _converts(root)
    files: dict[bytes, str] = {}
    for row in staged:
        head, _, name = row.partition(b"\t")
        if name:
            mode, blob, stage = head.decode().split()
            if mode in REGULAR:
                files[name] = "" if converts or stage != "0" or name in dirty else blob
    files.update((name, "") for name in others if name)
    return {name: blob for name, blob in files.items() if is_regular(root, name)}


def is_regular(root: Path, name: bytes) -> bool:
    """Whether a name below a folder is a file, not a link to one, and still there."""
    try:
        return stat.S_ISREG(os.lstat(os.path.join(os.fsencode(root), name)).st_mode)  # noqa: PTH118 - bytes
    except OSError:
        return False


def _converts(root: Path) -> bool:
    """Whether git may turn the bytes of a file into others on their way into the repository."""
    try:
        return _CONVERTED.search((root / ".gitattributes").read_bytes()) is not None
    except OSError:
        return False
