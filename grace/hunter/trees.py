"""Where trees come from: a revision, a change on top of one, a checkout, any folder or file."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha1
from pathlib import Path
from typing import BinaryIO

from grace.contracts import FileEdit
from grace.git.checkout import is_regular, working_files
from grace.git.command import text
from grace.hunter.tree import Tree, blob_id
from grace.ports import VersionControl

_NOT_SOURCE = frozenset(
    b".git .hg .svn __pycache__ node_modules .venv venv .tox .nox .mypy_cache .ruff_cache .pytest_cache".split()
)
_UNREAD = "unread"
"""Stands for the id of what could not be read."""
_LARGEST = 64 * 2**20
"""A file beyond is not read into memory, whoever asks; what wanted to read it says that it could not."""
_BLOCK = 2**20


def revision_tree(repository: VersionControl, revision: str) -> Tree:
    """The files of a commit. Raises InputError when there is none."""
    commit = repository.resolve(revision)
    return Tree(repository.blobs(commit), lambda paths: repository.read_many(commit, paths))


def edited_tree(base: Tree, edits: Sequence[FileEdit]) -> Tree:
    """A tree with edits on top."""
    written = {edit.path: edit.after for edit in edits if edit.after is not None}
    gone = {edit.path for edit in edits if edit.after is None}
    keys = {path: key for path, key in base.keys.items() if path not in gone}
    keys |= {path: blob_id(content) for path, content in written.items()}

    def read_many(paths: Sequence[str]) -> Mapping[str, bytes]:
        others = [path for path in paths if path not in written]
        found = dict(base.read_many(others)) if others else {}
        return found | {path: written[path] for path in paths if path in written}

    return Tree(keys, read_many)


def checkout_tree(root: Path) -> Tree:
    """A checkout as it is, untracked files that are not ignored included; `root` is its top level."""
    return _on_disk(root, working_files(root))


def folder_tree(root: Path) -> Tree:
    """All files below a folder that is in no repository; links are not followed."""
    return _on_disk(root, dict.fromkeys(_walked(root), ""))


def file_tree(file: Path) -> Tree:
    """One file, under its name."""
    return _on_disk(file.parent, {os.fsencode(file.name): ""})


def within(tree: Tree, prefix: str) -> Tree:
    """The part of a tree below a folder, or one file of it; paths stay as they are."""
    keys = {path: key for path, key in tree.keys.items() if path == prefix or path.startswith(f"{prefix}/")}
    return Tree(keys, tree.read_many)


def without(tree: Tree, paths: Iterable[str]) -> Tree:
    """A tree with some files left out."""
    left_out = set(paths)
    return Tree({path: key for path, key in tree.keys.items() if path not in left_out}, tree.read_many)


def _on_disk(root: Path, blobs: Mapping[bytes, str]) -> Tree:
    """Files below a folder; those without an id are read once for it.

    What cannot be read stays in the tree, so that whoever wants its content says that it did not get it.
    """
    names = {text(name): name for name in blobs}
    keys = {path: blobs[name] or _hashed(root, name) or _UNREAD for path, name in names.items()}

    def read_many(paths: Sequence[str]) -> dict[str, bytes]:
        return {path: content for path in paths if (content := _read(root, names[path])) is not None}

    return Tree(keys, read_many)


def _walked(root: Path) -> Iterator[bytes]:
    top = os.fsencode(root)
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in _NOT_SOURCE)
        within = os.path.relpath(folder, top)
        for name in sorted(names):
            path = name if within == b"." else os.path.join(within, name)  # noqa: PTH118 - bytes
            if is_regular(root, path):
                yield path


def _hashed(root: Path, name: bytes) -> str:
    """The blob id of a file, "" when it cannot be read."""
    try:
        with _opened(root, name) as file:
            size = os.fstat(file.fileno()).st_size
            digest = sha1(b"blob %d\0" % size, usedforsecurity=False)
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


def _read(root: Path, name: bytes) -> bytes | None:
    """The content of a file, None when it is gone, too large for memory or may not be read."""
    try:
        with _opened(root, name) as file:
            return None if os.fstat(file.fileno()).st_size > _LARGEST else file.read()
    except OSError:
        return None


def _opened(root: Path, name: bytes) -> BinaryIO:
    """A regular file, open. Raises OSError for anything else that has taken its place."""
    handle = os.open(os.path.join(os.fsencode(root), name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # noqa: PTH118 - bytes
    file = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise OSError(f"{name!r} is not a file any more")
    return file
