"""`pyproject.toml`: [project] (PEP 621), dependency groups (PEP 735), build requirements (PEP 518), Poetry's tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from packaging.utils import canonicalize_name

from grace.hunter.dependencies.declarations import (
    Declarations,
    Declared,
    Entry,
    LocalProject,
    Problem,
    declared,
    gathered,
)
from grace.hunter.dependencies.readers.tables import entry_of_table, table, table_entries
from grace.hunter.dependencies.source_text import Lines, decode, toml


def read(content: bytes) -> Declarations:
    """What a project declares, required, optional, in groups and to be built. Raises Unreadable."""
    text = decode(content)
    document, lines = toml(text), Lines(text)
    project, poetry = table(document, "project"), table(document, "tool", "poetry")
    name = project.get("name") or poetry.get("name")
    return gathered(
        [*_standard(document, lines), *_of_poetry(poetry, lines)], project=name if isinstance(name, str) else ""
    )


def _standard(document: Mapping[str, object], lines: Lines) -> Iterator[Entry]:
    project = table(document, "project")
    lists = [project.get("dependencies", []), table(document, "tool", "uv").get("dev-dependencies", [])]
    for groups in (
        table(project, "optional-dependencies"),
        table(document, "dependency-groups"),
        table(document, "tool", "pdm", "dev-dependencies"),
    ):
        lists += groups.values()
    sources = {canonicalize_name(name): source for name, source in table(document, "tool", "uv", "sources").items()}
    for entries in lists:
        for entry in _requirements(entries, lines):
            yield _from_its_source(entry, sources)
    yield from _requirements(table(document, "build-system").get("requires", []), lines, build=True)


def _of_poetry(poetry: Mapping[str, object], lines: Lines) -> Iterator[Entry]:
    groups = table(poetry, "group")
    for dependencies in (
        table(poetry, "dependencies"),
        table(poetry, "dev-dependencies"),
        *(table(groups, name, "dependencies") for name in groups),
    ):
        yield from table_entries(dependencies, lines, poetry=True)


def _requirements(entries: object, lines: Lines, *, build: bool = False) -> Iterator[Entry]:
    if not isinstance(entries, list):
        yield Problem(1, "its dependencies are not a list")
        return
    for entry in entries:
        if isinstance(entry, str):
            yield declared(entry.removeprefix("-e ").strip(), lines.find(entry), build=build)
        elif not isinstance(entry, dict) or "include-group" not in entry:
            yield Problem(1, "a dependency is not written as text")


def _from_its_source(entry: Entry, sources: Mapping[Any, Any]) -> Entry:
    """The entry, where uv is told to take it from elsewhere than an index."""
    if not isinstance(entry, Declared) or not isinstance(source := sources.get(canonicalize_name(entry.name)), dict):
        return entry
    if source.get("workspace"):
        return LocalProject("", entry.line, entry.name)
    return entry if "index" in source else entry_of_table(entry.name, source, entry.line, specifier=entry.specifier)
