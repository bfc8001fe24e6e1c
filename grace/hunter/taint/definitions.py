"""Definitions and imports: the functions, classes and modules that names stand for."""

import ast
from collections.abc import Sequence

from grace.hunter.taint import sinks
from grace.hunter.taint.expressions import defaults, evaluate
from grace.hunter.taint.frame import Frame
from grace.hunter.taint.handlers import handler_of
from grace.hunter.taint.interface import ALL
from grace.hunter.taint.program import IMPORTED, Class, Function
from grace.hunter.taint.state import Instance, State
from grace.hunter.taint.values import Value


def function_(node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> None:
    """A `def` binds its name."""
    frame.here.variables[node.name] = define(node, frame, None)


def define(node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame, owner: Class | None) -> Value:
    """The value of a `def`; its decorators are evaluated, and of those of the program none replaces it."""
    inside = owner.qualname if owner is not None else (f"{frame.symbol}.<locals>" if frame.function else "")
    qualname = f"{inside}.{node.name}".lstrip(".")
    closure = frame.here if frame.function is not None else None
    decorators = tuple(evaluate(decorator, frame) for decorator in node.decorator_list)
    sinks.decorated(decorators, node.decorator_list, frame)
    function = Function(frame.module, node, qualname, owner, closure, decorators, defaults(node, frame))
    if closure is not None and handler_of(function):
        frame.engine.pending.append((function, frame))
    return Value(callee=function)


def class_(node: ast.ClassDef, frame: Frame) -> None:
    """A `class` binds its name; its methods and variables are its members."""
    bases = tuple(evaluate(base, frame) for base in node.bases)
    qualname = f"{frame.symbol}.{node.name}".lstrip(".")
    made = Class(frame.module, node, qualname, bases)
    inner = Frame(
        frame.engine,
        frame.module,
        State(dict(frame.here.variables), frame.here.heap),
        frame.function,
        conditions=frame.conditions,
        reached=frame.reached,
    )
    members: dict[str, Value] = {}
    made.members = members
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            members[statement.name] = define(statement, inner, made)
        elif isinstance(statement, ast.ClassDef):
            class_(statement, inner)
            members[statement.name] = inner.here.variables[statement.name]
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            frame.engine.execute([statement], inner)
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            members.update(
                {
                    t.id: inner.here.variables[t.id]
                    for t in targets
                    if isinstance(t, ast.Name) and t.id in inner.here.variables
                }
            )
    frame.here.variables[node.name] = Value(callee=made)


def import_(node: ast.Import, frame: Frame) -> None:
    """An `import` binds modules."""
    for alias in node.names:
        if alias.asname:
            frame.here.variables[alias.asname] = frame.engine.imported(alias.name, frame.module)
            continue
        first = alias.name.split(".", 1)[0]
        value = frame.engine.imported(first, frame.module)
        if value.path.startswith("module:") and "." in alias.name:
            whole = frame.engine.imported(alias.name, frame.module)
            value = frame.here.allocate(_package(alias.name.split(".")[1:], whole), value)
        frame.here.variables[first] = value


def _package(names: Sequence[str], value: Value) -> Instance:
    return Instance({names[0]: value})


def import_from(node: ast.ImportFrom, frame: Frame) -> None:
    """A `from ... import` binds what a module holds."""
    origin = frame.engine.imported(node.module or "", frame.module, node.level)
    inside = origin.path.startswith("module:")
    for alias in node.names:
        bound = alias.asname or alias.name
        if alias.name == "*":
            frame.engine.answers.names.add((origin.path.removeprefix("module:"), ALL))
            if inside and (module := frame.engine.module(origin.path.removeprefix("module:"))) and module.globals:
                for name, value in module.globals.variables.items():
                    if not name.startswith("_"):
                        frame.here.variables[name] = frame.engine.adopt(value, frame.here)
            continue
        if inside:
            value = Value(path=f"{IMPORTED}{origin.path.removeprefix('module:')}:{alias.name}")
        else:
            value = _from_outside(node, alias.name, frame)
        frame.here.variables[bound] = value


def _from_outside(node: ast.ImportFrom, name: str, frame: Frame) -> Value:
    whole = frame.engine.imported(f"{node.module}.{name}" if node.module else name, frame.module, node.level)
    if whole.path.startswith("module:"):
        return whole
    return Value(path=f"{node.module}.{name}" if node.module and not node.level else f"?{name}")


def global_(node: ast.Global, frame: Frame) -> None:
    """Names that belong to the module from here on."""
    frame.global_names.update(node.names)
