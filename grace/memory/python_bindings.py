"""What the statements of a Python file bind to names, and what they export."""

import ast
from collections.abc import Callable, Iterable
from typing import Any

from grace.memory.python_scope import MODULE, Scope
from grace.memory.python_types import path_of, simplify, value_of


class Binder:
    """Notes bindings in the scope that is being walked; what is still to be walked goes to a stack."""

    _scope: Scope

    def __init__(self) -> None:
        self.exports: list[str] | None = None
        self._stack: list[Any] = []

    def _bind(self, target: Any, value: ast.expr | None) -> None:
        """Note the names that an assignment binds, and what they are."""
        kind = target.__class__
        if kind is ast.Name:
            self._name(target, value_of(value) if value is not None else [])
            if target.id == "__all__" and value is not None:
                self._export([value])
        elif kind is ast.Attribute:
            self._store(target, value_of(value) if value is not None else [])
        elif kind is ast.Tuple or kind is ast.List:
            if value.__class__ is ast.Tuple and len(value.elts) == len(target.elts):
                for part, of_part in zip(target.elts, value.elts, strict=True):
                    self._bind(part, of_part)
            else:
                elements = [simplify(one + "[*]") for one in value_of(value)] if value is not None else []
                for part in target.elts:
                    self._bind_to(part, list(elements))
        elif kind is ast.Starred:
            self._bind(target.value, None)
        else:
            self._set_item(target)

    def _set_item(self, target: ast.Subscript) -> None:
        self._stack.append(target.slice)
        self._stack.append(target.value)
        self._implicit(target.value, "__setitem__")

    def _implicit(self, operand: Any, method: str) -> None:
        if operand.__class__ is ast.Name:
            self._scope.implicit[f"{operand.id}.{method}"] = None

    def _bind_to(self, target: Any, expressions: list[str]) -> None:
        """The same where the values are expressions already."""
        kind = target.__class__
        if kind is ast.Name:
            self._name(target, expressions)
        elif kind is ast.Attribute:
            self._store(target, expressions)
        elif kind is ast.Tuple or kind is ast.List:
            for part in target.elts:
                self._bind_to(part, [simplify(one + "[*]") for one in expressions])
        else:
            self._bind(target, None)

    def _name(self, target: ast.Name, expressions: list[str]) -> None:
        scope = self._scope
        name = target.id
        if name in scope.bound:
            scope.bound[name] += expressions
        else:
            scope.bound[name] = expressions
            if scope.bound is not scope.hidden:
                scope.variables[name] = (target.lineno, target.end_lineno or target.lineno)

    def _store(self, target: ast.Attribute, expressions: list[str]) -> None:
        owner = target.value
        self._stack.append(owner)
        if owner.__class__ is ast.Name:
            self._scope.stores.append((owner.id, target.attr, expressions))

    def _hide(self, target: Any, expressions: list[str]) -> None:
        """Bind a name of a comprehension or lambda."""
        if target.__class__ is ast.Name:
            self._scope.hidden.setdefault(target.id, []).extend(expressions)
        elif target.__class__ is ast.Starred:
            self._hide(target.value, [])
        elif target.__class__ is ast.Tuple or target.__class__ is ast.List:
            for part in target.elts:
                self._hide(part, [simplify(one + "[*]") for one in expressions])
        else:
            self._stack.append(target)

    def _elements(self, target: Any, source: Any, bind: Callable[[Any, list[str]], None]) -> None:
        """Bind what iterating over something gives."""
        if target.__class__ is ast.Tuple and source.__class__ is ast.Call and len(target.elts) >= 2:
            function: Any = source.func
            arguments = source.args
            name = getattr(function, "id", "")
            rest = target.elts[1:]
            if name == "enumerate" and arguments and len(rest) == 1:
                bind(target.elts[0], ["int()"])
                self._elements(rest[0], arguments[0], bind)
                return
            if name == "zip" and len(arguments) == len(target.elts):
                for part, argument in zip(target.elts, arguments, strict=True):
                    self._elements(part, argument, bind)
                return
            if getattr(function, "attr", "") == "items" and len(rest) == 1:
                bind(target.elts[0], [])
                bind(rest[0], [simplify(path_of(function.value) + ".values()[*]")])
                return
        bind(target, [simplify(value + "[*]") for value in value_of(source)])

    def _narrow(self, node: ast.Call) -> None:
        if len(node.args) == 2 and isinstance(node.args[0], ast.Name):
            self._narrow_to(node.args[0].id, node.args[1])

    def _narrow_to(self, name: str, classes: ast.expr) -> None:
        choices = classes.elts if isinstance(classes, ast.Tuple) else [classes]
        self._scope.narrowed.setdefault(name, []).extend(
            path_of(choice) + "()" for choice in choices if isinstance(choice, ast.Name | ast.Attribute)
        )

    def _export(self, values: Iterable[ast.AST]) -> None:
        if self._scope.kind is not MODULE:
            return
        for value in values:
            if isinstance(value, ast.List | ast.Tuple):
                names = [
                    one.value for one in value.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)
                ]
                self.exports = [*(self.exports or []), *names]
            elif isinstance(value, ast.BinOp):  # ["a"] + other.__all__: what is written out is better than nothing
                self._export([value.left, value.right])
