"""Putting a candidate's code in the place of the original in a running process.

A unit is a piece of source that is compiled alone: an outermost function (its code object is exchanged in every
live function made from it, so that every alias sees it) or a whole module (executed again in its own namespace,
see `rerunning.py`).
"""

from __future__ import annotations

import functools
import gc
import os
import types
from typing import TYPE_CHECKING

from .rerunning import execute_again, imports_of_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .rerunning import Imports

    Described = dict[str, Any]
    Edits = Sequence[tuple[int, Sequence[tuple[int, int, str]]]]
    """[[unit id, [[start, end, text], ...]], ...]"""

FUTURE_FLAGS = 0x1FFE000
"""Code flags of `from __future__` features in every Python since 3.8."""


class NotSwappableError(Exception):
    """This edit cannot be put into the running process."""


class Unit:
    """Source to compile and where its result goes."""

    def __init__(self, described: Described, functions: list[types.FunctionType], imports: Imports | None) -> None:
        self.path: str = described["path"]
        self.source: str = described["source"]
        self.is_module = described["kind"] == "module"
        self.functions = functions
        self._imports = imports
        self._name: str = described.get("name", "")
        self._classes: list[str] = described.get("classes", [])
        self._originals = [function.__code__ for function in functions]
        openers = [f"class {name}:" for name in self._classes]
        if not openers and self.source[:1] in " \t":
            openers = ["if 1:"]
        header = "".join(" " * depth + opener + "\n" for depth, opener in enumerate(openers))
        lines_above = described.get("line", 1) - 1
        self._header = "\n" * max(0, lines_above - len(openers)) + header
        self._flags = self._originals[0].co_flags & FUTURE_FLAGS if functions else 0

    def compiled(self, source: str) -> types.CodeType:
        """The code that stands for the source. Raises SyntaxError or NotSwappableError."""
        if self.is_module:
            return compile(source, self.path, "exec", dont_inherit=True)
        if not self.functions:
            raise NotSwappableError(f"no live function was made from {self._name}")
        code: types.CodeType = compile(self._header + source, self.path, "exec", self._flags, dont_inherit=True)
        for name in [*self._classes, self._name]:
            inner = [c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name]
            if not inner:
                raise NotSwappableError(f"there is no function {self._name} in the new source")
            code = inner[0]
        return code

    def place(self, code: types.CodeType) -> None:
        """Exchange the running code. Raises NotSwappableError when closures do not fit."""
        if self.is_module:
            if not execute_again(self.path, code, self._imports or {}):
                raise NotSwappableError(f"not imported: {self.path}")
            return
        for function in self.functions:
            try:
                function.__code__ = code
            except ValueError as misfit:
                self.restore()
                raise NotSwappableError(str(misfit)) from None

    def restore(self) -> None:
        """Back to the original (functions only; a module edit ends with its child)."""
        for function, code in zip(self.functions, self._originals):
            function.__code__ = code


class Units:
    """All units the other side has told of."""

    def __init__(self, root: str) -> None:
        self.by_id: dict[int, Unit] = {}
        self._root = root
        self._live: dict[tuple[str, int, str], list[types.FunctionType]] | None = None
        self._caches: list[functools._lru_cache_wrapper[Any]] | None = None
        self._imports: Imports | None = None

    def add(self, unit_id: int, described: Described) -> None:
        """Remember a unit; functions made from it and names imported from it are looked up once."""
        functions: list[types.FunctionType] = []
        described = dict(described, path=os.path.join(self._root, described["path"]))
        if described["kind"] == "function":
            key = (described["path"], described["first_line"], described["name"])
            functions = self._functions().get(key, [])
        elif self._imports is None:
            self._imports = imports_of_names(self._root)
        self.by_id[unit_id] = Unit(described, functions, self._imports)

    def look_around(self) -> None:
        """Find functions and functools caches once, before objects are frozen and children forked."""
        if self._caches is None:
            self._functions()
            inside = self._root + os.sep
            self._caches = [
                found
                for found in gc.get_objects()
                if isinstance(found, functools._lru_cache_wrapper)
                and _file_of(getattr(found, "__wrapped__", None)).startswith(inside)
            ]

    def clear_caches(self) -> None:
        """Forget what functools caches of the project remember from another candidate."""
        for wrapper in self._caches or ():
            wrapper.cache_clear()

    def prepare(self, edits: Edits) -> list[tuple[Unit, types.CodeType]]:
        """Units with their new code. Raises SyntaxError or NotSwappableError."""
        placed = []
        for unit_id, splices in edits:
            unit = self.by_id[unit_id]
            source = unit.source
            for start, end, text in sorted(splices, reverse=True):
                source = source[:start] + text + source[end:]
            placed.append((unit, unit.compiled(source)))
        return placed

    def _functions(self) -> dict[tuple[str, int, str], list[types.FunctionType]]:
        if self._live is None:
            self._live = {}
            for found in gc.get_objects():
                if type(found) is types.FunctionType:
                    code = found.__code__
                    if code.co_filename.startswith(self._root + os.sep):
                        key = (code.co_filename, code.co_firstlineno, code.co_name)
                        self._live.setdefault(key, []).append(found)
        return self._live


def _file_of(function: Any) -> str:
    code = getattr(function, "__code__", None)
    return code.co_filename if isinstance(code, types.CodeType) else ""
