"""Which Python file imports which, read from the sources and not by running them.

A file has every name under which it could be imported: relative to the repository, to `src`, to the folder
its package lies in and, outside of packages, to its own folder (as scripts and pytest see it). Where a name
fits several files, those nearest to the importer count, all of them: better one arrow too many.
"""

import ast
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from posixpath import commonpath

from grace.path_roles import is_test

_INIT = "__init__.py"


@dataclass(frozen=True)
class ImportGraph:
    """Arrows between the files of a repository, by path."""

    importers: Mapping[str, frozenset[str]]
    """File -> the files that import it by name (for a conftest.py: the tests it serves)."""
    inside: Mapping[str, frozenset[str]]
    """A package's `__init__.py` -> the files that run it because they import something below the package."""
    unparsable: Mapping[str, str]
    """File -> why its imports are unknown."""
    dynamic: tuple[str, ...]
    """Files that import what only running them would tell."""


def build_import_graph(sources: Mapping[str, bytes]) -> ImportGraph:
    """The import graph of Python sources, given by path relative to the repository."""
    modules = _modules(sources)
    importers: defaultdict[str, set[str]] = defaultdict(set)
    inside: defaultdict[str, set[str]] = defaultdict(set)
    unparsable: dict[str, str] = {}
    dynamic: list[str] = []
    for path, source in sources.items():
        for conftest in _conftests(path):
            if conftest in sources:
                importers[conftest].add(path)
        try:
            names = _imports(path, source)
        except (SyntaxError, ValueError) as error:
            unparsable[path] = str(error)
            continue
        except (RecursionError, MemoryError):
            unparsable[path] = "nested too deeply"
            continue
        for name in names:
            if name is None:
                dynamic.append(path)
                continue
            found, targets = _resolve(name, path, modules)
            for target in targets:
                importers[target].add(path)
            for package in _above(found):
                for target in _resolve(package, path, modules)[1]:
                    inside[target].add(path)
    return ImportGraph(_frozen(importers), _frozen(inside), unparsable, tuple(dynamic))


def _frozen(arrows: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {target: frozenset(sources - {target}) for target, sources in arrows.items()}


def _modules(paths: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Importable name -> the files it can mean."""
    packages = {str(PurePosixPath(path).parent) for path in paths if PurePosixPath(path).name == _INIT}
    modules: defaultdict[str, list[str]] = defaultdict(list)
    for path in paths:
        pure = PurePosixPath(path)
        top = pure.parent
        while str(top) in packages and top != top.parent:
            top = top.parent
        for root in {PurePosixPath(), PurePosixPath("src"), top}:
            if pure.is_relative_to(root):
                modules[_name(pure.relative_to(root))].append(path)
    return modules


def _name(path: PurePosixPath) -> str:
    parts = path.parent.parts if path.name == _INIT else path.with_suffix("").parts
    return ".".join(parts)


def _conftests(path: str) -> Iterator[str]:
    pure = PurePosixPath(path)
    if is_test(path):
        yield from (str(folder / "conftest.py") for folder in pure.parents)


def _imports(path: str, source: bytes) -> set[str | None]:
    """The dotted names a file imports; None for one that only running the file would tell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the target's own dubious escapes
        tree = ast.parse(source)
    names: set[str | None] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = _origin(path, node)
            names.update(f"{origin}.{alias.name}".lstrip(".") for alias in node.names)
        elif isinstance(node, ast.Call) and _is_import(node.func):
            names.add(_literal(node.args))
    return names


def _origin(path: str, node: ast.ImportFrom) -> str:
    """The module imported from; a relative one gets its name relative to the repository."""
    folders = PurePosixPath(path).parent.parts
    above = folders[: len(folders) - node.level + 1] if node.level else ()
    return ".".join((*above, node.module or "")).rstrip(".")


def _is_import(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in ("import_module", "__import__")


def _literal(arguments: list[ast.expr]) -> str | None:
    match arguments:
        case [ast.Constant(value=str(name)), *_] if not name.startswith("."):
            return name
    return None


def _resolve(name: str, importer: str, modules: Mapping[str, list[str]]) -> tuple[str, list[str]]:
    """The longest prefix of a name that is a module of the repository, and the files it can mean."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    files = modules.get(name, [])
    if len(files) > 1:
        nearness = {file: len(commonpath((file, importer))) for file in files}
        files = [file for file in files if nearness[file] == max(nearness.values())]
    return name, files


def _above(name: str) -> Iterator[str]:
    while name := name.rpartition(".")[0]:
        yield name
