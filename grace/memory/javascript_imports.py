"""What the import and export statements of JavaScript and TypeScript bind, and what CommonJS does in their place."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from grace.memory.javascript_scope import bound_names, first_child, string, text

if TYPE_CHECKING:
    from tree_sitter import Node


class Taken(NamedTuple):
    """One name taken from a module; as `grace.memory.payload.Import` has it."""

    alias: str
    module: str
    name: str


def imported(node: "Node") -> Iterator[Taken]:
    """What an import statement binds."""
    for child in node.named_children:
        if child.type == "import_require_clause":  # import x = require("./x")
            yield Taken(text(first_child(child)), string(child.child_by_field_name("source")), "default")
            return
    module = string(node.child_by_field_name("source"))
    clause = next((child for child in node.named_children if child.type == "import_clause"), None)
    if clause is None:
        if module:
            yield Taken("", module, "")
        return
    for part in clause.named_children:
        if part.type == "identifier":
            yield Taken(text(part), module, "default")
        elif part.type == "namespace_import":
            yield Taken(text(first_child(part)), module, "")
        else:
            yield from (Taken(alias, module, name) for name, alias in specifiers(part))


def reexported(node: "Node", module: str) -> Iterator[Taken]:
    """What `export ... from` hands on."""
    for child in node.named_children:
        if child.type == "export_clause":
            yield from (Taken(alias, module, name) for name, alias in specifiers(child))
            return
        if child.type == "namespace_export":
            yield Taken(text(first_child(child)), module, "")
            return
    yield Taken("*", module, "*")


def specifiers(node: "Node") -> Iterator[tuple[str, str]]:
    """`{ name as alias }`: each name and alias."""
    for one in node.named_children:
        if name := text(one.child_by_field_name("name")):
            yield name, text(one.child_by_field_name("alias")) or name


def required(pattern: "Node | None", module: str) -> Iterator[Taken]:
    """What `const pattern = require(module)` binds."""
    if pattern is None or pattern.type != "object_pattern":
        yield Taken(text(pattern), module, "")
        return
    for one in pattern.named_children:
        left = one.child_by_field_name("key") or one.child_by_field_name("left") or one
        for alias in bound_names(one):
            yield Taken(alias, module, text(left))


def declared(node: "Node | None") -> list[str]:
    """Names that an exported declaration has."""
    if node is None:
        return []
    if node.type in ("lexical_declaration", "variable_declaration"):
        return [name for one in node.named_children for name in bound_names(one.child_by_field_name("name"))]
    name = text(node.child_by_field_name("name"))
    return [name] if name else []


def default_name(node: "Node | None") -> str:
    """The name of what `export default` gives, also within `connect(...)(Name)`; "" when it has none."""
    if node is None:
        return ""
    if node.type == "call_expression":
        arguments = node.child_by_field_name("arguments")
        node = first_child(arguments)
    if node is not None and node.type == "identifier":
        return text(node)
    return text(node.child_by_field_name("name")) if node is not None else ""
