"""Answers to a name that is not there: the import that it lacks, or the name that was meant.

What the project says in the same words elsewhere is likeliest; then what it defines, the standard library, and the
nearest names that are visible.
"""

import ast
import difflib
import importlib
import keyword
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

from grace.contracts import RedTest
from grace.generation.repair.imports import Imports, insertion
from grace.generation.repair.naturalness import Naturalness
from grace.generation.repair.operators import crashes
from grace.generation.repair.scope import BUILTINS, Scope
from grace.generation.repair.source import Source, Splice, apply_splices, lines_of
from grace.verification.lint import Violation

MOST_NEAREST = 5
LEAST_ALIKE, LEAST_ALIKE_BUILTIN = 0.6, 0.75
"""Of two names, 0..1. There are so many built-in names that one of them always resembles a little."""
_ACTS_WHEN_IMPORTED = frozenset({"antigravity", "idlelib", "lib2to3", "this", "tkinter", "turtle", "turtledemo"})
_QUOTED = re.compile(r"`([^`]+)`")


class NameAnswer(NamedTuple):
    """A file's new text; the lower the cost, the likelier."""

    cost: float
    operator: str
    text: str


@dataclass(frozen=True)
class Uses:
    """How a file uses a name that it does not have."""

    attributes: frozenset[str]
    """What is read from it."""
    bare: bool
    """It also stands alone."""
    called: bool
    """It is called, inherited from, raised, or is an annotation or decorator."""


def answers(error: Violation, source: Source, imports: Imports, naturalness: Naturalness) -> list[NameAnswer]:
    """New texts of the file, likeliest first; none when the message names nothing."""
    quoted = _QUOTED.findall(error.message)[:1]
    if not quoted:
        return []
    asked = _Asked(quoted[0], error, source, imports, naturalness)
    if error.code == "F822":
        found = list(asked.nearest(asked.scope_of_module.module_names, quoted=True))
    elif error.code == "F821":
        found = [*asked.imported(), *asked.own_member(), *asked.nearest(asked.scope.visible)]
    else:
        found = []
    return sorted(dict.fromkeys(found), key=lambda answer: answer.cost)


