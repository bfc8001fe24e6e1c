"""What a dependency file declares, in whatever format: the values that readers give."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from grace.hunter.dependencies.source_text import Unreadable

MOST_ENTRIES = 20_000
_NAMED = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)", re.DOTALL)
_EXACT = re.compile(r"={2,3}\s*([^\s;,#*]+)\s*(?:;.*)?", re.DOTALL)


@dataclass(frozen=True)
class Declared:
    """A dependency, as one place of a file declares it."""

    name: str
    """As it is written; PEP 503 says which names are the same."""
    line: int
    version: str | None = None
    """The exact version, where one is given; not necessarily a valid one."""
    specifier: str = ""
    """What versions are allowed, as PEP 440 says it; empty: any, or said in a way that is not PEP 440."""
    marker: str = ""
    skipped: str = ""
    """Why nobody can say which version this is, such as 'comes from a git repository'; empty: one can."""
    build: bool = False
    """It is there to build the project: lock files leave it out."""


@dataclass(frozen=True)
class Problem:
    """Something in a file that could not be understood."""

    line: int
    reason: str


@dataclass(frozen=True)
class Include:
    """Another file that belongs to this one: `-r` or `-c` of a requirements file."""

    path: str
    """As it is written: relative to the folder of the file."""
    line: int
    constraint: bool = False


@dataclass(frozen=True)
class LocalProject:
    """A dependency that is a folder."""

    path: str
    """As it is written: relative to the folder of the file."""
    line: int
    name: str = ""


@dataclass(frozen=True)
class Declarations:
    """Everything that one file declares."""

    dependencies: tuple[Declared, ...] = ()
    problems: tuple[Problem, ...] = ()
    includes: tuple[Include, ...] = ()
    local_projects: tuple[LocalProject, ...] = ()
    project: str = ""
    """The name of the project itself, which it may name among its own dependencies."""


NOTHING_DECLARED = Declarations()

Entry = Declared | LocalProject | Problem | Include
"""What one entry of a file can be."""


def gathered(entries: Iterable[Entry], *, project: str = "") -> Declarations:
    """The declarations of a file, from its entries in order. Raises Unreadable when there are far too many."""
    found = tuple(islice(entries, MOST_ENTRIES + 1))
    if len(found) > MOST_ENTRIES:
        raise Unreadable(f"it declares more than {MOST_ENTRIES:,} dependencies")
    return Declarations(
        tuple(entry for entry in found if isinstance(entry, Declared)),
        tuple(entry for entry in found if isinstance(entry, Problem)),
        tuple(entry for entry in found if isinstance(entry, Include)),
        tuple(entry for entry in found if isinstance(entry, LocalProject)),
        project,
    )


def declared(text: str, line: int, *, build: bool = False) -> Declared | LocalProject | Problem:
    """One requirement as PEP 508 writes it, also one whose version is not valid."""
    if len(text) > 10_000:
        return Problem(line, "this requirement is too long to be one")
    try:
        requirement = Requirement(text)
    except (InvalidRequirement, RecursionError):
        return _invalid(text, line, build)
    marker = str(requirement.marker or "")
    if requirement.url is not None:
        if requirement.url.startswith("file:"):
            return local_project(requirement.url, line, requirement.name)
        return Declared(requirement.name, line, marker=marker, skipped=origin_of(requirement.url), build=build)
    return Declared(
        requirement.name, line, exact(requirement.specifier), str(requirement.specifier), marker, build=build
    )


def exact(specifier: SpecifierSet) -> str | None:
    """The one version that a specifier allows, as it is written; None when it allows several."""
    for clause in specifier:
        if clause.operator in ("==", "===") and not clause.version.endswith(".*"):
            return clause.version
    return None


def origin_of(url: str) -> str:
    """Why the version of what a URL leads to is not known."""
    kind = url.partition("+")[0] if re.match(r"(git|hg|svn|bzr)\+", url) else ""
    return f"it comes from a {kind} repository, not from a release" if kind else "it comes from a URL"


def local_project(path: str, line: int, name: str = "") -> LocalProject:
    """A folder that is depended on, from a path or a file URL."""
    path = re.sub(r"^file:(//(localhost)?(?=/))?", "", path).partition("#")[0].strip()
    if path.endswith("]") and "[" in path:  # extras
        path = path[: path.rindex("[")]
    return LocalProject(path or ".", line, name)


def _invalid(text: str, line: int, build: bool) -> Declared | Problem:
    """A requirement that PEP 508 refuses: its name and version may be known all the same (`pytz==2004d`)."""
    named = _NAMED.fullmatch(text)
    version = _EXACT.fullmatch(named[2]) if named else None
    if named and version:
        return Declared(named[1], line, version[1], build=build)
    return Problem(line, "this is no requirement that could be understood")
