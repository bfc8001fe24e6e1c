"""What a condition proves: where it holds, or does not, some data is harmless to some kinds of sinks."""

import re
from typing import NamedTuple

from grace.hunter.javascript.machine import Machine
from grace.hunter.javascript.syntax import Node, arguments
from grace.hunter.javascript.values import EVERYTHING, Kinds, Label, Value, everything_in

Proved = dict[Label, Kinds]
_PLACE: Kinds = frozenset({"path", "url", "redirect", "location"})
_WHOLE = re.compile(r"/\^(?:\(\?:|\()?(?:\[[^\]^.]*\]|\\[dw]|[\w@:,|-]|\{\d+,?\d*\}|[+*?)(]|\\\.)+\$/[a-z]*")
"""An anchored pattern of letters, digits and a few others."""
_DEEPEST = 20
_MOST_PARTS = 60
_IN_LIST = frozenset({"includes", "has", "indexOf", "hasOwnProperty", "hasOwn"})
_NUMBERS = frozenset({"isInteger", "isSafeInteger", "isFinite", "isInt", "isNumeric", "isUUID", "isAlphanumeric"})
_VALIDATES = frozenset({"isAlpha", "isMongoId", "isValid", "validate", "isEmail", "isHexadecimal", "isIn"})


class Answer(NamedTuple):
    """What is proved where a condition holds, and where it does not."""

    holds: Proved
    fails: Proved


NONE = Answer({}, {})


def proved(machine: Machine, condition: Node | None, depth: int = 0) -> Answer:
    """What a condition says about untrusted data; its parts have been evaluated."""
    negated = False
    node = condition
    while node is not None:
        if node.kind == "parenthesized_expression" and node.children:
            node = node.children[0]
        elif node.kind == "unary_expression" and node.operator == "!" and node.children:
            node, negated = node.children[-1], not negated
        else:
            break
    if node is None or depth > _DEEPEST:
        return NONE
    if node.kind == "binary_expression" and node.operator in ("&&", "||"):
        answer = _several(machine, node, depth)
    elif node.kind == "binary_expression":
        answer = _comparison(machine, node)
    elif node.kind == "call_expression":
        answer = _question(machine, node)
    else:
        return NONE
    return Answer(answer.fails, answer.holds) if negated else answer


def _several(machine: Machine, node: Node, depth: int) -> Answer:
    """Of `a && b` both hold where it holds; of `a || b` both fail where it fails."""
    together: Proved = {}
    stack, operator = [node], node.operator
    for _ in range(_MOST_PARTS):
        if not stack:
            break
        part = stack.pop()
        if part.kind == "binary_expression" and part.operator == operator:
            stack.extend(part.children)
            continue
        answer = proved(machine, part, depth + 1)
        together |= answer.holds if operator == "&&" else answer.fails
    return Answer(together, {}) if operator == "&&" else Answer({}, together)


def _comparison(machine: Machine, node: Node) -> Answer:
    left, right = node.child("left"), node.child("right")
    if left is None or right is None:
        return NONE
    if node.operator in ("===", "==", "!==", "!="):
        equal = _equal(machine, left, right)
        return Answer(equal, {}) if node.operator[0] == "=" else Answer({}, equal)
    if node.operator == "in" and not everything_in(right.value):
        return Answer(_all(left.value, EVERYTHING), {})
    if node.operator in (">=", ">", "<"):  # ALLOWED.indexOf(x) >= 0
        call = _unwrapped(left)
        if call.kind == "call_expression" and _method(machine, call) == "indexOf":
            answer = _question(machine, call)
            return Answer(answer.fails, answer.holds) if node.operator == "<" else answer
    return NONE


def _equal(machine: Machine, left: Node, right: Node) -> Proved:
    for tested, against in ((left, right), (right, left)):
        inner = _unwrapped(tested)
        if against.value.text is None or everything_in(against.value):
            continue
        if inner.kind == "unary_expression" and inner.operator == "typeof" and inner.children:
            kinds = EVERYTHING if against.value.text in ("number", "boolean") else frozenset({"nosql"})
            return _all(inner.children[-1].value, kinds)
        if inner.kind == "call_expression" and against.value.text == "-1":
            return {}
        if inner.kind == "member_expression" and against.value.text:
            name = inner.child("property")
            if name is not None and machine.syntax.text(name) in ("host", "hostname", "origin"):
                return _all(inner.value, _PLACE)
            if name is not None and machine.syntax.text(name) == "length":
                return {}
        if against.value.text:
            return _all(tested.value, EVERYTHING)
    return {}


def _question(machine: Machine, node: Node) -> Answer:
    callee, given = node.child("function"), [argument.value for argument in arguments(node)]
    base = callee.child("object") if callee is not None else None
    name = _method(machine, node)
    if name == "test" and base is not None and given:
        pattern = base.value.text or ""
        return Answer(_all(given[0], EVERYTHING), {}) if _WHOLE.fullmatch(pattern) else NONE
    if name in ("match",) and base is not None and given:
        return Answer(_all(base.value, EVERYTHING), {}) if _WHOLE.fullmatch(given[0].text or "") else NONE
    if name in _IN_LIST and base is not None and given:
        if not everything_in(base.value):
            return Answer(_all(given[0], EVERYTHING), {})
        if given[0].text == "..":
            return Answer({}, _all(base.value, frozenset({"path"})))
        return NONE
    if name == "startsWith" and base is not None and given and not everything_in(given[0]):
        return Answer(_all(base.value, _PLACE), {})
    if name in _NUMBERS and given:
        return Answer(_all(given[0], EVERYTHING), {})
    if name in _VALIDATES and given:
        return Answer(_all(given[0], EVERYTHING), {})
    if name in ("isNaN",) and given:
        return Answer({}, _all(given[0], EVERYTHING))
    return NONE


def _method(machine: Machine, call: Node) -> str:
    callee = call.child("function")
    if callee is None:
        return ""
    name = callee.child("property") if callee.kind == "member_expression" else callee
    return machine.syntax.text(name) if name is not None else ""


def _unwrapped(node: Node) -> Node:
    while node.kind == "parenthesized_expression" and node.children:
        node = node.children[0]
    return node


def _all(value: Value, kinds: Kinds) -> Proved:
    return dict.fromkeys(everything_in(value), kinds)
