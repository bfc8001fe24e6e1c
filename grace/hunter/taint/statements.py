"""Statements: how a state becomes the next."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from grace.hunter.taint import calls, conditions, sinks
from grace.hunter.taint.engine import NONE, Frame, Loop
from grace.hunter.taint.expressions import defaults, element, evaluate, item, source
from grace.hunter.taint.handlers import handler_of
from grace.hunter.taint.program import Class, Function
from grace.hunter.taint.rulebook import Entry
from grace.hunter.taint.state import Entries, Instance, Items, State, contents, join, join_shapes, together
from grace.hunter.taint.values import ANY, EVERYTHING, Value, constant, derived, join_values

_PASSES = 3
"""Times a loop's body is evaluated, at most: constants that change are gone after the second."""
_EXCEPTION: Final = Entry(kind="exception")


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


def assign(target: ast.expr, value: Value, frame: Frame, node: ast.AST | None = None) -> None:
    """Bind a value to a target; containers and objects that it stands in change on the heap."""
    if node is not None:
        value = frame.step(node, value)
    match target:
        case ast.Name(id=name):
            sinks.assigned(name, ANY, value, target, frame)
            if name in frame.global_names:
                _assign_global(name, value, frame)
            else:
                frame.here.variables[name] = value
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            _unpack(parts, value, frame)
        case ast.Starred(value=inner):
            assign(inner, value, frame)
        case ast.Attribute(value=owner_node, attr=name):
            owner = evaluate(owner_node, frame)
            sinks.assigned(f"{owner.path}.{name}", owner, value, target, frame)
            set_attribute(owner_node, owner, name, value, frame)
        case ast.Subscript(value=owner_node, slice=key_node):
            owner = evaluate(owner_node, frame)
            key = evaluate(key_node, frame)
            name = f"[{key.const!r}]" if key.known else "[]"
            sinks.assigned(f"{owner.path}{name}", owner, derived((key, value)) if key.taints else value, target, frame)
            _set_item(owner_node, owner, key, value, frame)


def _assign_global(name: str, value: Value, frame: Frame) -> None:
    variables = frame.module.globals.variables if frame.module.globals is not None else {}
    flat = frame.here.flat(value)._replace(ref=0, trail=None)
    kept = flat._replace(taints={}) if value.taints else flat
    variables[name] = join_values(variables[name], kept) if name in variables else kept
    frame.here.variables[name] = value


def _unpack(parts: Sequence[ast.expr], value: Value, frame: Frame) -> None:
    shape = frame.here.heap.get(value.ref) if value.ref else None
    starred = any(isinstance(part, ast.Starred) for part in parts)
    for index, part in enumerate(parts):
        if isinstance(shape, Items) and shape.rest is None and not starred and index < len(shape.items):
            assign(part, shape.items[index], frame)
        elif isinstance(part, ast.Starred):
            inner = together(contents(shape)) if shape is not None else element(value, frame)
            assign(part.value, frame.here.allocate(Items((), inner)), frame)
        else:
            assign(part, item(value, ANY, part, frame), frame)


def set_attribute(owner_node: ast.expr, owner: Value, name: str, value: Value, frame: Frame) -> None:
    """An attribute of an object; what came from outside becomes an object of its own."""
    if owner.callee is not None or owner.path.startswith("module:"):
        return
    shape = frame.here.heap.get(owner.ref) if owner.ref else None
    if isinstance(shape, Instance):
        frame.here.heap[owner.ref] = Instance({**shape.attributes, name: value}, shape.of)
    elif shape is None and isinstance(owner_node, ast.Name):
        frame.here.variables[owner_node.id] = frame.here.allocate(Instance({name: value}), owner)


