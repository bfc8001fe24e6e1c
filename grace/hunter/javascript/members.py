"""What is inside of values: members, fields, what patterns take out of them."""

from dataclasses import replace

from grace.hunter.javascript.machine import Machine, source
from grace.hunter.javascript.sources import normal, source_kind
from grace.hunter.javascript.syntax import Node
from grace.hunter.javascript.values import Source, Value, everything_in, step


def member_of(machine: Machine, base: Value, name: str, node: Node) -> Value:
    """What a member of something holds."""
    if base.fields is not None and name in base.fields:
        return base.fields[name]
    path = normal(step(base.path, name))
    if kind := source_kind(path):
        known = next((t for label, t in base.taints.items() if isinstance(label, Source) and label.kind == kind), None)
        found = source(kind, path, node.row)
        if known is None:
            return found
        return replace(found, taints={Source(kind, path): known})
    if name in ("length", "size"):
        return Value(path=path)
    return Value(taints=everything_in(base), path=path)


def key_of(machine: Machine, key: Node) -> str:
    """The name of a property in an object literal or pattern."""
    if key.kind == "string":
        return machine.syntax.string(key)
    if key.kind == "computed_property_name":
        return (key.children[0].value.text if key.children else None) or "*"
    return machine.syntax.text(key)
