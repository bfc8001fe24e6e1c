"""Assignments: variables get values, and shapes on the heap change."""

import ast
from collections.abc import Sequence

from grace.hunter.taint import calls, sinks
from grace.hunter.taint.access import element, item
from grace.hunter.taint.expressions import evaluate
from grace.hunter.taint.frame import Frame
from grace.hunter.taint.state import Entries, Instance, Items, contents, together
from grace.hunter.taint.values import ANY, Value, derived, join_values


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


def assignment(node: ast.Assign, frame: Frame) -> None:
    """`target = value`."""
    value = evaluate(node.value, frame)
    for target in node.targets:
        assign(target, value, frame, node)


def annotated(node: ast.AnnAssign, frame: Frame) -> None:
    """`target: type = value`."""
    if node.value is not None:
        assign(node.target, evaluate(node.value, frame), frame, node)


def augmented(node: ast.AugAssign, frame: Frame) -> None:
    """`target += value`."""
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


def delete(node: ast.Delete, frame: Frame) -> None:
    """`del target`."""
    for target in node.targets:
        if isinstance(target, ast.Name):
            frame.here.variables.pop(target.id, None)
        elif isinstance(target, ast.Subscript):
            owner, key = evaluate(target.value, frame), evaluate(target.slice, frame)
            calls.pop(owner, [key], frame)
