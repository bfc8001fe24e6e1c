"""Calls: what they do with untrusted data, and what they give back."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from grace.hunter.javascript.cleaning import after_call
from grace.hunter.javascript.machine import Machine, given_back, source
from grace.hunter.javascript.rules import Setting, Sink
from grace.hunter.javascript.sources import RESPONSE, module_path, normal, source_kind
from grace.hunter.javascript.syntax import Node, arguments
from grace.hunter.javascript.values import (
    NOTHING,
    Value,
    concatenated,
    constant,
    everything_in,
    joined,
    step,
)

_FILLS = frozenset({"push", "unshift", "append", "set", "add", "assign", "splice", "write", "concat"})
"""Methods after which the receiver holds what it got."""
_LONGEST_NAME = 80
_SAME = frozenset({"util.promisify()", "promisify()", "pify()", "Bluebird.promisify()", "bluebird.promisify()"})
_TEXT_METHODS = frozenset({"trim", "toString", "toLowerCase", "toUpperCase", "trimEnd", "trimStart", "normalize"})
_PLAIN = ("json", "plain", "csv", "octet", "image/", "pdf", "event-stream", "javascript", "css")


def call(machine: Machine, node: Node) -> None:
    """`f(x)`, also tagged templates."""
    callee = node.child("function")
    if callee is None:
        return
    given = [argument.value for argument in arguments(node)]
    if callee.kind == "import" or (callee.value.path == "require" and callee.kind == "identifier"):
        _imported(machine, node, given)
        return
    listed = node.child("arguments")
    if listed is not None and listed.kind == "template_string":
        node.value = _tagged(callee.value.path, listed)
        return
    path = normal(callee.value.path)
    _check(machine, node, path, given)
    receiver = _receiver(callee)
    _note(machine, callee, path, given)
    node.value = _result(machine, node, callee, path, receiver, given)


def new(machine: Machine, node: Node) -> None:
    """`new F(x)`"""
    callee = node.child("constructor")
    if callee is None:
        return
    given = [argument.value for argument in arguments(node)]
    path = normal(callee.value.path)
    _check(machine, node, path, given)
    result = step(path, "()")
    node.value = Value(taints=after_call(result, None, given), path=result, prefix=_wrapped(given))


def _imported(machine: Machine, node: Node, given: list[Value]) -> None:
    _check(machine, node, "require", given)
    name = given[0].text if given else None
    node.value = Value(path=module_path(name)) if name else NOTHING


def _tagged(tag: str, template: Node) -> Value:
    """A tag such as `sql` binds what is put in; of another one nothing is known."""
    binds = tag.rpartition(".")[2].lower() in ("sql", "query", "sqlraw", "prisma", "$queryraw", "$executeraw")
    return Value(path=step(tag, "()")) if binds else template.value


def _check(machine: Machine, node: Node, path: str, given: list[Value]) -> None:
    name = path.rpartition(".")[2]
    for sink in machine.rules.calls.get(name, ()):
        if sink.path.match(path) and len(given) >= sink.least and _applies(sink, given):
            _reached(machine, sink, node, given)
    for setting in machine.rules.called.get(name, ()):
        if setting.path.match(path) and setting.argument < len(given):
            text = given[setting.argument].text
            if text is not None and setting.values.fullmatch(text) and is_within(machine, setting, node):
                machine.report(setting.rule, setting.rule.confidence, node, None, (node.row,))
    for setting in machine.rules.called.get(f"{name}()", ()):
        if setting.path.match(f"{path}()") and is_within(machine, setting, node):
            machine.report(setting.rule, setting.rule.confidence, node, None, (node.row,))


def is_within(machine: Machine, setting: Setting, node: Node) -> bool:
    """Whether a name around the node says that the setting matters there."""
    if setting.within is None:
        return True
    inner = node
    for outer in node.above():
        if outer.kind in ("program", "class_body"):
            return False
        named = outer.child("name") or outer.child("left") or outer.child("key")
        if outer.kind == "call_expression":  # what is called with it, or what is given to its methods
            named = outer.child("arguments") if inner.field == "function" else outer.child("function")
        if (
            named is not None
            and named.end - named.start < _LONGEST_NAME
            and setting.within.search(machine.syntax.text(named))
        ):
            return True
        inner = outer
    return False


def _applies(sink: Sink, given: list[Value]) -> bool:
    if sink.first is not None and not (given and given[0].text is not None and sink.first.fullmatch(given[0].text)):
        return False
    if sink.when and not any(_has(value.fields, sink.when) for value in given):
        return False
    return not (sink.unless and any(_has(value.fields, sink.unless) for value in given))


def _has(fields: Mapping[str, Value] | None, wanted: Mapping[str, str]) -> bool:
    if fields is None:
        return False
    return all(name in fields and wish in ("*", fields[name].text) for name, wish in wanted.items())


def _reached(machine: Machine, sink: Sink, node: Node, given: list[Value]) -> None:
    indexes: Iterable[int] = range(len(given)) if sink.arguments is None else sink.arguments
    for index in indexes:
        index = index + len(given) if index < 0 else index
        if not 0 <= index < len(given):
            continue
        value = given[index]
        if value.fields is not None and sink.fields:
            for name in sink.fields:
                if name in value.fields:
                    machine.reach(sink, node, value.fields[name], everything_in(value.fields[name]))
        elif value.function is None and not sink.only_fields:
            machine.reach(sink, node, value, everything_in(value))


def _receiver(callee: Node) -> Value | None:
    if callee.kind not in ("member_expression", "subscript_expression"):
        return None
    base = callee.child("object")
    return base.value if base is not None else None


def _note(machine: Machine, callee: Node, path: str, given: list[Value]) -> None:
    """Effects beside the result: a receiver that is filled, a content type that is set."""
    name = path.rpartition(".")[2]
    if name in _FILLS and callee.kind == "member_expression":
        base = callee.child("object")
        filling = joined(everything_in(value) for value in given)
        target = base
        if base is not None and base.value.path == "Object" and name == "assign":
            listed = callee.parent.child("arguments") if callee.parent else None
            target = listed.children[0] if listed is not None and listed.children else None
        if filling and target is not None and target.kind in ("identifier", "member_expression"):
            key = machine.syntax.text(target)
            before = machine.scopes.get(key)
            if before is not None:
                held = joined((everything_in(before) if name != "assign" else before.taints, filling))
                machine.scopes.assign(key, replace(before, taints=held, text=None, items=None))
    if path.startswith(RESPONSE) and name in ("type", "contentType", "setHeader", "set", "header", "writeHead"):
        said = " ".join(v.text.lower() for value in given for v in (value, *(value.fields or {}).values()) if v.text)
        if any(word in said for word in _PLAIN) and (name in ("type", "contentType") or "/" in said):
            for scope in machine.scopes.stack[1:]:
                scope.content_type = said


def _result(machine: Machine, node: Node, callee: Node, path: str, receiver: Value | None, given: list[Value]) -> Value:
    result = step(path, "()")
    if not (receiver and receiver.taints) and (kind := source_kind(result)):
        return source(kind, result, node.row)
    function = callee.value.function or _method(machine, callee)
    if function is not None:
        summary = machine.summary(function)
        machine.reach_through(summary, node, given)
        returned = summary.returned
        return replace(returned, taints=given_back(function, returned, given), fields=None, items=None)
    if result in _SAME and given:
        return given[0]
    if receiver is not None:
        name = path.rpartition(".")[2]
        if name == "concat" and receiver.items is None:
            return concatenated((receiver, *given))
        if name in ("join", "concat") and receiver.items is not None:
            return _joined(receiver, name, given)
        if name in _TEXT_METHODS:
            return replace(receiver, taints=after_call(result, receiver, []), path=result)
    if result == "String.raw()" or result == "String()":
        return replace(given[0], taints=after_call(result, None, given)) if given else NOTHING
    every = [value if value.fields is None and value.items is None else _whole(value) for value in given]
    return Value(taints=after_call(result, _whole(receiver), every), path=result, prefix=_wrapped(given))


def _joined(receiver: Value, name: str, given: list[Value]) -> Value:
    items = receiver.items or ()
    if name == "concat":
        return replace(receiver, items=items + tuple(given))
    between = given[0] if given else constant(",")
    parts = [part for item in items for part in (between, item)][1:]
    return replace(concatenated(parts or [constant("")]), built=True)


def _wrapped(given: list[Value]) -> str:
    """What an address or a path begins with stays, whatever object is made of it."""
    return given[0].prefix if given else ""


def _whole(value: Value | None) -> Value:
    return NOTHING if value is None else Value(taints=everything_in(value))


def _method(machine: Machine, callee: Node) -> Node | None:
    """`this.name(...)` of the class around."""
    base, name = callee.child("object"), callee.child("property")
    if base is None or name is None or base.kind != "this":
        return None
    word = machine.syntax.text(name)
    for outer in callee.above():
        if outer.index in machine.methods:
            return machine.methods[outer.index].get(word)
    return None
