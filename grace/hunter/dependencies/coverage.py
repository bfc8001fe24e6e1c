"""Which versions of a project are known: its own exact ones, and those that lock files and pins beside it decide."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from grace.hunter.dependencies.declarations import Declared, LocalProject
from grace.hunter.dependencies.dependency_files import DependencyFile, DependencyFiles, dependencies_of, inside
from grace.hunter.dependencies.formats import Role
from grace.hunter.dependencies.gaps import Gap, Kind
from grace.hunter.dependencies.version_ranges import parse

_PYTHON_PROJECTS = ("pyproject.toml", "setup.cfg", "setup.py")
_OF_ONE_PLATFORM = ("Pipfile.lock", "pdm.lock", "pylock")
"""Lock files that may leave out what a marker excludes."""
_SHOWN_NAMES = 5


@dataclass(frozen=True)
class Subject:
    """A dependency that can be audited: by its version, or by the newest that its specifier allows."""

    path: str
    line: int
    name: str
    """Normalised."""
    version: str | None
    specifier: str


@dataclass(frozen=True)
class Locked:
    """What the lock files of a project say."""

    files: tuple[DependencyFile, ...]
    versions: Mapping[str, tuple[str | None, ...]]
    """Normalised name -> the versions it is locked at; None where there is only an origin."""


def locked_for(file: DependencyFile, files: DependencyFiles) -> Locked | None:
    """The lock files that decide for a project's file; None when there are none."""
    locks = tuple(_locks(file, files))
    if not locks:
        return None
    versions: dict[str, tuple[str | None, ...]] = {}
    for lock in locks:
        for each in lock.declarations.dependencies:
            name = canonicalize_name(each.name)
            versions[name] = (*versions.get(name, ()), each.version)
        for folder in lock.declarations.local_projects:
            versions.setdefault(canonicalize_name(folder.name), (None,))
    return Locked(locks, versions)


def subjects(file: DependencyFile, files: DependencyFiles) -> Iterator[Subject | Gap]:
    """What a file lets be audited, and what it does not."""
    locked = locked_for(file, files) if file.format.role is Role.PROJECT else None
    known = _known_elsewhere(file, files)
    ranges: list[tuple[str, Declared]] = []
    for name, each in dependencies_of(file):
        if locked is not None and not each.build:
            yield from _against_lock(file, name, each, locked)
        elif each.skipped:
            identity = ("skipped", name, each.skipped, file.line(each.line).strip())
            yield Gap(file.path, each.line, f"{each.name} was not audited: {each.skipped}", identity)
        elif each.version is not None:
            yield Subject(file.path, each.line, name, each.version, each.specifier)
        else:
            yield Subject(file.path, each.line, name, None, each.specifier)
            if not each.build and name not in known and file.format.role is not Role.CONSTRAINTS:
                ranges.append((name, each))
    if file.format.role is Role.PROJECT:
        yield from _one_gap(file, ranges)
    else:
        for name, each in ranges:
            reason = (
                f"{each.name} has no exact version ({each.specifier or 'any'}): what gets installed was not audited"
            )
            yield Gap(file.path, each.line, reason, ("unpinned", name, each.specifier, each.marker))


def local_gaps(file: DependencyFile, files: DependencyFiles) -> Iterator[Gap]:
    """Folders that a file depends on and that have no dependency file of their own in the tree."""
    for each in file.declarations.local_projects:
        reason = _not_here(file, each, files)
        if reason:
            shown = each.name or each.path
            yield Gap(
                file.path, each.line, f"{shown} was not audited: {reason}", ("local", each.path, each.name, reason)
            )


def _locks(file: DependencyFile, files: DependencyFiles) -> Iterator[DependencyFile]:
    name = PurePosixPath(file.path).name
    if name.endswith(".in"):
        compiled = files.files.get(f"{file.path.removesuffix('.in')}.txt")
        if compiled is not None:
            yield compiled
        return
    for lock in files.in_folder(file.folder):
        if lock.format.role is Role.LOCK and (posixpath.basename(lock.path) == "Pipfile.lock") is (name == "Pipfile"):
            yield lock
    if name in _PYTHON_PROJECTS:
        yield from (lock for lock in files.workspace_locks.get(file.folder, ()) if lock.folder != file.folder)


def _known_elsewhere(file: DependencyFile, files: DependencyFiles) -> frozenset[str]:
    """Names whose versions another declaration decides: a constraint, the same file, pins beside a project."""
    beside = [file]
    if file.format.role is Role.PROJECT:
        beside += [each for each in files.in_folder(file.folder) if each.format.role is Role.REQUIREMENTS]
    pinned = {
        canonicalize_name(each.name)
        for other in beside
        for each in other.declarations.dependencies
        if each.version is not None
    }
    return files.constrained(file.path) | pinned


def _against_lock(file: DependencyFile, name: str, each: Declared, locked: Locked) -> Iterator[Gap]:
    """The lock file is audited by itself; here only what it does not cover."""
    if any(lock.unreadable for lock in locked.files):
        return
    shown = " and ".join(posixpath.basename(lock.path) for lock in locked.files)
    versions = locked.versions.get(name)
    identity = ("unlocked", name, each.specifier, each.marker)
    if versions is None:
        may_be_left_out = all(posixpath.basename(lock.path).startswith(_OF_ONE_PLATFORM) for lock in locked.files)
        if not (each.marker and may_be_left_out):
            reason = f"{each.name} is not in {shown}: make the lock file anew, so that its version can be audited"
            yield Gap(file.path, each.line, reason, identity)
    elif each.specifier and not any(version is None or _allows(each.specifier, version) for version in versions):
        at = ", ".join(version for version in versions if version)
        reason = f"{each.name} is locked at {at} in {shown}, which {each.specifier} excludes: make the lock file anew"
        yield Gap(file.path, each.line, reason, identity)


def _allows(specifier: str, version: str) -> bool:
    parsed = parse(version)
    try:
        return parsed is None or SpecifierSet(specifier).contains(parsed, prereleases=True)
    except InvalidSpecifier:
        return True


def _one_gap(file: DependencyFile, ranges: list[tuple[str, Declared]]) -> Iterator[Gap]:
    if not ranges:
        return
    names = [each.name for _, each in ranges]
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    reason = (
        f"Neither an exact version nor a lock file says what is installed of {', '.join(names[:_SHOWN_NAMES])}{more}: "
        "only what their ranges allow was audited"
    )
    identity = ("ranges", *sorted(f"{name}{each.specifier};{each.marker}" for name, each in ranges))
    yield Gap(file.path, ranges[0][1].line, reason, identity, Kind.RANGES)


def _not_here(file: DependencyFile, each: LocalProject, files: DependencyFiles) -> str:
    """Why the dependencies of a folder are not audited; empty: they are, by its own files."""
    if not each.path:
        here = canonicalize_name(each.name) in files.projects
        return "" if here else "no project of that name is in this repository"
    place = inside(file.folder, each.path)
    if place is None:
        return "it lies outside of this repository"
    folder = "" if place == "." else place
    known = any(other.path != file.path for other in files.in_folder(folder))
    own = folder == file.folder
    return "" if known or (own and file.format.role is Role.LOCK) else "that folder declares no dependencies in a file"
