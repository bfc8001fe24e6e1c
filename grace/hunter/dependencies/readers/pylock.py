"""`pylock.toml` and `pylock.<name>.toml` (PEP 751)."""

from collections.abc import Mapping
from typing import Any

from grace.hunter.dependencies.declarations import Declarations, Declared, Entry, local_project, origin_of
from grace.hunter.dependencies.readers.lock_files import read_packages


def read(content: bytes) -> Declarations:
    """Every package that is locked. Raises Unreadable."""
    return read_packages(content, "packages", _elsewhere)


def _elsewhere(name: str, package: Mapping[str, Any], line: int) -> Entry | None:
    if isinstance(vcs := package.get("vcs"), dict):
        return Declared(name, line, skipped=origin_of(f"{vcs.get('type', 'git')}+"))
    if isinstance(directory := package.get("directory"), dict):
        return local_project(str(directory.get("path", ".")), line, name)
    if "archive" in package:
        return Declared(name, line, skipped=origin_of(""))
    return None
