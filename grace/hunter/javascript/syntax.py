"""The parser's tree as plain objects, and the order in which an evaluation meets them.

Trees can be as deep as a file is long: everything here goes on by loops, never by recursion.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

from grace.hunter.javascript.values import NOTHING, Value

if TYPE_CHECKING:
    from tree_sitter import Node as ParserNode

FUNCTIONS = frozenset(
    {"function_declaration", "function_expression", "arrow_function", "method_definition"}
    | {"generator_function_declaration", "generator_function"}
)
CLASSES = frozenset({"class_declaration", "class", "abstract_class_declaration"})
_LEAVES = frozenset(
    {"type_annotation", "type_arguments", "type_parameters", "interface_declaration", "type_alias_declaration"}
    | {"ambient_declaration", "string", "regex", "comment", "hash_bang_line", "enum_declaration", "type_predicate"}
    | {"asserts", "asserts_annotation", "type_predicate_annotation", "accessibility_modifier", "object_type"}
    | {"function_signature", "index_signature", "property_signature", "method_signature"}
)
"""Kinds of nodes in which no value is made, or whose text says all."""


class Node:
    """A piece of syntax; `value` is what an evaluation last saw it hold."""

    __slots__ = ("children", "end", "end_row", "field", "index", "kind", "operator", "parent", "row", "start", "value")

    def __init__(self, kind: str, place: "ParserNode", field: str | None, parent: "Node | None", index: int) -> None:
        self.kind = kind
        self.start, self.end = place.start_byte, place.end_byte
        self.row, self.end_row = place.start_point[0], place.end_point[0]
        self.field = field
        self.parent = parent
        self.index = index
        self.children: list[Node] = []
        self.operator = ""
        self.value: Value = NOTHING

    def child(self, field: str) -> "Node | None":
        """The child in a role."""
        for child in self.children:
            if child.field == field:
                return child
        return None

    def above(self) -> "Iterator[Node]":
        """What it stands in, from the inside out."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


class Syntax:
    """A file: its nodes, and where an evaluation enters and leaves them."""

    def __init__(self, source: bytes, root: "ParserNode") -> None:
        self.source = source
        self.order: list[tuple[bool, Node]] = []
        """(True, node) where a node is entered, (False, node) where it is left, by the order of the source."""
        self._comments: list[tuple[int, int]] = []
        self.root = self._build(root)

    def text(self, node: Node) -> str:
        """The source of a node."""
        return self.source[node.start : node.end].decode("utf-8", "replace")

    def code(self, node: Node) -> str:
        """The source of a node without comments."""
        pieces, at = [], node.start
        for start, end in self._comments[bisect_left(self._comments, (node.start, 0)) :]:
            if start >= node.end:
                break
            pieces.append(self.source[at:start])
            at = end
        pieces.append(self.source[at : node.end])
        return b"".join(pieces).decode("utf-8", "replace")

    def string(self, node: Node) -> str:
        """What a string literal says; escapes are left as they are."""
        return self.source[node.start + 1 : node.end - 1].decode("utf-8", "replace")

    def _build(self, root: "ParserNode") -> Node:
        cursor = root.walk()
        top = current = Node(root.type, root, None, None, 0)
        self.order.append((True, top))
        count = 0
        more = cursor.goto_first_child()
        while more:
            place = cursor.node
            assert place is not None  # noqa: S101 # a cursor always stands somewhere
            below = False
            if not place.is_named:
                if cursor.field_name in ("operator", "kind"):
                    current.operator = place.type
            elif place.type == "comment":
                self._comments.append((place.start_byte, place.end_byte))
            else:
                count += 1
                node = Node(place.type, place, cursor.field_name, current, count)
                current.children.append(node)
                self.order.append((True, node))
                below = node.kind not in _LEAVES and cursor.goto_first_child()
                if below:
                    current = node
                else:
                    self.order.append((False, node))
            while more and not below and not cursor.goto_next_sibling():
                self.order.append((False, current))
                more = current.parent is not None and cursor.goto_parent()
                current = current.parent or top
        return top


def parameters(function: Node) -> list[Node]:
    """The patterns that a function's arguments are bound to, in their order."""
    single = function.child("parameter")
    if single is not None:
        return [single]
    listed = function.child("parameters")
    return [] if listed is None else [child for child in listed.children if child.kind != "this_type"]


def arguments(call: Node) -> list[Node]:
    """The arguments of a call; of a tagged template none."""
    listed = call.child("arguments")
    return listed.children if listed is not None and listed.kind == "arguments" else []
