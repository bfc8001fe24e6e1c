"""Reading source files: one file at a time, or many over the cores of this machine."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from grace.memory import source_tree
from grace.memory.languages import HUGE_BYTES, language, left_out_by_content, left_out_by_path
from grace.memory.payload import FORMAT, Definition, Payload, SymbolKind, encode

KEY_END = f".{FORMAT}"
"""How the keys of payloads end that this version can use."""
FEW = 64
"""So few files are read sooner here than by processes that must be started first."""


class Parsed(NamedTuple):
    """One file as it was read."""

    path: str
    blob: str
    """The key of its payload; "" when it was gone."""
    payload: bytes
    """Encoded; empty when the payload is known already."""


def parse_file(source: bytes, path: str) -> Payload:
    """What a source file says; never fails: what cannot be parsed is known by its words, with the reason."""
    name = language(path)
    if reason := left_out_by_path(path) or left_out_by_content(source, name):
        return _only_named(name, source, reason)
    try:
        return _parser(name)(source, path)
    except Exception as error:  # noqa: BLE001 - one file that trips the parser must not cost the others: it is listed
        return _only_named(name, source, f"the parser failed: {type(error).__name__}: {error}")


def _parser(name: str) -> Callable[[bytes, str], Payload]:
    if name == "python":
        from grace.memory.python_parser import parse_python

        return parse_python
    from grace.memory.javascript_parser import parse_javascript

    return parse_javascript


def blob_key(source: bytes, path: str) -> str:
    """git's id of a content and what else decides what is read from it."""
    digest = hashlib.sha1(b"blob %d\0" % len(source), usedforsecurity=False)
    digest.update(source)
    return f"{digest.hexdigest()}{path[path.rfind('.') :].lower()}{'!' * bool(left_out_by_path(path))}{KEY_END}"


def parse_codebase(
    root: Path, paths: Sequence[str], *, known: frozenset[str] = frozenset(), processes: int = 0
) -> Iterator[Parsed]:
    """Read many files, in no particular order; `known` are the keys whose payloads need not be made again.

    Many are read by processes of their own, 0 for as many as there are cores: a file that crashes its parser
    costs that process, and is then known by its name only.
    """
    if len(paths) <= FEW:
        for path in paths:
            yield parse_one(root, path, known)
        return
    from grace.memory.reading_pool import read_all

    yield from read_all(root, paths, known, processes or len(os.sched_getaffinity(0)))


def parse_one(root: Path, path: str, known: frozenset[str]) -> Parsed:
    """Read one file."""
    source = source_tree.read(root, path)
    if source is None:
        return Parsed(path, "", b"")
    key = blob_key(source, path)
    return Parsed(path, key, b"" if key in known else encode(parse_file(source, path)))


def name_only(root: Path, path: str, reason: str) -> Parsed:
    """A file that is not parsed."""
    source = source_tree.read(root, path)
    if source is None:
        return Parsed(path, "", b"")
    return Parsed(path, blob_key(source, path), encode(_only_named(language(path), source, reason)))


def _only_named(name: str, source: bytes, reason: str) -> Payload:
    lines = source.count(b"\n") + 1 if len(source) <= HUGE_BYTES else 0
    module = Definition("", SymbolKind.MODULE, -1, 1, 1, max(lines, 1))
    return Payload(name, (module,), lines=lines, problem=reason)
