"""Constants that switch protection off, and assignments of untrusted data to what is run or shown."""

from grace.hunter.javascript.calls import is_within
from grace.hunter.javascript.machine import Machine
from grace.hunter.javascript.members import key_of
from grace.hunter.javascript.rules import Setting
from grace.hunter.javascript.sources import normal
from grace.hunter.javascript.syntax import Node
from grace.hunter.javascript.values import Value, everything_in, step

_ENOUGH = 20


def assigned(machine: Machine, target: Node, value: Value) -> None:
    """`object.name = value`, `object[name] = value`"""
    base, name, index = target.child("object"), target.child("property"), target.child("index")
    if base is None:
        return
    word = machine.syntax.text(name) if name is not None else index.value.text if index is not None else None
    if word is None:
        _pollution(machine, target, base, index)
        return
    path = normal(step(base.value.path, word))
    for sink in machine.rules.assignments.get(word, ()):
        if sink.path.match(path):
            machine.reach(sink, target.parent or target, value, everything_in(value))
    for setting in machine.rules.assigned.get(word, ()):
        if setting.path.match(path) and value.text is not None and setting.values.fullmatch(value.text):
            _report(machine, setting, target.parent or target)


def assigned_name(machine: Machine, target: Node, value: Value) -> bool:
    """`name = value` of a name that nothing binds, such as `location`; whether it is one with a meaning."""
    word = machine.syntax.text(target)
    sinks = machine.rules.assignments.get(word, ())
    if not sinks or machine.scopes.get(word) is not None:
        return False
    for sink in sinks:
        if sink.path.match(word):
            machine.reach(sink, target.parent or target, value, everything_in(value))
    return True


def pair(machine: Machine, node: Node) -> None:
    """`name: value` in an object literal."""
    key, value = node.child("key"), node.child("value")
    if key is None or value is None or value.value.text is None:
        return
    for setting in machine.rules.fields.get(key_of(machine, key), ()):
        if setting.values.fullmatch(value.value.text) and _is_beside(machine, setting, node) and _is_in(setting, node):
            _report(machine, setting, node)


def _pollution(machine: Machine, target: Node, base: Node, index: Node | None) -> None:
    """`object[a][b] = value`, where whoever chooses `a` may choose `__proto__`."""
    outer = base.child("index") if base.kind == "subscript_expression" else None
    if index is None or outer is None or not index.value.taints:
        return
    for sink in machine.rules.pollution:
        machine.reach(sink, target.parent or target, outer.value, everything_in(outer.value))


def _is_beside(machine: Machine, setting: Setting, node: Node) -> bool:
    if not setting.beside or node.parent is None:
        return True
    written = {}
    for each in node.parent.children:
        key, value = each.child("key"), each.child("value")
        if key is not None and value is not None:
            written[key_of(machine, key)] = machine.syntax.text(value)[:_ENOUGH]
    return all(written.get(name) == wish for name, wish in setting.beside.items())


def _is_in(setting: Setting, node: Node) -> bool:
    """In the arguments of the call that the setting is about."""
    if setting.inside is None:
        return True
    for outer in node.above():
        if outer.kind in ("call_expression", "new_expression"):
            callee = outer.child("function") or outer.child("constructor")
            if callee is not None and setting.inside.match(normal(callee.value.path)):
                return True
        if outer.kind in ("statement_block", "program"):
            return False
    return False


def _report(machine: Machine, setting: Setting, node: Node) -> None:
    if is_within(machine, setting, node):
        machine.report(setting.rule, setting.rule.confidence, node, None, (node.row,))
