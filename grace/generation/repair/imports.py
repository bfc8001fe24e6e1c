"""How a project imports: which statement brings a name in, and where a new one belongs."""

import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple

from grace.causal.import_graph import build_import_graph
from grace.generation.repair.source import FunctionNode, Source, Splice
from grace.verification.protected_files import is_test_or_configuration


class Import(NamedTuple):
    """One name that is imported, its module by its absolute name."""

    module: str
    name: str | None
    """What is taken from the module; None: the module itself."""
    bound: str


@dataclass(frozen=True)
class Imports:
    """What the files of a project import and define at module level."""

    texts: Mapping[str, str]
    """Files that parse, by path."""

    @cached_property
    def _trees(self) -> dict[str, ast.Module]:
        return {path: ast.parse(text) for path, text in self.texts.items()}

    @cached_property
    def used(self) -> Mapping[str, Counter[Import]]:
        """By bound name, the imports of it and in how many places they stand."""
        found: defaultdict[str, Counter[Import]] = defaultdict(Counter)
        for path, tree in self._trees.items():
            for node in ast.walk(tree):
                for one in self._imported(path, node):
                    found[one.bound][one] += 1
        return found

    @cached_property
    def defined(self) -> Mapping[str, tuple[str, ...]]:
        """By name, the files that define it at module level, tests left out."""
        found: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for path, tree in self._trees.items():
            if not is_test_or_configuration(path):
                for node in tree.body:
                    for name in _bound(node):
                        found[name].setdefault(path)
        return {name: tuple(paths) for name, paths in found.items()}

    def holding(self, name: str) -> list[str]:
        """Files that define a name at module level, or are the module of that name."""
        modules = [path for path in self.texts if self.module(path).rpartition(".")[2] == name]
        return [*self.defined.get(name, ()), *(path for path in modules if not is_test_or_configuration(path))]

    def of(self, path: str, name: str) -> Import:
        """The import of a name that one file holds."""
        package, _, last = self.module(path).rpartition(".")
        if last != name or path in self.defined.get(name, ()):
            return Import(self.module(path), name, name)
        return Import(package, name, name) if package else Import(name, None, name)

    def module(self, path: str) -> str:
        """The name under which the project imports a file: from the top of its package."""
        parts = [*self._package(path)]
        if PurePosixPath(path).name != "__init__.py":
            parts.append(PurePosixPath(path).stem)
        return ".".join(parts)

    def dependents(self, path: str) -> frozenset[str]:
        """Files that import this one, directly or not: to import them back would be a circle."""
        reached: set[str] = set()
        waiting = [path]
        while waiting:
            new = self._importers.get(waiting.pop(), frozenset()) - reached
            reached |= new
            waiting += new
        return frozenset(reached)

    def statement(self, one: Import, path: str) -> str:
        """The import as a statement of a file, relative where the file's own imports are."""
        alias = f" as {one.bound}" if one.bound != (one.name or one.module.partition(".")[0]) else ""
        if one.name is None:
            return f"import {one.module}{alias}"
        return f"from {self._origin(one.module, path)} import {one.name}{alias}"

    @cached_property
    def _importers(self) -> Mapping[str, frozenset[str]]:
        return build_import_graph({path: text.encode() for path, text in self.texts.items()}).importers

    def _origin(self, module: str, path: str) -> str:
        package = self._package(path)
        parts = tuple(module.split("."))
        if not package or parts[0] != package[0] or not self._relative(path, package[0]):
            return module
        shared = 0
        while shared < min(len(parts), len(package)) and parts[shared] == package[shared]:
            shared += 1
        return "." * (1 + len(package) - shared) + ".".join(parts[shared:])

    def _relative(self, path: str, top: str) -> bool:
        """Whether a file, or where it says nothing most of its package, imports the package's own relatively."""
        votes = [self._levels.get((path, top), 0), sum(n for (_, of), n in self._levels.items() if of == top)]
        return next((vote for vote in votes if vote), 0) > 0

    @cached_property
    def _levels(self) -> Mapping[tuple[str, str], int]:
        """By file and the top of its package: relative imports less absolute ones of that package."""
        found: Counter[tuple[str, str]] = Counter()
        for path, tree in self._trees.items():
            for top in self._package(path)[:1]:
                for node in ast.walk(tree):
                    if isinstance(node, ast.ImportFrom):
                        own = node.level or -((node.module or "").partition(".")[0] == top)
                        found[path, top] += (own > 0) - (own < 0)
        return found

    def _package(self, path: str) -> tuple[str, ...]:
        folder = PurePosixPath(path).parent
        names: list[str] = []
        while folder.name and str(folder / "__init__.py") in self.texts:
            names.insert(0, folder.name)
            folder = folder.parent
        return tuple(names)

    def _imported(self, path: str, node: ast.AST) -> Iterator[Import]:
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    top = alias.name.partition(".")[0]
                    yield Import(alias.name, None, alias.asname or top)
            case ast.ImportFrom(names=aliases, module=module, level=level):
                package = self._package(path)
                above = package[: len(package) - level + 1] if level else ()
                origin = ".".join((*above, *filter(None, (module,))))
                for alias in aliases:
                    if alias.name != "*" and origin and origin != "__future__":
                        yield Import(origin, alias.name, alias.asname or alias.name)