@dataclass(frozen=True)
class _Asked:
    name: str
    error: Violation
    source: Source
    imports: Imports
    naturalness: Naturalness

    @cached_property
    def scope(self) -> Scope:
        line = self.error.start[0]
        around = (f for f in self.source.functions if f.first_line <= line <= (f.node.end_lineno or line))
        return Scope(self.source, next(around, None))

    @cached_property
    def scope_of_module(self) -> Scope:
        return Scope(self.source, None)

    @cached_property
    def uses(self) -> Uses:
        attributes: set[str] = set()
        bare = called = False
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Name) and node.id == self.name:
                match self.source.parents[node]:
                    case ast.Attribute(attr=attribute):
                        attributes.add(attribute)
                    case ast.Call(func=function) if function is node:
                        bare = called = True
                    case ast.FunctionDef() | ast.ClassDef() | ast.Raise() | ast.arg() | ast.AnnAssign():
                        bare = called = True
                    case ast.ExceptHandler() | ast.Subscript() | ast.BinOp(op=ast.BitOr()):
                        bare = called = True
                    case _:
                        bare = True
        return Uses(frozenset(attributes), bare, called)

    def imported(self) -> Iterator[NameAnswer]:
        """The name as the project imports it elsewhere, as it defines it, or as the standard library has it."""
        path = self.source.path
        for one, times in self.imports.used.get(self.name, {}).items():
            yield self._with(self.imports.statement(one, path), 0.1 - min(times, 9) / 100, "imported as elsewhere")
        circle = self.imports.dependents(path)
        places = [other for other in self.imports.holding(self.name) if other != path]
        for other in places:
            one = self.imports.of(other, self.name)
            if not all(part.isidentifier() and not keyword.iskeyword(part) for part in one.module.split(".")):
                continue  # a script that nothing can import
            cost = 0.25 + 0.05 * len(places) + 0.5 * (other in circle) + 0.3 * self.name.startswith("_")
            yield self._with(self.imports.statement(one, path), cost, "import of the project added")
        red = RedTest(test_id="", outcome="error", exception="NameError", message=f"name '{self.name}' is not defined")
        for k, edit in enumerate(crashes.imports(self.source, red)):
            statement = edit.splices[0].text.strip()
            cost = self._cost_of_module() if statement.startswith("import ") else self._cost_of_member()
            yield self._with(statement, cost + 0.02 * k, "import added")

    def _cost_of_module(self) -> float:
        if self.uses.bare:
            return 1.0
        return 0.2 if self.uses.attributes <= _members(self.name) else 1.2

    def _cost_of_member(self) -> float:
        return 0.4 if self.uses.called or self.uses.attributes else 0.9

    def _with(self, statement: str, cost: float, operator: str) -> NameAnswer:
        own = {self.imports.module(path).partition(".")[0] for path in self.imports.texts}
        splice = insertion(self.source, statement, own)
        return NameAnswer(cost, operator, apply_splices(self.source.text, (splice,)))

    def own_member(self) -> Iterator[NameAnswer]:
        """A member of the object around, or of a module that is imported."""
        scope = self.scope
        if "self" in scope.visible and (self.name in scope.self_methods or self.name in scope.self_attributes):
            yield self._replaced(f"self.{self.name}", 0.15, "self added")
        for module in scope.module_names:
            if self._is_imported(module) and self.name in _members(module):
                yield self._replaced(f"{module}.{self.name}", 0.35, "module added")

    def _is_imported(self, module: str) -> bool:
        imports = (node for node in self.source.tree.body if isinstance(node, ast.Import))
        return any(alias.name == module and not alias.asname for node in imports for alias in node.names)

    def nearest(self, known: frozenset[str] | tuple[str, ...], *, quoted: bool = False) -> Iterator[NameAnswer]:
        """Visible names that are spelled alike; what reads naturally here comes first."""
        near = {name: _alikeness(self.name, name) for name in known if name != self.name and not name.startswith("__")}
        for name in sorted(near, key=lambda n: (-near[n], n))[:MOST_NEAREST]:
            if near[name] >= (LEAST_ALIKE_BUILTIN if name in BUILTINS else LEAST_ALIKE):
                answer = self._replaced(name, 1.15 - near[name] + 0.05 * (name in BUILTINS), "nearest name", quoted)
                yield answer._replace(cost=answer.cost + 0.05 * self._surprise(answer.text))

    def _surprise(self, text: str) -> float:
        line = self.error.start[0] - 1
        before, after = lines_of(self.source.text)[line : line + 1], lines_of(text)[line : line + 1]
        return self.naturalness.gained("".join(before), "".join(after))

    def _replaced(self, text: str, cost: float, operator: str, quoted: bool = False) -> NameAnswer:
        start, end = offset(self.source, self.error.start), offset(self.source, self.error.end)
        if quoted:
            inside = self.source.text.find(self.name, start, end)
            start, end = (inside, inside + len(self.name)) if inside >= 0 else (start, start)
        return NameAnswer(cost, operator, apply_splices(self.source.text, (Splice(start, end, text),)))


def offset(source: Source, place: tuple[int, int]) -> int:
    """Character offset of a line and column, both counted from 1, columns in characters."""
    line, column = place
    if line > len(source.line_starts):
        return len(source.text)
    return source.line_starts[line - 1] + column - 1


@cache
def _members(module: str) -> frozenset[str]:
    """What a module of the standard library has; nothing for one that is not on this machine."""
    if module not in sys.stdlib_module_names - _ACTS_WHEN_IMPORTED:
        return frozenset()
    try:
        return frozenset(dir(importlib.import_module(module)))
    except ImportError:
        return frozenset()


def _alikeness(one: str, other: str) -> float:
    """0..1; the same letters in another order, or another way to join words, are the commonest slips."""
    if _words(one) == _words(other):
        return 0.98
    if sorted(one) == sorted(other):
        return 0.95
    return difflib.SequenceMatcher(None, one, other).ratio()


def _words(name: str) -> str:
    return name.replace("_", "").lower()
