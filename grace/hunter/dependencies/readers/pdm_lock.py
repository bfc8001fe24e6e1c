"""`pdm.lock`."""

from collections.abc import Mapping
from typing import Any

from grace.hunter.dependencies.declarations import Declarations, Declared, Entry, local_project, origin_of
from grace.hunter.dependencies.readers.lock_files import read_packages


def read(content: bytes) -> Declarations:
    """Every package that PDM locked. Raises Unreadable."""
    return read_packages(content, "package", _elsewhere)


def _elsewhere(name: str, package: Mapping[str, Any], line: int) -> Entry | None:
    for kind in ("git", "hg", "svn"):
        if kind in package:
            return Declared(name, line, skipped=origin_of(f"{kind}+"))
    if "url" in package:
        return Declared(name, line, skipped=origin_of(""))
    if isinstance(package.get("path"), str):
        return local_project(package["path"], line, name)
    return None
