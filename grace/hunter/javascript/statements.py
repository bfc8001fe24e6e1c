"""What statements do: bind names, open functions, branch and return."""

from collections.abc import Callable, Mapping

from grace.hunter.javascript.checks import pair
from grace.hunter.javascript.functions import enter_function, hoist, leave_function, leave_return
from grace.hunter.javascript.guards import proved
from grace.hunter.javascript.machine import Machine
from grace.hunter.javascript.patterns import bind
from grace.hunter.javascript.scopes import Scope
from grace.hunter.javascript.sources import module_path
from grace.hunter.javascript.syntax import CLASSES, FUNCTIONS, Node
from grace.hunter.javascript.values import NOTHING, Value, concatenated, either, everything_in, step

_LEAVES = frozenset({"return_statement", "throw_statement", "continue_statement", "break_statement"})
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})


def _declarator(machine: Machine, node: Node) -> None:
    name, value = node.child("name"), node.child("value")
    if name is not None and node.parent is not None and node.parent.kind != "for_in_statement":
        bind(machine, name, value.value if value is not None else NOTHING, declared=True)


def _assignment(machine: Machine, node: Node) -> None:
    left, right = node.child("left"), node.child("right")
    if left is None or right is None:
        return
    value = right.value
    if node.kind == "augmented_assignment_expression":
        value = concatenated((left.value, value)) if node.operator == "+=" else either(left.value, value)
    bind(machine, left, value, declared=False)
    node.value = value


def _each(machine: Machine, node: Node) -> None:
    """The head of `for (const x of xs)` has been read when its body begins."""
    left, right = node.child("left"), node.child("right")
    if left is None or right is None:
        return
    inside = Value(taints=everything_in(right.value)) if node.operator != "in" else Value(taints=right.value.taints)
    bind(machine, left, inside, declared=bool(node.operator))


def _import(machine: Machine, node: Node) -> None:
    origin = node.child("source")
    if origin is None:
        origin = next((c.child("source") for c in node.children if c.kind == "import_require_clause"), None)
    if origin is None:
        return
    module = module_path(machine.syntax.string(origin))
    todo = list(node.children)
    while todo:
        child = todo.pop()
        if child.kind == "identifier":
            machine.scopes.declare(machine.syntax.text(child), Value(path=module))
        elif child.kind == "import_specifier":
            name = child.child("name")
            alias = child.child("alias") or name
            if name is not None and alias is not None:
                word = machine.syntax.text(name)
                path = module if word == "default" else step(module, word)
                machine.scopes.declare(machine.syntax.text(alias), Value(path=path))
        else:
            todo += child.children


def _enter_class(machine: Machine, node: Node) -> None:
    machine.scopes.stack.append(Scope(node))


def _leave_class(machine: Machine, node: Node) -> None:
    machine.scopes.stack.pop()
    name = node.child("name")
    if node.kind != "class" and name is not None:
        machine.scopes.declare(machine.syntax.text(name), Value(path=machine.syntax.text(name)))


def _field(machine: Machine, node: Node) -> None:
    """`name = value` of a class."""
    name, value = node.child("property") or node.child("name"), node.child("value")
    if name is not None and value is not None:
        machine.scopes.declare(f"this.{machine.syntax.text(name)}", value.value)


def role(node: Node) -> str:
    """What a node is to the statement or expression around it, where that matters: branch, loop, right or case."""
    outer = node.parent
    if outer is None:
        return ""
    if node.field in ("consequence", "alternative") and outer.kind in ("if_statement", "ternary_expression"):
        return "branch"
    if node.field == "body" and outer.kind in _LOOPS:
        return "loop"
    if node.field == "right" and outer.kind == "binary_expression" and outer.operator in ("&&", "||"):
        return "right"
    return "case" if node.kind in ("switch_case", "switch_default", "catch_clause") else ""


def enter(machine: Machine, node: Node) -> None:
    """A node with a role begins: what follows may not happen, or only where a condition holds."""
    part, outer = role(node), node.parent
    if outer is None:
        return
    if part == "loop" and outer.kind == "for_in_statement":
        _each(machine, outer)
    if part != "right":
        machine.scopes.depth += 1
    machine.scopes.open_guards()
    if part == "branch":
        answer = proved(machine, outer.child("condition"))
        machine.scopes.guard(answer.holds if node.field == "consequence" else answer.fails)
    elif part == "right":
        answer = proved(machine, outer.child("left"))
        machine.scopes.guard(answer.holds if outer.operator == "&&" else answer.fails)


def leave(machine: Machine, node: Node) -> None:
    """The counterpart of `enter`."""
    machine.scopes.close_guards()
    if role(node) != "right":
        machine.scopes.depth -= 1


def _if(machine: Machine, node: Node) -> None:
    """A branch that leaves: what comes after is reached only when its condition failed, or held."""
    then, otherwise = node.child("consequence"), node.child("alternative")
    answer = proved(machine, node.child("condition"))
    if then is not None and _always_leaves(then):
        machine.scopes.guard(answer.fails)
    elif otherwise is not None and _always_leaves(otherwise):
        machine.scopes.guard(answer.holds)


def _always_leaves(branch: Node) -> bool:
    node = branch
    while node.kind in ("statement_block", "else_clause"):
        if not node.children:
            return False
        node = node.children[-1]
    return node.kind in _LEAVES


def _open(machine: Machine, node: Node) -> None:
    machine.scopes.open_guards()


def _close(machine: Machine, node: Node) -> None:
    machine.scopes.close_guards()


Handler = Callable[[Machine, Node], None]
ENTER: Mapping[str, Handler] = {
    **dict.fromkeys(FUNCTIONS, enter_function),
    **dict.fromkeys(CLASSES, _enter_class),
    "program": hoist,
    "statement_block": _open,
}
LEAVE: Mapping[str, Handler] = {
    **dict.fromkeys(FUNCTIONS, leave_function),
    **dict.fromkeys(CLASSES, _leave_class),
    "statement_block": _close,
    "variable_declarator": _declarator,
    "assignment_expression": _assignment,
    "augmented_assignment_expression": _assignment,
    "import_statement": _import,
    "return_statement": leave_return,
    "public_field_definition": _field,
    "field_definition": _field,
    "if_statement": _if,
    "pair": pair,
}
