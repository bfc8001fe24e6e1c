"""Repositories without a checkout: what their HEAD holds, and its files on disk for as long as they are read.

A file is known by git's id of its content, which stands where a checkout has the time of a file.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grace.git import GitRepository, run_git, workspace
from grace.git.command import text
from grace.memory.languages import is_stub_beside, language
from grace.memory.source_tree import Known, Look, Stat, compared, is_bare

_REGULAR = (b"100644", b"100755")


def look_at_head(root: Path, known: Known | None) -> Look:
    """The source files of HEAD."""
    listing = run_git(("ls-tree", "-r", "-z", "-l", "--full-tree", "HEAD"), cwd=root, accept=(0, 128)).stdout
    found: dict[str, Stat] = {}
    for line in listing.split(b"\0"):
        head, _, name = line.partition(b"\t")
        path = os.fsdecode(name)
        if head and text(name) == path and language(path):
            mode, _, blob, size = head.split()
            if mode in _REGULAR:
                found[path] = Stat(int(blob[:15], 16), int(size), 0)
    files = {path: seen for path, seen in found.items() if not is_stub_beside(path, found)}
    return compared(files, {}, known.files if known else {})


@contextmanager
def on_disk(root: Path, paths: Sequence[str]) -> Iterator[Path]:
    """A folder in which these files can be read: the checkout itself, else one that is made for it."""
    if not is_bare(root):
        yield root
        return
    contents = GitRepository.open(root).read_many("HEAD", paths)
    with workspace() as folder:
        for path, content in contents.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        yield folder
