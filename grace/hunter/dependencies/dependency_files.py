"""The dependency files of a tree, read: each with what it declares, and what it includes inside the tree."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from packaging.utils import canonicalize_name

from grace.hunter.dependencies.declarations import NOTHING_DECLARED, Declarations, Declared, Include, Problem
from grace.hunter.dependencies.formats import CONSTRAINTS, REQUIREMENTS, Format, format_of
from grace.hunter.dependencies.source_text import Unreadable, decode
from grace.hunter.tree import Tree


@dataclass(frozen=True)
class DependencyFile:
    """A file that was read."""

    path: str
    format: Format
    key: str
    """What identifies its content."""
    declarations: Declarations = NOTHING_DECLARED
    lines: tuple[str, ...] = ()
    unreadable: str = ""
    """Why none of it could be read; empty: it could."""

    @property
    def folder(self) -> str:
        """The folder it lies in; empty: the root."""
        return posixpath.dirname(self.path)

    def line(self, number: int) -> str:
        """The text of a line (from 1); empty when there is none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


@dataclass(frozen=True)
class DependencyFiles:
    """Every dependency file of a tree."""

    files: Mapping[str, DependencyFile]
    """By path, in the order of paths; also those that are included under any name."""
    broken_includes: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    """Path -> includes that lead nowhere."""

    def in_folder(self, folder: str) -> tuple[DependencyFile, ...]:
        """The files that lie in a folder (empty: the root), not below it."""
        return self._folders.get(folder, ())

    @cached_property
    def workspace_locks(self) -> Mapping[str, tuple[DependencyFile, ...]]:
        """Folder -> the lock files of uv that lock the project in it."""
        found: dict[str, tuple[DependencyFile, ...]] = {}
        for file in self.files.values():
            if posixpath.basename(file.path) == "uv.lock":
                for each in file.declarations.local_projects:
                    place = inside(file.folder, each.path)
                    if place is not None:
                        found.setdefault("" if place == "." else place, ())
                        found["" if place == "." else place] += (file,)
        return found

    @cached_property
    def projects(self) -> frozenset[str]:
        """Normalised names of the projects whose files these are."""
        return frozenset(canonicalize_name(file.declarations.project) for file in self.files.values())

    @cached_property
    def _folders(self) -> Mapping[str, tuple[DependencyFile, ...]]:
        found: dict[str, list[DependencyFile]] = {}
        for file in self.files.values():
            found.setdefault(file.folder, []).append(file)
        return {folder: tuple(files) for folder, files in found.items()}

    def constrained(self, path: str) -> frozenset[str]:
        """Normalised names that a constraints file pins for a file, or for one that includes it."""
        return self._constrained.get(path, frozenset())

    @cached_property
    def _constrained(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for file in self.files.values():
            required, constraining = self._reached(file)
            pins = frozenset(
                canonicalize_name(each.name)
                for path in constraining
                for each in self.files[path].declarations.dependencies
                if each.version is not None
            )
            for path in required if pins else ():
                found[path] = found.get(path, frozenset()) | pins
        return found

    def _reached(self, file: DependencyFile) -> tuple[set[str], set[str]]:
        """The files that a file includes as requirements, itself among them, and those it includes as constraints."""
        reached: tuple[set[str], set[str]] = ({file.path}, set())
        waiting = [(file, False)]
        while waiting:
            current, constraint = waiting.pop()
            for include in current.declarations.includes:
                place = _place(current, include)
                constraint_too = constraint or include.constraint
                if place is not None and place in self.files and place not in reached[constraint_too]:
                    reached[constraint_too].add(place)
                    waiting.append((self.files[place], constraint_too))
        return reached


def read_dependency_files(tree: Tree) -> DependencyFiles:
    """Read what the names of files call dependency files, and what those include."""
    files: dict[str, DependencyFile] = {}
    broken: dict[str, list[Problem]] = {}
    wanted = {path: known for path in sorted(tree.keys) if (known := format_of(path)) is not None}
    while wanted:
        contents = tree.read_many(list(wanted))
        read = [_read(path, known, tree.keys[path], contents.get(path)) for path, known in wanted.items()]
        files |= {file.path: file for file in read}
        wanted = {}
        for file in read:
            for include in file.declarations.includes:
                place = _place(file, include)
                if place is None:
                    reason = "the included file lies outside of this repository"
                elif place not in tree.keys:
                    reason = "the included file is not there"
                else:
                    if place not in files:
                        wanted.setdefault(place, CONSTRAINTS if include.constraint else REQUIREMENTS)
                    continue
                broken.setdefault(file.path, []).append(Problem(include.line, reason))
    return DependencyFiles(dict(sorted(files.items())), {path: tuple(problems) for path, problems in broken.items()})


def inside(folder: str, path: str) -> str | None:
    """A path relative to a folder, as one relative to the root; None: it leads out of the tree."""
    if path.startswith(("/", "~")) or path[1:2] == ":":
        return None
    place = posixpath.normpath(posixpath.join(folder, path))
    return None if place == ".." or place.startswith("../") else place.removeprefix("./")


def dependencies_of(file: DependencyFile) -> Iterator[tuple[str, Declared]]:
    """Each dependency with its normalised name, without the project itself (`shop[all]` in its own extras)."""
    own = canonicalize_name(file.declarations.project)
    for each in file.declarations.dependencies:
        if (name := canonicalize_name(each.name)) != own:
            yield name, each


def _place(file: DependencyFile, include: Include) -> str | None:
    return inside(file.folder, include.path)


def _read(path: str, known: Format, key: str, content: bytes | None) -> DependencyFile:
    if content is None:
        return DependencyFile(path, known, key, unreadable="it vanished while it was to be read")
    try:
        declarations = known.read(content)
    except Unreadable as error:
        return DependencyFile(path, known, key, unreadable=str(error))
    return DependencyFile(path, known, key, declarations, tuple(decode(content).splitlines()))
