"""A file is evaluated in the order of its source, again until the summaries of its functions stay the same."""

from collections.abc import Iterator

from grace.hunter.javascript import expressions, statements
from grace.hunter.javascript.machine import Hit, Machine
from grace.hunter.javascript.rules import Rules
from grace.hunter.javascript.scopes import Scopes
from grace.hunter.javascript.syntax import CLASSES, FUNCTIONS, Node, Syntax
from grace.hunter.javascript.values import NOTHING

_ROUNDS = 4


def evaluate(syntax: Syntax, rules: Rules) -> list[Hit]:
    """The weaknesses of a file, in the order of the source."""
    machine = Machine(syntax, rules)
    _declarations(machine)
    steps = list(_steps(syntax))
    before: tuple[object, ...] = ()
    for _ in range(_ROUNDS):
        machine.hits.clear()
        machine.scopes = Scopes(syntax.root)
        for handler, node in steps:
            handler(machine, node)
        outline = tuple((index, summary.outline()) for index, summary in sorted(machine.summaries.items()))
        if outline == before:
            break
        before = outline
        for _, node in syntax.order:
            node.value = NOTHING
    return sorted(machine.hits.values(), key=lambda hit: (hit.node.start, hit.rule.id))


def _steps(syntax: Syntax) -> Iterator[tuple[expressions.Handler, Node]]:
    """What is done in a round, in its order."""
    for entered, node in syntax.order:
        has_role = statements.role(node) != ""
        if entered:
            if has_role:
                yield statements.enter, node
            if handler := statements.ENTER.get(node.kind):
                yield handler, node
        else:
            if handler := expressions.LEAVE.get(node.kind) or statements.LEAVE.get(node.kind):
                yield handler, node
            if has_role:
                yield statements.leave, node


def _declarations(machine: Machine) -> None:
    """Functions that are there before what stands above them, and the methods of classes."""
    for entered, node in machine.syntax.order:
        if not entered or node.kind not in FUNCTIONS:
            continue
        name = node.child("name")
        if name is None:
            continue
        word = machine.syntax.text(name)
        if node.kind.endswith("_declaration"):
            around = next((outer for outer in node.above() if outer.kind in FUNCTIONS), machine.syntax.root)
            machine.hoisted.setdefault(around.index, []).append((word, node))
        elif node.kind == "method_definition":
            owner = next((outer for outer in node.above() if outer.kind in CLASSES), None)
            if owner is not None:
                machine.methods.setdefault(owner.index, {})[word] = node
