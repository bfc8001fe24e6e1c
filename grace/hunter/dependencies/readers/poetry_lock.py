"""`poetry.lock`."""

from collections.abc import Mapping
from typing import Any

from grace.hunter.dependencies.declarations import Declarations, Declared, Entry, LocalProject, origin_of
from grace.hunter.dependencies.readers.lock_files import read_packages


def read(content: bytes) -> Declarations:
    """Every package that Poetry locked, of every group. Raises Unreadable."""
    return read_packages(content, "package", _elsewhere)


def _elsewhere(name: str, package: Mapping[str, Any], line: int) -> Entry | None:
    source = package.get("source")
    kind = source.get("type") if isinstance(source, dict) else None
    if kind == "directory" and isinstance(source, dict) and isinstance(source.get("url"), str):
        return LocalProject(source["url"], line, name)
    if kind in ("git", "hg", "svn", "url"):
        return Declared(name, line, skipped=origin_of("" if kind == "url" else f"{kind}+"))
    if kind == "file":
        return Declared(name, line, skipped="it is a file, not a release")
    return None  # from PyPI, or from an index that is named
