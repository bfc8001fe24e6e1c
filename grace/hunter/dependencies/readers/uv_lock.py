"""`uv.lock`."""

from collections.abc import Mapping
from typing import Any

from grace.hunter.dependencies.declarations import Declarations, Declared, Entry, LocalProject, origin_of
from grace.hunter.dependencies.readers.lock_files import read_packages


def read(content: bytes) -> Declarations:
    """Every package that uv locked, for every platform; members of the workspace as folders. Raises Unreadable."""
    return read_packages(content, "package", _elsewhere)


def _elsewhere(name: str, package: Mapping[str, Any], line: int) -> Entry | None:
    source = package.get("source")
    if not isinstance(source, dict):
        return None
    for kind in ("editable", "virtual", "directory"):
        if isinstance(source.get(kind), str):
            return LocalProject(source[kind], line, name)
    for kind, origin in (("git", "git+"), ("url", ""), ("path", "")):
        if kind in source:
            return Declared(name, line, skipped=origin_of(origin) if kind != "path" else "it is a file, not a release")
    return None
