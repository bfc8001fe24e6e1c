"""Shapes of JavaScript code that mean more than their syntax says."""

from typing import TYPE_CHECKING

from grace.memory.javascript_scope import first_child, text

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTIONS = {"arrow_function", "function_expression", "function", "generator_function"}
_AROUND = {"export_statement", "lexical_declaration", "variable_declaration", "variable_declarator", "pair"} | {
    *("public_field_definition", "ambient_declaration", "expression_statement", "assignment_expression"),
}
"""What belongs to the text of a definition inside."""
_WRAPPERS = {"memo", "forwardRef", "observer", "useCallback", "debounce", "throttle", "once", "memoize"}
"""Functions that give back the function they are given."""


def wrapped(value: "Node") -> "Node | None":
    """The function in `memo(() => ...)`."""
    for _ in range(3):
        if value.type != "call_expression":
            return None
        function, arguments = value.child_by_field_name("function"), value.child_by_field_name("arguments")
        inner = first_child(arguments)
        if inner is None or text(function).rpartition(".")[2] not in _WRAPPERS:
            return None
        if inner.type in FUNCTIONS:
            return inner
        value = inner
    return None


def holds_functions(node: "Node", depth: int = 3) -> bool:
    """Whether members of an object literal are functions."""
    for member in node.named_children:
        value = member.child_by_field_name("value") if member.type == "pair" else None
        kind = value.type if value is not None else member.type
        if kind in FUNCTIONS or kind == "method_definition":
            return True
        if value is not None and kind == "object" and depth and holds_functions(value, depth - 1):
            return True
    return False


def statement(node: "Node") -> "Node":
    """What belongs to the text of a definition: with `export` and what else stands around it."""
    while node.parent is not None and node.parent.type in _AROUND:
        node = node.parent
    return node


def doc(node: "Node") -> str:
    """The first line of the comment `/** ... */` before a definition."""
    before = node.prev_named_sibling
    if before is None or before.type != "comment":
        return ""
    comment = text(before)
    lines = (line.strip().strip("*").strip() for line in comment[3:-2].split("\n"))
    return next((line for line in lines if line), "")[:200] if comment.startswith("/**") else ""
