"""Putting a candidate's code in the place of the original in a running process.

A unit is a piece of source that is compiled alone: an outermost function (its code object is exchanged in every
live function made from it, so that every alias sees it) or a whole module (executed again in its own namespace).
"""

from __future__ import annotations

import functools
import gc
import os
import sys
import types

_FUTURE = 0x1FFE000 | 0x2000000
"""Code flags of `from __future__` features in every Python since 3.8."""


class NotSwappable(Exception):
    """This edit cannot be put into the running process."""


class Unit:
    """Source to compile and where its result goes."""

    def __init__(self, described, functions):
        self.path = described["path"]
        self.source = described["source"]
        self.is_module = described["kind"] == "module"
        self.name = described.get("name", "")
        self.classes = described.get("classes", [])
        self.line = described.get("line", 1)
        self.functions = functions
        self.originals = [f.__code__ for f in functions]
        openers = ["class %s:" % name for name in self.classes]
        if not openers and self.source[:1] in " \t":
            openers = ["if 1:"]
        header = "".join(" " * depth + opener + "\n" for depth, opener in enumerate(openers))
        self.header = "\n" * max(0, self.line - 1 - len(openers)) + header
        self.flags = self.originals[0].co_flags & _FUTURE if functions else 0

    def compiled(self, source: str):
        """The code that stands for the source. Raises SyntaxError or NotSwappable."""
        if self.is_module:
            return compile(source, self.path, "exec", dont_inherit=True)
        if not self.functions:
            raise NotSwappable("no live function made from " + self.name)
        code = compile(self.header + source, self.path, "exec", self.flags, dont_inherit=True)
        for name in [*self.classes, self.name]:
            code = next(
                (c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name), None
            )
            if code is None:
                raise NotSwappable("no function " + self.name + " in the new source")
        return code

    def place(self, code) -> None:
        """Exchange the running code. Raises NotSwappable when closures do not fit."""
        if self.is_module:
            _execute_again(self.path, code)
            return
        for function in self.functions:
            try:
                function.__code__ = code
            except ValueError as misfit:
                self.restore()
                raise NotSwappable(str(misfit)) from None

    def restore(self) -> None:
        """Back to the original (functions only; a module edit ends with its child)."""
        for function, code in zip(self.functions, self.originals):
            function.__code__ = code


class Units:
    """All units the other side has told of."""

    def __init__(self, root):
        self.root = root
        self.by_id = {}
        self._live = None
        self._caches = None

    def add(self, unit_id: int, described) -> None:
        """Remember a unit; functions made from it are looked up once."""
        functions = []
        described = dict(described, path=os.path.join(self.root, described["path"]))
        if described["kind"] == "function":
            key = (described["path"], described["first_line"], described["name"])
            functions = self._functions().get(key, [])
        self.by_id[unit_id] = Unit(described, functions)

    def look_around(self) -> None:
        """Find functions and functools caches once, before objects are frozen and children forked."""
        if self._caches is None:
            self._functions()
            wrappers = [o for o in gc.get_objects() if isinstance(o, functools._lru_cache_wrapper)]
            inside = self.root + os.sep
            self._caches = [w for w in wrappers if _file_of(getattr(w, "__wrapped__", None)).startswith(inside)]

    def clear_caches(self) -> None:
        """Forget what functools caches of the project remember from another candidate."""
        for wrapper in self._caches or ():
            wrapper.cache_clear()

    def prepare(self, edits):
        """[(unit, code)] for [[unit id, [[start, end, text], ...]], ...]."""
        placed = []
        for unit_id, splices in edits:
            unit = self.by_id[unit_id]
            source = unit.source
            for start, end, text in sorted(splices, reverse=True):
                source = source[:start] + text + source[end:]
            placed.append((unit, unit.compiled(source)))
        return placed

    def _functions(self):
        if self._live is None:
            self._live = {}
            for found in gc.get_objects():
                if type(found) is types.FunctionType:
                    code = found.__code__
                    if code.co_filename.startswith(self.root + os.sep):
                        key = (code.co_filename, code.co_firstlineno, code.co_name)
                        self._live.setdefault(key, []).append(found)
        return self._live


def _file_of(function) -> str:
    code = getattr(function, "__code__", None)
    return code.co_filename if code else ""


def _execute_again(path, code) -> None:
    """Run module code again in its namespace, then let what others imported from it follow."""
    found = False
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) and os.path.abspath(module.__file__) == path:
            found = True
            namespace = module.__dict__
            before = dict(namespace)
            exec(code, namespace)
            replaced = {}
            for name, old in before.items():
                new = namespace.get(name)
                if new is old or name.startswith("__"):
                    continue
                _graft(old, new)
                replaced[id(old)] = (old, new)
            _repoint(replaced)
    if not found:
        raise NotSwappable("module not imported: " + path)


def _graft(old, new) -> None:
    """Make an old function or class behave as the new one, for whoever holds it."""
    if isinstance(old, types.FunctionType) and isinstance(new, types.FunctionType):
        try:
            old.__code__ = new.__code__
        except ValueError:
            return  # other closure shape: those who hold the old one keep it
        old.__defaults__, old.__kwdefaults__ = new.__defaults__, new.__kwdefaults__
    elif isinstance(old, type) and isinstance(new, type):
        for name, value in list(vars(new).items()):
            if name in ("__dict__", "__weakref__", "__doc__", "__module__"):
                continue
            previous = vars(old).get(name)
            if isinstance(previous, types.FunctionType) and isinstance(value, types.FunctionType):
                _graft(previous, value)
            else:
                try:
                    setattr(old, name, value)
                except (AttributeError, TypeError):
                    continue  # slots and read-only attributes stay


def _repoint(replaced) -> None:
    """`from module import name` elsewhere in the process now sees the new object."""
    for module in list(sys.modules.values()):
        namespace = getattr(module, "__dict__", None)
        if not namespace:
            continue
        for name, value in list(namespace.items()):
            pair = replaced.get(id(value))
            if pair is not None and pair[0] is value:
                namespace[name] = pair[1]
