"""Assignment: names, patterns and members get values."""

from dataclasses import replace

from grace.hunter.javascript.checks import assigned, assigned_name
from grace.hunter.javascript.machine import Machine
from grace.hunter.javascript.members import key_of, member_of
from grace.hunter.javascript.syntax import Node
from grace.hunter.javascript.values import Value, either, everything_in, passed

_MOST_FIELDS = 100


def bind(machine: Machine, pattern: Node, value: Value, *, declared: bool) -> None:
    """Give names what a pattern takes out of a value."""
    todo = [(pattern, value)]
    while todo:
        node, held = todo.pop()
        if node.kind in ("identifier", "shorthand_property_identifier_pattern"):
            name = machine.syntax.text(node)
            if declared:
                machine.scopes.declare(name, passed(held, node.row))
            elif not assigned_name(machine, node, held):
                machine.scopes.assign(name, passed(held, node.row))
        elif node.kind in ("object_pattern", "array_pattern"):
            todo += _taken(machine, node, held)
        elif node.kind in ("assignment_pattern", "object_assignment_pattern"):
            left, right = node.child("left"), node.child("right")
            if left is not None:
                todo.append((left, either(held, right.value) if right is not None else held))
        elif node.kind == "rest_pattern" and node.children:
            todo.append((node.children[0], held))
        elif node.kind in ("required_parameter", "optional_parameter"):
            inner = node.child("pattern")
            if inner is not None:
                todo.append((inner, held))
        elif not declared:
            _write(machine, node, held)


def _taken(machine: Machine, pattern: Node, held: Value) -> list[tuple[Node, Value]]:
    taken = []
    for at, child in enumerate(pattern.children):
        if pattern.kind == "array_pattern":
            items = held.items
            element = items[at] if items is not None and at < len(items) else Value(taints=held.taints)
            if child.kind == "rest_pattern":
                element = Value(taints=everything_in(held))
            taken.append((child, element))
        elif child.kind == "pair_pattern":
            key, inner = child.child("key"), child.child("value")
            if key is not None and inner is not None:
                taken.append((inner, member_of(machine, held, key_of(machine, key), key)))
        elif child.kind == "rest_pattern":
            taken.append((child, held))
        else:
            named = child.child("left") if child.kind == "object_assignment_pattern" else child
            if named is not None:
                taken.append((child, member_of(machine, held, machine.syntax.text(named), child)))
    return taken


def _write(machine: Machine, target: Node, value: Value) -> None:
    """`a.b = value`, `a[b] = value`"""
    if target.kind not in ("member_expression", "subscript_expression"):
        return
    assigned(machine, target, value)
    base = target.child("object")
    name = target.child("property")
    if base is None:
        return
    if base.kind in ("identifier", "this"):
        owner = machine.syntax.text(base)
        held = machine.scopes.get(owner)
        if name is not None:
            machine.scopes.assign(f"{owner}.{machine.syntax.text(name)}", passed(value, target.row))
        if held is not None and held.fields is not None and len(held.fields) < _MOST_FIELDS:
            word = machine.syntax.text(name) if name is not None else "*"
            machine.scopes.assign(owner, replace(held, fields={**held.fields, word: value}))
        elif held is not None and value.taints and not held.path.startswith("$"):
            machine.scopes.assign(owner, replace(held, taints={**everything_in(value), **held.taints}))