def insertion(source: Source, statement: str, own: Iterable[str] = ()) -> Splice:
    """The statement among the file's first imports: with its like, by name, or in the list of its module.

    `own` are the project's top-level names, which come after those of others.
    """
    [new] = ast.parse(statement).body
    run = _first_imports(source)
    if isinstance(new, ast.ImportFrom):
        for node in run:
            same = isinstance(node, ast.ImportFrom) and (node.module, node.level) == (new.module, new.level)
            if isinstance(node, ast.ImportFrom) and same and node.names[0].name != "*":
                return _among(source, node, statement.partition(" import ")[2])
    own = frozenset(own)
    before = [node for node in run if _order(node, own) <= _order(new, own)]
    if not run:
        return _after_docstring(source, statement)
    if not before:
        start = source.line_starts[run[0].lineno - 1]
        gap = source.newline * (1 + (_order(run[0], own)[0] != _order(new, own)[0]))
        return Splice(start, start, statement + gap)
    last = before[-1]
    line = last.end_lineno or last.lineno
    at = source.line_starts[line] if line < len(source.line_starts) else len(source.text)
    lead = "" if source.text[:at].endswith(("\n", "\r")) else source.newline
    following = run[run.index(last) + 1] if last is not run[-1] else None
    if _order(last, own)[0] != _order(new, own)[0]:
        lead += source.newline
    gap = source.newline
    if following and _order(following, own)[0] != _order(new, own)[0] and following.lineno == line + 1:
        gap += source.newline
    return Splice(at, at, lead + statement + gap)


def _first_imports(source: Source) -> list[ast.Import | ast.ImportFrom]:
    run: list[ast.Import | ast.ImportFrom] = []
    for statement in source.tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            run.append(statement)
        elif run or not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            break
    return run


def _after_docstring(source: Source, statement: str) -> Splice:
    body = source.tree.body
    end = source.newline
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        line = body[0].end_lineno or 1
        at = source.line_starts[line] if line < len(source.line_starts) else len(source.text)
        lead = end if source.text[:at].endswith(("\n", "\r")) else 2 * end
        return Splice(at, at, lead + statement + end)
    at = source.line_starts[body[0].lineno - 1] if body else len(source.text)
    first = body[0] if body else None
    gap = 3 if isinstance(first, FunctionNode | ast.ClassDef) else 2
    return Splice(at, at, statement + gap * end)


def _among(source: Source, node: ast.ImportFrom, name: str) -> Splice:
    smaller = [alias for alias in node.names if alias.name.lower() < name.lower()]
    if smaller:
        at = source.offset(smaller[-1].end_lineno or 0, smaller[-1].end_col_offset or 0)
        return Splice(at, at, f", {name}")
    at = source.offset(node.names[0].lineno, node.names[0].col_offset)
    return Splice(at, at, f"{name}, ")


def _order(node: ast.stmt, own: frozenset[str]) -> tuple[int, bool, str]:
    """Group (future, standard library, others', own, relative), then `import` before `from`, then by name."""
    match node:
        case ast.Import(names=[alias, *_]):
            module, level = alias.name, 0
        case ast.ImportFrom():
            module, level = node.module or "", node.level
        case _:
            return 0, False, ""
    top = module.partition(".")[0]
    group = 0 if top == "__future__" else 1 if top in sys.stdlib_module_names else 3 if top in own else 2
    return 4 if level else group, isinstance(node, ast.ImportFrom), module.lower()


def _bound(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            yield name