def _set_item(owner_node: ast.expr, owner: Value, key: Value, value: Value, frame: Frame) -> None:
    state = frame.here
    shape = state.heap.get(owner.ref) if owner.ref else None
    if isinstance(shape, Entries):
        if key.known:
            state.heap[owner.ref] = Entries({**shape.entries, key.const: value}, shape.rest)
        else:
            state.heap[owner.ref] = Entries(
                shape.entries, value if shape.rest is None else join_values(shape.rest, value)
            )
    elif isinstance(shape, Items):
        if isinstance(key.const, int) and shape.rest is None and -len(shape.items) <= key.const < len(shape.items):
            items = list(shape.items)
            items[key.const] = value
            state.heap[owner.ref] = shape._replace(items=tuple(items))
        else:
            state.heap[owner.ref] = Items((), together((*contents(shape), value)), shape.kind)
    elif isinstance(shape, Instance):
        state.heap[owner.ref] = Instance({**shape.attributes, f"[{key.const!r}]": value}, shape.of)
    elif isinstance(owner_node, ast.Name) and owner.path:
        state.variables[owner_node.id] = state.allocate(Instance({f"[{key.const!r}]": value}), owner)
    elif isinstance(owner_node, ast.Attribute) and owner.path and key.known:
        holder = evaluate(owner_node.value, frame)
        whole = state.allocate(Entries({key.const: value}, ANY), owner)
        set_attribute(owner_node.value, holder, owner_node.attr, whole, frame)


def _assign(node: ast.Assign, frame: Frame) -> None:
    value = evaluate(node.value, frame)
    for target in node.targets:
        assign(target, value, frame, node)


def _annotated(node: ast.AnnAssign, frame: Frame) -> None:
    if node.value is not None:
        assign(node.target, evaluate(node.value, frame), frame, node)


def _augmented(node: ast.AugAssign, frame: Frame) -> None:
    target = node.target
    load = ast.copy_location(_as_load(target), target)
    shape = frame.here.heap.get(evaluate(load, frame).ref)
    if isinstance(node.op, ast.Add) and isinstance(shape, Items) and shape.kind == "list":
        calls.extend(evaluate(load, frame), evaluate(node.value, frame), frame)
        return
    value = evaluate(ast.copy_location(ast.BinOp(load, node.op, node.value), node), frame)
    assign(target, value, frame, node)


def _as_load(target: ast.Name | ast.Attribute | ast.Subscript) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    return ast.Subscript(target.value, target.slice, ast.Load())


def _delete(node: ast.Delete, frame: Frame) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            frame.here.variables.pop(target.id, None)
        elif isinstance(target, ast.Subscript):
            owner, key = evaluate(target.value, frame), evaluate(target.slice, frame)
            calls.pop(owner, [key], frame)


# ── branches ─────────────────────────────────────────────────────────────────────────────────────────


def _if(node: ast.If, frame: Frame) -> None:
    test = evaluate(node.test, frame)
    if frame.state is None:
        return
    truth = conditions.truth(test, frame.here)
    if truth is not None:
        execute(node.body if truth else node.orelse, frame)
        return
    otherwise = frame.here.copy()
    frame.conditions += 1
    frame.here.guard(test.when_true)
    execute(node.body, frame)
    after = frame.state
    frame.state = otherwise
    frame.here.guard(test.when_false)
    execute(node.orelse, frame)
    frame.conditions -= 1
    frame.state = join(after, frame.state)


def _match(node: ast.Match, frame: Frame) -> None:
    subject = evaluate(node.subject, frame)
    after: State | None = None
    left: State | None = frame.state
    for case in node.cases:
        if left is None:
            break
        frame.state = left.copy()
        taken = _matches(case.pattern, subject, frame)
        if taken is not False and case.guard is not None:
            test = evaluate(case.guard, frame)
            known = conditions.truth(test, frame.here)
            frame.here.guard(test.when_true)
            taken = False if known is False else (taken if known else None)
        if taken is False:
            continue
        execute(case.body, frame)
        after = join(after, frame.state)
        if taken:
            left = None
    frame.state = join(after, left)


