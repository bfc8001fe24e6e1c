"""Dependencies written as TOML or JSON tables, as Poetry, Pipenv, PDM and uv do: name = version or table."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from grace.hunter.dependencies.declarations import Declared, Entry, Problem, exact, local_project, origin_of
from grace.hunter.dependencies.source_text import Lines

_LONGEST = 500
_VCS = ("git", "hg", "svn", "bzr")
_BARE = re.compile(r"v?\d[^\s,|*^~<>=!]*")
_SHIFTED = re.compile(r"(\^|~(?!=))\s*v?(\d+(?:\.\d+)*)")


def table(document: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A table inside tables; an empty one where there is none."""
    found: Any = document
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, dict) else {}


def table_entries(entries: Mapping[str, object], lines: Lines, *, poetry: bool = False) -> Iterator[Entry]:
    """Every dependency of a table; of several alternatives (for several Pythons) each."""
    for name, value in entries.items():
        if poetry and name.lower() == "python":
            continue
        line = lines.find_key(name)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield _versioned(name, each, line, poetry=poetry)
            elif isinstance(each, dict):
                yield entry_of_table(name, each, line, poetry=poetry)
            else:
                yield Problem(line, f"{name} is given neither a version nor a table")


def entry_of_table(
    name: str, given: Mapping[str, object], line: int, *, poetry: bool = False, specifier: str = ""
) -> Entry:
    """A dependency that a table describes: a version, a repository, a URL, or a folder."""
    for kind in _VCS:
        if kind in given:
            return Declared(name, line, skipped=origin_of(f"{kind}+"))
    for key in ("path", "file"):
        if isinstance(place := given.get(key), str):
            return (
                Declared(name, line, skipped=origin_of(place)) if "://" in place else local_project(place, line, name)
            )
    if "url" in given:
        return Declared(name, line, skipped=origin_of(""))
    version = given.get("version", specifier or "*")
    return _versioned(name, version if isinstance(version, str) else "*", line, poetry=poetry)


def _versioned(name: str, text: str, line: int, *, poetry: bool) -> Entry:
    """A name with what its tool writes for versions."""
    text = text.strip()
    if len(text) > _LONGEST:
        return Problem(line, f"the version of {name} is too long to be one")
    if poetry and _BARE.fullmatch(text):
        return Declared(name, line, text, f"=={text}")
    try:
        specifier = SpecifierSet(_in_pep_440(text))
    except InvalidSpecifier:
        pinned = re.fullmatch(r"={2,3}\s*([^\s,*]+)", text)
        return Declared(name, line, pinned[1] if pinned else None)
    return Declared(name, line, exact(specifier), str(specifier))


def _in_pep_440(text: str) -> str:
    """Poetry's `^1.2`, `~1.2`, `1.*` and `*` as PEP 440 says them; raises InvalidSpecifier for alternatives."""
    if "|" in text:
        raise InvalidSpecifier(text)
    clauses = []
    for clause in filter(None, (part.strip() for part in re.split(r",|\s+(?=[<>=!~^])", text))):
        if shifted := _SHIFTED.fullmatch(clause):
            lowest = [int(part[:9]) for part in shifted[2].split(".")]
            clauses += [f">={shifted[2]}", f"<{_next(lowest, caret=shifted[1] == '^')}"]
        elif clause != "*":
            clauses.append(f"=={clause}" if re.fullmatch(r"\d+(\.\d+)*\.\*", clause) else clause)
    return ",".join(clauses)


def _next(lowest: list[int], *, caret: bool) -> str:
    """The first version that is no longer allowed."""
    kept = next((at for at, part in enumerate(lowest) if part), len(lowest) - 1) if caret else min(1, len(lowest) - 1)
    return ".".join(map(str, [*lowest[:kept], lowest[kept] + 1]))
