"""Functions: what their parameters hold, and what they give back."""

import re
from dataclasses import replace

from grace.hunter.javascript.machine import Machine, parameter, source
from grace.hunter.javascript.patterns import bind
from grace.hunter.javascript.scopes import Scope
from grace.hunter.javascript.sources import (
    CONTEXT,
    EVENT,
    MESSAGE,
    REQUEST,
    RESPONSE,
    ROUTES,
    normal,
    own_path,
    parameter_path,
    source_kind,
)
from grace.hunter.javascript.syntax import FUNCTIONS, Node, arguments, parameters
from grace.hunter.javascript.values import Value, either, everything_in

_OF_EACH = frozenset({"map", "forEach", "filter", "find", "flatMap", "some", "every", "then", "each", "findIndex"})
_SOCKET = re.compile(r"(?:\w+\.)*(?:ws|wss|socket|sock|conn|connection|client|io|peer|websocket)\w*\.on", re.IGNORECASE)
_NO_ROUTE = re.compile(r"axios|fetch|http|\$req|\$res|map|cache|store|session|params|headers|client", re.IGNORECASE)
_LONGEST_NAME = 60
_RESPONSES = frozenset({"res", "response", "reply", "_res"})
_HANDLERS = frozenset({"handler", "lambdaHandler"})
_NO_DATA = frozenset(
    {"connect", "connection", "close", "error", "open", "disconnect", "end", "listening", "ready", "drain"}
)


def enter_function(machine: Machine, node: Node) -> None:
    """Its parameters hold what is known of its arguments."""
    machine.scopes.stack.append(Scope(node))
    machine.scopes.open_guards()
    name = node.child("name")
    if node.kind == "function_expression" and name is not None:
        machine.scopes.declare(machine.syntax.text(name), Value(function=node))
    hoist(machine, node)
    patterns = parameters(node)
    names = [_simple_name(machine, pattern) for pattern in patterns]
    for at, pattern in enumerate(patterns):
        bind(machine, pattern, _given(machine, node, at, pattern, names), declared=True)


def hoist(machine: Machine, node: Node) -> None:
    """Functions are there before the first statement."""
    for name, function in machine.hoisted.get(node.index, ()):
        machine.scopes.declare(name, Value(function=function))


def _given(machine: Machine, function: Node, at: int, pattern: Node, names: list[str]) -> Value:
    """What the arguments of a function may hold; `names` are those of its parameters."""
    written = machine.syntax.text(pattern)[:200] if pattern.kind != "identifier" else ""
    path = parameter_path(names[at], written, names, _own_name(machine, function)) or _by_use(machine, function, at)
    if not path and at == 0 and not names[0] and not _RESPONSES.isdisjoint(names[1:2]):
        path = REQUEST  # ({ query }, res) => ...
    if kind := source_kind(path):
        return source(kind, path, pattern.row)
    value = parameter(function, at, path or own_path(names[at]), pattern.row)
    if path.startswith("$"):
        return replace(value, taints={})
    received = _received(machine, function, at)
    return replace(value, taints={**value.taints, **everything_in(received)}) if received is not None else value


def _simple_name(machine: Machine, pattern: Node) -> str:
    """Of a parameter that is no pattern."""
    inner = pattern.child("pattern") or pattern.child("left") or pattern
    return machine.syntax.text(inner) if inner.kind == "identifier" else ""


def _own_name(machine: Machine, function: Node) -> str:
    """Of a function, or of what it is assigned to."""
    outer = function.parent
    named = function.child("name")
    if named is None and outer is not None:
        named = outer.child("name") or outer.child("left") or outer.child("key")
    return machine.syntax.text(named)[-_LONGEST_NAME:].rpartition(".")[2] if named is not None else ""


def _by_use(machine: Machine, function: Node, at: int) -> str:
    """The path of a parameter, by what the function is given to."""
    call = _call_around(function)
    if call is None:
        if at != 0:
            return ""
        name = _own_name(machine, function)
        return EVENT if name in _HANDLERS else CONTEXT if name == "getServerSideProps" else ""
    callee = call.child("function")
    path = normal(callee.value.path) if callee is not None else ""
    method = path.rpartition(".")[2]
    first = arguments(call)[0].value.text if arguments(call) else None
    if method == "addEventListener" and first == "message" and at == 0:
        return MESSAGE
    path = path.removeprefix("@")
    if method == "on" and first is not None and first not in _NO_DATA and at == 0 and _SOCKET.match(path):
        return "$data"
    if method in ROUTES and first is not None and first.startswith("/") and not _NO_ROUTE.match(path):
        count = len(parameters(function))
        roles = ("", REQUEST, RESPONSE, "") if count == 4 else (REQUEST, RESPONSE, "") if count > 1 else ("",)
        return roles[at] if at < len(roles) else ""
    return ""


def _received(machine: Machine, function: Node, at: int) -> Value | None:
    """What a callback of `xs.map(...)`, `promise.then(...)` gets."""
    call = _call_around(function)
    callee = call.child("function") if call is not None else None
    base = callee.child("object") if callee is not None else None
    if callee is None or base is None:
        return None
    method = callee.value.path.rpartition(".")[2]
    if (method in _OF_EACH and at == 0) or (method in ("reduce", "reduceRight") and at == 1):
        return base.value
    return None


def _call_around(function: Node) -> Node | None:
    """The call whose argument a function is."""
    listed = function.parent
    if listed is None or listed.kind != "arguments" or listed.parent is None:
        return None
    return listed.parent


def leave_function(machine: Machine, node: Node) -> None:
    """What it gives back is known now."""
    body = node.child("body")
    scope = machine.scopes.stack.pop()
    machine.scopes.close_guards()
    if body is not None and body.kind != "statement_block":
        scope.returned = either(scope.returned, body.value)
    summary = machine.summary(node)
    summary.returned = scope.returned
    node.value = Value(function=node)
    name = node.child("name")
    if node.kind.endswith("_declaration") and name is not None:
        machine.scopes.declare(machine.syntax.text(name), Value(function=node))


def leave_return(machine: Machine, node: Node) -> None:
    """`return value`"""
    scope = next((s for s in reversed(machine.scopes.stack) if s.node.kind in FUNCTIONS), None)
    if scope is not None and node.children:
        scope.returned = either(scope.returned, node.children[-1].value)
