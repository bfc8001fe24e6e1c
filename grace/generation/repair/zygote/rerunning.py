"""Run a module's changed code again in its namespace, and let what others hold of it follow."""

from __future__ import annotations

import ast
import os
import sys
import types
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Imports = dict[tuple[str, str], list[tuple[str, str]]]
    """For (module, name): the (module, local name) pairs that `from module import name [as local name]` made."""

_SHARED = (int, float, complex, str, bytes, bool, type(None), tuple, frozenset, types.BuiltinFunctionType)
"""Types of objects that unrelated names hold, too: one such object says nothing about where it came from."""
_KEPT = ("__dict__", "__weakref__", "__doc__", "__module__")


def imports_of_names(root: str) -> Imports:
    """What the imported modules of the project import by name from each other, read from their sources."""
    found: Imports = {}
    for name, module in project_modules(root):
        try:
            with open(module.__file__ or "", "rb") as source:
                tree = ast.parse(source.read())
        except (OSError, SyntaxError, ValueError):
            continue  # made in memory, or by another syntax: it imports nothing we know of
        package = getattr(module, "__package__", None) or ""
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                origin = ".".join([*above, *([node.module] if node.module else [])])
                for alias in node.names:
                    found.setdefault((origin, alias.name), []).append((name, alias.asname or alias.name))
    return found


def project_modules(root: str) -> Iterator[tuple[str, types.ModuleType]]:
    """Imported modules whose files lie below root, by name."""
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and os.path.abspath(path).startswith(root + os.sep):
            yield name, module


def execute_again(path: str, code: types.CodeType, imports: Imports) -> bool:
    """Whether a module of that file is there and has run again. Raises what the module raises."""
    found = False
    for name, module in list(sys.modules.items()):
        there = getattr(module, "__file__", None)
        if not isinstance(there, str) or os.path.abspath(there) != path:
            continue
        found = True
        namespace = module.__dict__
        before = dict(namespace)
        exec(code, namespace)
        replaced = {}
        for local, old in before.items():
            new = namespace.get(local)
            if new is old or local.startswith("__"):
                continue
            _graft(old, new)
            if not isinstance(old, _SHARED):
                replaced[id(old)] = (old, new)
            _follow(name, local, old, new, imports, set())
        _repoint(replaced)
    return found


def _follow(module: str, name: str, old: Any, new: Any, imports: Imports, seen: set[tuple[str, str]]) -> None:
    """Names imported from a module, and from those that import them from there."""
    for other, local in imports.get((module, name), ()):
        namespace = getattr(sys.modules.get(other), "__dict__", {})
        if namespace.get(local, new) is old and (other, local) not in seen:
            namespace[local] = new
            _follow(other, local, old, new, imports, {*seen, (other, local)})


def _graft(old: Any, new: Any) -> None:
    """Make an old function or class behave as the new one, for whoever holds it."""
    if isinstance(old, types.FunctionType) and isinstance(new, types.FunctionType):
        try:
            old.__code__ = new.__code__
        except ValueError:
            return  # other closure shape: those who hold the old one keep it
        old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__
        for variable, mine, other in zip(new.__code__.co_freevars, old.__closure__ or (), new.__closure__ or ()):
            if variable != "__class__":  # `super()` goes on from the class that its function stays in
                mine.cell_contents = other.cell_contents
    elif isinstance(old, type) and isinstance(new, type):
        for name, value in list(vars(new).items()):
            if name in _KEPT:
                continue
            previous = vars(old).get(name)
            if isinstance(previous, types.FunctionType) and isinstance(value, types.FunctionType):
                _graft(previous, value)
            else:
                try:
                    setattr(old, name, value)
                except (AttributeError, TypeError):
                    continue  # slots and read-only attributes stay


def _repoint(replaced: dict[int, tuple[Any, Any]]) -> None:
    """Whoever holds a replaced object by any name in a module now holds the new one."""
    for module in list(sys.modules.values()):
        namespace = getattr(module, "__dict__", None)
        if not isinstance(namespace, dict):
            continue
        for name, value in list(namespace.items()):
            pair = replaced.get(id(value))
            if pair is not None and pair[0] is value:
                namespace[name] = pair[1]
