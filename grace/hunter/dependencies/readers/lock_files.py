"""Lock files written in TOML: what they have in common is a table a package, in the order of the file."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from grace.hunter.dependencies.declarations import Declarations, Declared, Entry, Problem, gathered
from grace.hunter.dependencies.source_text import Lines, Unreadable, decode, toml

Where = Callable[[str, Mapping[str, Any], int], Entry | None]
"""(name, package, line) -> what a package is that comes from no index; None: it comes from one."""


def read_packages(content: bytes, key: str, elsewhere: Where) -> Declarations:
    """Every package of a lock file whose tables are `[[key]]`. Raises Unreadable."""
    text = decode(content)
    document = toml(text)
    packages = document.get(key, [])
    if not document:
        raise Unreadable("it is empty: no dependency is locked")
    if not isinstance(packages, list):
        raise Unreadable("its packages are not a list of tables")
    return gathered(_entries(packages, Lines(text), f"[[{key}]]", elsewhere))


def _entries(packages: list[Any], lines: Lines, header: str, elsewhere: Where) -> Iterator[Entry]:
    starts = lines.starting(header)
    in_order = len(starts) == len(packages)
    for at, package in enumerate(packages):
        name = package.get("name") if isinstance(package, dict) else None
        if not isinstance(name, str) or not name:
            yield Problem(starts[at] if in_order else 1, "a package has no name")
            continue
        line = lines.find("name", f'"{name}"', after=starts[at] if in_order else 0)
        if (other := elsewhere(name, package, line)) is not None:
            yield other
            continue
        version = package.get("version")
        if isinstance(version, str) and version:
            yield Declared(name, line, version, f"=={version}", _marker(package))
        else:
            yield Declared(name, line, skipped="the lock file names no version")


def _marker(package: Mapping[str, Any]) -> str:
    marker = package.get("marker") or package.get("markers")
    return marker if isinstance(marker, str) else ""