def _matches(pattern: ast.pattern, subject: Value, frame: Frame) -> bool | None:
    """Whether a pattern matches, where that is known; its names are bound."""
    match pattern:
        case ast.MatchValue(value=value_node):
            value = evaluate(value_node, frame)
            if value.known and subject.known:
                return bool(value.const == subject.const)
            frame.here.guard((label, EVERYTHING) for label in subject.taints if value.known and not subject.partial)
            return None
        case ast.MatchSingleton(value=value):
            return subject.const is value if subject.known else None
        case ast.MatchAs(pattern=None, name=name):
            if name:
                frame.here.variables[name] = subject
            return True
        case ast.MatchAs(pattern=inner, name=name):
            if name:
                frame.here.variables[name] = subject
            return _matches(inner, subject, frame) if inner else True
        case ast.MatchOr(patterns=patterns):
            before = dict(frame.here.guards)
            answers = [_matches(each, subject, frame) for each in patterns]
            if any(isinstance(each, ast.MatchAs) for each in patterns):
                frame.here.guards = before
            return True if True in answers else (False if all(a is False for a in answers) else None)
        case ast.MatchSequence(patterns=patterns):
            for index, each in enumerate(patterns):
                _matches(each, item(subject, constant(index), pattern, frame), frame)
            return None
        case ast.MatchMapping(keys=keys, patterns=patterns, rest=rest):
            for key, each in zip(keys, patterns, strict=True):
                _matches(each, item(subject, evaluate(key, frame), pattern, frame), frame)
            if rest:
                frame.here.variables[rest] = subject
            return None
        case ast.MatchClass(patterns=patterns, kwd_patterns=keyed):
            for each in (*patterns, *keyed):
                _matches(each, frame.here.flat(subject)._replace(ref=0, const=ANY.const), frame)
            return None
        case ast.MatchStar(name=name):
            if name:
                frame.here.variables[name] = subject
            return None
    return None


# ── loops ────────────────────────────────────────────────────────────────────────────────────────────


def _while(node: ast.While, frame: Frame) -> None:
    leaves: State | None = None

    def enter() -> bool:
        test = evaluate(node.test, frame)
        truth = conditions.truth(test, frame.here)
        if truth is False:
            return False
        nonlocal leaves
        if truth is None:
            out = frame.here.copy()
            out.guard(test.when_false)
            leaves = join(leaves, out)
        frame.here.guard(test.when_true)
        return True

    _loop(node.body, enter, frame, lambda: leaves, node.orelse)


def _for(node: ast.For | ast.AsyncFor, frame: Frame) -> None:
    iterable = evaluate(node.iter, frame)
    shape = frame.here.heap.get(iterable.ref) if iterable.ref else None
    certain = isinstance(shape, Items) and shape.rest is None and bool(shape.items)
    leaves: State | None = None if certain else frame.here.copy()

    def enter() -> bool:
        assign(node.target, element(iterable, frame), frame, node)
        return True

    def left() -> State | None:
        return join(leaves, frame.state)

    _loop(node.body, enter, frame, left, node.orelse)


def _loop(
    body: Sequence[ast.stmt],
    enter: Callable[[], bool],
    frame: Frame,
    left: Callable[[], State | None],
    otherwise: Sequence[ast.stmt],
) -> None:
    """Evaluate a body until its state no longer changes, or `_PASSES` times."""
    breaks: State | None = None
    for _ in range(_PASSES):
        if frame.state is None:
            break
        before = frame.here.copy()
        if not enter():
            break
        frame.loops.append(loop := Loop())
        execute(body, frame)
        frame.loops.pop()
        breaks = join(breaks, loop.breaks)
        after = join(frame.state, loop.continues)
        frame.state = join(before, after)
        if frame.state is None or frame.state == before:
            break
    frame.state = left()
    if otherwise and frame.state is not None:
        execute(otherwise, frame)
    frame.state = join(frame.state, breaks)


def _break(node: ast.Break, frame: Frame) -> None:
    if frame.loops:
        frame.loops[-1].breaks = join(frame.loops[-1].breaks, frame.state)
    frame.state = None


def _continue(node: ast.Continue, frame: Frame) -> None:
    if frame.loops:
        frame.loops[-1].continues = join(frame.loops[-1].continues, frame.state)
    frame.state = None


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


