"""Statements: how a state becomes the next."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from grace.hunter.taint import sinks
from grace.hunter.taint.assignment import annotated, assign, assignment, augmented, delete
from grace.hunter.taint.branches import break_, continue_, for_, if_, match_, try_, while_, with_
from grace.hunter.taint.definitions import class_, function_, global_, import_, import_from
from grace.hunter.taint.expressions import evaluate
from grace.hunter.taint.frame import Frame
from grace.hunter.taint.state import join, join_shapes
from grace.hunter.taint.values import NONE, Value, join_values


def execute(body: Sequence[ast.stmt], frame: Frame) -> None:
    """Run statements until the end or until no way leads on."""
    for statement in body:
        if frame.state is None:
            return
        frame.engine.tick()
        handler = _EXECUTE.get(type(statement))
        if handler is not None:
            handler(statement, frame)


# ── assignment ───────────────────────────────────────────────────────────────────────────────────────


# ── branches ─────────────────────────────────────────────────────────────────────────────────────────


# ── loops ────────────────────────────────────────────────────────────────────────────────────────────


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────


def _return(node: ast.Return, frame: Frame) -> None:
    value = evaluate(node.value, frame) if node.value is not None else NONE
    if frame.state is None:
        return
    sinks.returned(value, node, frame)
    value = value._replace(taints=frame.here.taints_of(value))
    if value.known and isinstance(value.const, bool):
        # What was checked on the way to `return True` is what the truth of the result proves.
        passed = tuple(frame.here.guards.items())
        value = value._replace(when_true=passed if value.const else (), when_false=() if value.const else passed)
    frame.returned = value if frame.returned is None else _either(frame.returned, value)
    if frame.returned.ref != value.ref and frame.exits is not None:
        exits = join(frame.exits, frame.state)
        if exits is not None:
            frame.exits = exits
            shapes = [exits.heap[ref] for ref in (frame.returned.ref, value.ref) if ref in exits.heap]
            if len(shapes) == 2:
                frame.returned = exits.allocate(join_shapes(*shapes), frame.returned)
    else:
        frame.exits = join(frame.exits, frame.state)
    frame.state = None


def _either(one: Value, other: Value) -> Value:
    """Either result; a constant truth proves what its own way checked, since the other way says the opposite."""
    joined = join_values(one, other)
    if isinstance(one.const, bool) and isinstance(other.const, bool) and one.const is not other.const:
        yes, no = (one, other) if one.const else (other, one)
        return joined._replace(when_true=yes.when_true, when_false=no.when_false)
    if other.known and not other.const:
        return joined._replace(when_true=one.when_true)
    if one.known and not one.const:
        return joined._replace(when_true=other.when_true)
    return joined


def _raise(node: ast.Raise, frame: Frame) -> None:
    if node.exc is not None:
        evaluate(node.exc, frame)
    frame.state = None


def _assert(node: ast.Assert, frame: Frame) -> None:
    test = evaluate(node.test, frame)
    if frame.state is not None:
        frame.here.guard(test.when_true)


# ── definitions and imports ──────────────────────────────────────────────────────────────────────────


def _expression(node: ast.Expr, frame: Frame) -> None:
    value = evaluate(node.value, frame)
    if isinstance(node.value, ast.NamedExpr):
        assign(node.value.target, value, frame)


_EXECUTE: Final[Mapping[type[ast.stmt], Callable[[Any, Frame], None]]] = {
    ast.Assign: assignment, ast.AnnAssign: annotated, ast.AugAssign: augmented, ast.Delete: delete,
    ast.If: if_, ast.Match: match_, ast.While: while_, ast.For: for_, ast.AsyncFor: for_,
    ast.Break: break_, ast.Continue: continue_, ast.Return: _return, ast.Raise: _raise, ast.Assert: _assert,
    ast.Try: try_, ast.TryStar: try_, ast.With: with_, ast.AsyncWith: with_,
    ast.FunctionDef: function_, ast.AsyncFunctionDef: function_, ast.ClassDef: class_,
    ast.Import: import_, ast.ImportFrom: import_from, ast.Global: global_, ast.Expr: _expression,
}  # fmt: skip
