"""The program under analysis: modules, classes and functions, and what an import means in a tree of files."""

import ast
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from grace.hunter.taint.values import Value

if TYPE_CHECKING:
    from grace.hunter.taint.state import State

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(eq=False)
class Module:
    """A file of Python source."""

    path: str
    tree: ast.Module
    lines: list[str]
    globals: "State | None" = None
    """After its top level has run; None before."""
    running: bool = False

    @cached_property
    def imports(self) -> frozenset[str]:
        """The packages that it imports anywhere, by their first name."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names.update(alias.name.split(".", 1)[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".", 1)[0])
        return frozenset(names)

    def line(self, number: int) -> str:
        """A line of its source, counted from 1, stripped."""
        return self.lines[number - 1].strip() if 0 < number <= len(self.lines) else ""


@dataclass(eq=False)
class Function:
    """A function, method or lambda, where it stands."""

    module: Module
    node: FunctionNode
    qualname: str
    owner: "Class | None" = None
    closure: "State | None" = field(default=None, repr=False)
    decorators: tuple[Value, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict)

    @cached_property
    def parameters(self) -> tuple[ast.arg, ...]:
        """Positional ones, then keyword-only ones; `*args` and `**kwargs` are apart."""
        spec = self.node.args
        return (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)

    @cached_property
    def kind(self) -> str:
        """method, static, class, property or function."""
        if self.owner is None or isinstance(self.node, ast.Lambda):
            return "function"
        names = {d.id for d in self.node.decorator_list if isinstance(d, ast.Name)}
        for name, kind in (
            ("staticmethod", "static"),
            ("classmethod", "class"),
            ("property", "property"),
            ("cached_property", "property"),
        ):
            if name in names:
                return kind
        return "method"

    @cached_property
    def generator(self) -> bool:
        """Whether calling it gives an iterator over what it yields."""
        return not isinstance(self.node, ast.Lambda) and any(
            isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(self.node)
        )


@dataclass(eq=False)
class Class:
    """A class, with what it takes over from its bases."""

    module: Module
    node: ast.ClassDef
    qualname: str
    bases: tuple[Value, ...] = ()
    members: Mapping[str, Value] = field(default_factory=dict)

    def member(self, name: str) -> Value | None:
        """A method or class variable, its own or of a base in the program."""
        for each in self.ancestry():
            if (found := each.members.get(name)) is not None:
                return found
        return None

    def ancestry(self) -> Iterator["Class"]:
        """Itself, then its bases in the program, each once."""
        seen: set[int] = set()
        queue: list[Class] = [self]
        while queue:
            each = queue.pop(0)
            if id(each) not in seen:
                seen.add(id(each))
                yield each
                queue.extend(base.callee for base in each.bases if isinstance(base.callee, Class))

    @cached_property
    def outer_bases(self) -> frozenset[str]:
        """The bases that are not of the program, by the path that names them."""
        return frozenset(base.path for each in self.ancestry() for base in each.bases if base.path)


@dataclass(frozen=True, eq=False)
class Bound:
    """A callable with its first arguments given: a bound method, functools.partial."""

    function: "Function | Class"
    arguments: tuple[Value, ...]
    keywords: Mapping[str, Value] = field(default_factory=dict)


Callable_ = Function | Class | Bound


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions and classes within it."""
    stack = list(ast.iter_child_nodes(function))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))


def find_module(name: str, importer: str, level: int, exists: Callable[[str], bool]) -> str | None:
    """The file that an import means, or None for a module from outside.

    Absolute names are looked for from the importer's folder upwards to the root, and in `src`; nothing else of a
    tree is on an interpreter's path by itself. `exists` is asked for files in that order.
    """
    folder = PurePosixPath(importer).parent
    if level:
        for _ in range(level - 1):
            folder = folder.parent
        roots = [folder]
    else:
        roots = [folder, *folder.parents, PurePosixPath("src")]
    tail = name.split(".") if name else []
    for root in roots:
        at = root.joinpath(*tail)
        for candidate in (f"{at}.py", str(at / "__init__.py")):
            if candidate != ".py" and exists(candidate):
                return candidate
    return None


def within(files: Container[str]) -> Callable[[str], bool]:
    """Whether a path is among the files of a tree."""
    return lambda path: path in files


IMPORTED = "import:"
"""How the path of a variable begins that was imported and not yet looked at: `import:shop/store.py:find`."""


def near_modules(module: Module) -> frozenset[str]:
    """The files of the modules of the program that a module imports, or imports from."""
    variables = module.globals.variables if module.globals is not None else {}
    found: set[str] = set()
    for value in list(variables.values()):
        if value.path.startswith("module:"):
            found.add(value.path.removeprefix("module:"))
        elif value.path.startswith(IMPORTED):
            found.add(value.path.removeprefix(IMPORTED).rsplit(":", 1)[0])
        elif isinstance(value.callee, Function | Class):
            found.add(value.callee.module.path)
    return frozenset(found - {module.path})