def _try(node: ast.Try | ast.TryStar, frame: Frame) -> None:
    before = frame.here.copy()
    execute(node.body, frame)
    if frame.state is not None:
        execute(node.orelse, frame)
    after = frame.state
    interrupted = join(before, after.copy() if after is not None else None)
    if interrupted is not None:
        interrupted.guards = dict(before.guards)
    for handler in node.handlers:
        frame.state = interrupted.copy() if interrupted is not None else State()
        if handler.name:
            frame.here.variables[handler.name] = _caught(handler, handler.name, frame)
        execute(handler.body, frame)
        after = join(after, frame.state)
    frame.state = after
    if node.finalbody:
        ended = frame.state is None
        if ended:
            frame.state = before
        execute(node.finalbody, frame)
        if ended:
            frame.state = None


def _caught(handler: ast.ExceptHandler, name: str, frame: Frame) -> Value:
    """An exception; what a class of the program says of itself was written for whoever reads it."""
    kind = evaluate(handler.type, frame) if handler.type is not None else ANY
    if isinstance(kind.callee, Class):
        return Value(path="exception")
    return source(_EXCEPTION, name, handler, frame)._replace(path="exception")


def _with(node: ast.With | ast.AsyncWith, frame: Frame) -> None:
    for each in node.items:
        manager = evaluate(each.context_expr, frame)
        if frame.state is None:
            return
        if each.optional_vars is not None:
            assign(each.optional_vars, calls.entered(manager, node, frame), frame, node)
    execute(node.body, frame)


# ── definitions and imports ──────────────────────────────────────────────────────────────────────────


def _function(node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> None:
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


def _class(node: ast.ClassDef, frame: Frame) -> None:
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
            _class(statement, inner)
            members[statement.name] = inner.here.variables[statement.name]
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            execute([statement], inner)
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            members.update(
                {
                    t.id: inner.here.variables[t.id]
                    for t in targets
                    if isinstance(t, ast.Name) and t.id in inner.here.variables
                }
            )
    frame.here.variables[node.name] = Value(callee=made)


def _import(node: ast.Import, frame: Frame) -> None:
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


def _import_from(node: ast.ImportFrom, frame: Frame) -> None:
    origin = frame.engine.imported(node.module or "", frame.module, node.level)
    inside = origin.path.startswith("module:")
    for alias in node.names:
        bound = alias.asname or alias.name
        if alias.name == "*":
            if inside and (module := frame.engine.module(origin.path.removeprefix("module:"))) and module.globals:
                for name, value in module.globals.variables.items():
                    if not name.startswith("_"):
                        frame.here.variables[name] = frame.engine.adopt(value, frame.here)
            continue
        if inside:
            path = origin.path.removeprefix("module:")
            value = frame.engine.adopt(frame.engine.member(path, alias.name), frame.here)
        else:
            value = _from_outside(node, alias.name, frame)
        frame.here.variables[bound] = value


def _from_outside(node: ast.ImportFrom, name: str, frame: Frame) -> Value:
    whole = frame.engine.imported(f"{node.module}.{name}" if node.module else name, frame.module, node.level)
    if whole.path.startswith("module:"):
        return whole
    return Value(path=f"{node.module}.{name}" if node.module and not node.level else f"?{name}")


def _global(node: ast.Global, frame: Frame) -> None:
    frame.global_names.update(node.names)


def _expression(node: ast.Expr, frame: Frame) -> None:
    value = evaluate(node.value, frame)
    if isinstance(node.value, ast.NamedExpr):
        assign(node.value.target, value, frame)


_EXECUTE: Final[Mapping[type[ast.stmt], Callable[[Any, Frame], None]]] = {
    ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.Delete: _delete,
    ast.If: _if, ast.Match: _match, ast.While: _while, ast.For: _for, ast.AsyncFor: _for,
    ast.Break: _break, ast.Continue: _continue, ast.Return: _return, ast.Raise: _raise, ast.Assert: _assert,
    ast.Try: _try, ast.TryStar: _try, ast.With: _with, ast.AsyncWith: _with,
    ast.FunctionDef: _function, ast.AsyncFunctionDef: _function, ast.ClassDef: _class,
    ast.Import: _import, ast.ImportFrom: _import_from, ast.Global: _global, ast.Expr: _expression,
}  # fmt: skip
