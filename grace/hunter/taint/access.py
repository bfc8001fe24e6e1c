"""What names, attributes and items are: variables, members of modules and classes, elements, named parts of sources."""

import ast
from typing import Any, Final, cast

from grace.hunter.taint import handlers, text
from grace.hunter.taint.frame import Frame
from grace.hunter.taint.program import Bound, Class, Function
from grace.hunter.taint.rulebook import Entry, Patterns
from grace.hunter.taint.state import Entries, Instance, Items, contents, together
from grace.hunter.taint.values import (
    ANY,
    Source,
    Value,
    constant,
    derived,
    made_by,
)

_OWN_PATHS: Final = frozenset({"flask.request.path", "quart.request.path"})
"""What is fixed where the route of a handler has no parameters."""


def lookup(name: str, frame: Frame) -> Value:
    """A variable of the function, of the functions around it, of the module, or a builtin."""
    inner: Frame | None = frame
    while inner is not None:
        found = inner.here.variables.get(name)
        if found is not None:
            return frame.engine.resolved(found, frame.here)
        function = inner.function
        if function is not None and function.closure is not None and name in function.closure.variables:
            value = function.closure.variables[name]
            if value.ref and value.ref not in frame.here.heap and value.ref in function.closure.heap:
                frame.here.heap[value.ref] = function.closure.heap[value.ref]
            return value
        inner = inner.outer
    module = frame.module
    if module.globals is not None:
        found = module.globals.variables.get(name)
        frame.engine.answers.names.add((module.path, name))
        if found is not None:
            return frame.engine.adopt(frame.engine.resolved(found, frame.here), frame.here)
    return made_by(name)


def attribute(owner: Value, name: str, node: ast.AST, frame: Frame) -> Value:
    """An attribute of a value: of an object, a class, a module, or of something from outside."""
    shape = frame.here.heap.get(owner.ref) if owner.ref else None
    if isinstance(shape, Instance):
        if name in shape.attributes:
            return shape.attributes[name]
        if shape.of is not None and (found := shape.of.member(name)) is not None:
            return _bound(found, owner, shape.of, node, frame)
        if shape.of is not None and name == "__class__":
            return Value(callee=shape.of)
    if owner.path.startswith("module:"):
        return frame.engine.adopt(frame.engine.member(owner.path.removeprefix("module:"), name), frame.here)
    if isinstance(owner.callee, Class) and (found := owner.callee.member(name)) is not None:
        if isinstance(found.callee, Function) and found.callee.kind == "class":
            return found._replace(callee=Bound(found.callee, (owner,)))
        return frame.engine.adopt(found, frame.here)
    path = f"{owner.path}.{name}" if owner.path else f"?.{name}"
    if path in _OWN_PATHS and (routes := handlers.static_routes(frame)):
        return together(map(constant, routes))
    if (entry := entered_by(frame.engine.rules.sources, path, frame)) and not isinstance(shape, Items | Entries):
        return source(entry, path, node, frame)
    value = made_by(path)
    if owner.taints:
        return value._replace(taints=owner.taints, trail=owner.trail, partial=owner.partial or name in text.PIECES)
    return value


def entered_by(patterns: Patterns, path: str, frame: Frame) -> Entry | None:
    """The source that a path is, where the module or what it was called from uses the framework it belongs to."""
    for entry in patterns.find(path):
        if not entry.modules or not frame.packages.isdisjoint(entry.modules):
            return cast("Entry", entry)
    return None


def source(entry: Entry, what: str, node: ast.AST, frame: Frame) -> Value:
    """Untrusted data that enters here."""
    line = getattr(node, "lineno", 1)
    return Value(taints={Source(entry.kind, what, frame.module.path, line): frozenset(entry.clean)}, path=what)


def _bound(found: Value, owner: Value, of: Class, node: ast.AST, frame: Frame) -> Value:
    if not isinstance(found.callee, Function):
        return frame.engine.adopt(found, frame.here)
    function = found.callee
    if function.kind == "property":
        return frame.engine.call(function, (owner,), {}, node, frame)
    if function.kind == "static":
        return found
    first = owner if function.kind == "method" else Value(callee=of)
    return found._replace(callee=Bound(function, (first,)))


def item(owner: Value, key: Value, node: ast.AST, frame: Frame) -> Value:
    """An element of a container, a piece of a text, or a named part of a source."""
    shape = frame.here.heap.get(owner.ref) if owner.ref else None
    if isinstance(shape, Items):
        if key.known and shape.rest is None and isinstance(key.const, int):
            return shape.items[key.const] if -len(shape.items) <= key.const < len(shape.items) else ANY
        return together(contents(shape))
    if isinstance(shape, Entries):
        if key.known and hashable(key.const):
            found = shape.entries.get(key.const)
            if found is not None:
                return found
            return shape.rest if shape.rest is not None else ANY
        return together(contents(shape))
    if isinstance(shape, Instance) and (method := shape.method("__getitem__")) is not None:
        return frame.engine.call(method, (owner, key), {}, node, frame)
    if owner.known and key.known:
        try:
            return constant(owner.const[key.const])
        except Exception:  # noqa: BLE001 - what the program would raise here, whatever it is
            return ANY
    if (part := named_part(owner, key)) is not None:
        return part
    return derived((owner,), path=f"{owner.path}[]" if owner.path else "")._replace(partial=True, literal=owner.literal)


def named_part(owner: Value, key: Value) -> Value | None:
    """One parameter of a source's many: a source of its own, so that a check of it is about it alone."""
    if not key.known or not isinstance(key.const, str) or len(owner.taints) != 1:
        return None
    (label, kinds), *_ = owner.taints.items()
    if not isinstance(label, Source) or label.what != owner.path:
        return None
    name = Source(label.kind, f"{label.what}[{key.const!r}]", label.path, label.line)
    return Value(taints={name: kinds}, path=f"{owner.path}[]", trail=owner.trail)


def sliced(owner: Value, bounds: list[Value], frame: Frame) -> Value:
    """A slice of a container or text."""
    shape = frame.here.heap.get(owner.ref) if owner.ref else None
    exact = all(bound.known for bound in bounds)
    cut = slice(*(bound.const for bound in bounds)) if exact else slice(None)
    try:
        if isinstance(shape, Items):
            if exact and shape.rest is None:
                return frame.here.allocate(Items(shape.items[cut], None, shape.kind))
            return frame.here.allocate(Items((), together(contents(shape)), shape.kind))
        if owner.known and exact:
            return constant(owner.const[cut])
    except (TypeError, ValueError):
        return ANY
    prefix = owner.prefix if bounds[0].const in (None, 0) and bounds[0].known and bounds[1].const is None else ""
    return derived((owner,), prefix=prefix)._replace(partial=True, literal=owner.literal)


def element(container: Value, frame: Frame) -> Value:
    """Any element of what is iterated over."""
    shape = frame.here.heap.get(container.ref) if container.ref else None
    if isinstance(shape, Items):
        return together(contents(shape))
    if isinstance(shape, Entries):
        keys = [constant(key) for key in shape.entries]
        return together(keys if shape.rest is None else [*keys, shape.rest])._replace(ref=0)
    if isinstance(container.const, str | bytes | tuple):
        return Value(literal=True)
    return derived((container,), path=f"{container.path}[]" if container.path else "")._replace(
        partial=True, literal=container.literal
    )


def hashable(const: Any) -> bool:
    """Whether a constant can be a key."""
    try:
        hash(const)
    except TypeError:
        return False
    return True
