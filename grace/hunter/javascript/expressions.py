"""What expressions hold, from what their parts hold."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from grace.hunter.javascript.calls import call, new
from grace.hunter.javascript.machine import Machine, any_of, source
from grace.hunter.javascript.members import key_of, member_of
from grace.hunter.javascript.sources import global_path, source_kind
from grace.hunter.javascript.syntax import Node
from grace.hunter.javascript.values import (
    NOTHING,
    Value,
    concatenated,
    constant,
    either,
    everything_in,
)

_MOST_FIELDS = 200
_CHOICES = ("||", "&&", "??")


def _identifier(machine: Machine, node: Node) -> None:
    if node.field == "property":
        return
    name = machine.syntax.text(node)
    held = machine.scopes.get(name)
    if held is None:
        path = global_path(name)
        kind = source_kind(path)
        held = source(kind, path, node.row) if kind else Value(path=path)
    node.value = machine.scopes.proven(held)


def _this(machine: Machine, node: Node) -> None:
    node.value = Value(path="this")


def _string(machine: Machine, node: Node) -> None:
    node.value = constant(machine.syntax.string(node))


def _literal(machine: Machine, node: Node) -> None:
    node.value = constant(machine.syntax.text(node))


def _template(machine: Machine, node: Node) -> None:
    parts = [
        child.value if child.kind == "template_substitution" else constant(machine.syntax.text(child))
        for child in node.children
    ]
    node.value = replace(
        concatenated(parts), built=any(child.kind == "template_substitution" for child in node.children)
    )


def _binary(machine: Machine, node: Node) -> None:
    left, right = (part.value if (part := node.child(side)) else NOTHING for side in ("left", "right"))
    if node.operator == "+":
        node.value = concatenated((left, right))
    elif node.operator in _CHOICES:
        node.value = either(left, right)
    else:
        node.value = NOTHING


def _ternary(machine: Machine, node: Node) -> None:
    node.value = any_of(part.value for side in ("consequence", "alternative") if (part := node.child(side)))


def _last(machine: Machine, node: Node) -> None:
    node.value = node.children[-1].value if node.children else NOTHING


def _first(machine: Machine, node: Node) -> None:
    node.value = node.children[0].value if node.children else NOTHING


def _member(machine: Machine, node: Node) -> None:
    base, name = node.child("object"), node.child("property")
    if base is None or name is None:
        return
    word = machine.syntax.text(name)
    kept = machine.scopes.get(f"{machine.syntax.text(base)}.{word}") if base.kind in ("identifier", "this") else None
    node.value = machine.scopes.proven(kept or member_of(machine, base.value, word, node))


def _subscript(machine: Machine, node: Node) -> None:
    base, index = node.child("object"), node.child("index")
    if base is None or index is None:
        return
    items = base.value.items
    text = index.value.text
    if items is not None and text is not None and text.isdigit() and len(text) < 6:
        node.value = items[int(text)] if int(text) < len(items) else Value(taints=base.value.taints)
    elif text is not None:
        node.value = machine.scopes.proven(member_of(machine, base.value, text, node))
    elif base.value.fields is not None and not index.value.taints:
        node.value = any_of(base.value.fields.values())
    else:
        node.value = member_of(machine, base.value, "*", node)


def _object(machine: Machine, node: Node) -> None:
    fields: dict[str, Value] = {}
    taints: list[Value] = []
    for child in node.children:
        if child.kind == "pair":
            key, value = child.child("key"), child.child("value")
            if key is not None and value is not None:
                fields[key_of(machine, key)] = value.value
        elif child.kind == "shorthand_property_identifier":
            name = machine.syntax.text(child)
            fields[name] = machine.scopes.get(name) or Value(path=global_path(name))
        elif child.kind == "method_definition":
            name_node = child.child("name")
            if name_node is not None:
                fields[machine.syntax.text(name_node)] = child.value
        elif child.kind == "spread_element":
            fields |= child.value.fields or {}
            taints.append(child.value)
    every = Value(taints=any_of(taints).taints, fields=fields)
    node.value = every if len(fields) <= _MOST_FIELDS else Value(taints=everything_in(every))


def _array(machine: Machine, node: Node) -> None:
    node.value = Value(items=tuple(child.value for child in node.children))


def _jsx_attribute(machine: Machine, node: Node) -> None:
    if len(node.children) < 2:
        return
    name, given = machine.syntax.text(node.children[0]), node.children[1].value
    for sink in machine.rules.attributes.get(name, ()):
        held = given.fields or {}
        for field in sink.fields:
            if field in held:
                machine.reach(sink, node, held[field])


Handler = Callable[[Machine, Node], None]
LEAVE: Mapping[str, Handler] = {
    "identifier": _identifier,
    "this": _this,
    "string": _string,
    "number": _literal,
    "regex": _literal,
    "true": _literal,
    "false": _literal,
    "null": _literal,
    "undefined": _literal,
    "template_string": _template,
    "template_substitution": _first,
    "binary_expression": _binary,
    "ternary_expression": _ternary,
    "parenthesized_expression": _first,
    "sequence_expression": _last,
    "await_expression": _last,
    "yield_expression": _last,
    "as_expression": _first,
    "satisfies_expression": _first,
    "non_null_expression": _first,
    "type_assertion": _last,
    "spread_element": _first,
    "jsx_expression": _first,
    "jsx_attribute": _jsx_attribute,
    "member_expression": _member,
    "subscript_expression": _subscript,
    "object": _object,
    "array": _array,
    "call_expression": call,
    "new_expression": new,
}
"""What is done where a node is left."""
