"""Names and expressions of JavaScript and TypeScript, as `grace.memory.payload` writes them."""

from typing import TYPE_CHECKING

from grace.memory.payload import Definition, SymbolKind

if TYPE_CHECKING:
    from tree_sitter import Node

UNKNOWN = "?"
_MOST_ALTERNATIVES = 3
_SIGNATURE = 200
_EMPTY = {"null", "undefined", "void", "never"}
_COLLECTIONS = {"Array", "ReadonlyArray", "Set", "ReadonlySet", "Iterable"}


class Open:
    """A definition while its body is read."""

    def __init__(self, name: str, kind: SymbolKind, index: int, above: "Open | None", node: "Node") -> None:
        self.name, self.kind, self.index, self.above, self.node = name, kind, index, above, node
        self.place = node
        """What is shown as its text: with `export` and decorators."""
        self.signature, self.doc = "", ""
        self.complexity = 1 if kind in (SymbolKind.FUNCTION, SymbolKind.METHOD) else 0
        self.bases: list[str] = []
        self.parameters: list[str] = []
        self.calls: dict[str, None] = {}
        self.references: dict[str, None] = {}
        self.types: dict[str, list[str]] = {}
        self.returns: list[str] = []
        self.locals: dict[str, list[str]] = {}

    @property
    def is_function(self) -> bool:
        """Whether names that it binds are its own."""
        return self.kind in (SymbolKind.FUNCTION, SymbolKind.METHOD)

    def closed(self, words: dict[str, int]) -> Definition:
        """The finished definition."""
        above = self.above.index if self.above else -1
        return Definition(
            *(self.name, self.kind, above, self.node.start_point[0] + 1, self.place.start_point[0] + 1),
            *(self.node.end_point[0] + 1, self.signature[:_SIGNATURE], self.doc, self.complexity),
            *(tuple(self.bases), tuple(self.parameters), tuple(self.calls), tuple(self.references)),
            *({name: tuple(found) for name, found in self.types.items()}, tuple(self.returns), words),
        )


def note(types: dict[str, list[str]], name: str, expression: str) -> None:
    """One more expression that gives the value of a name."""
    found = types.setdefault(name, [])
    known = expression and not expression.startswith(UNKNOWN) and expression not in found
    if known and len(found) < _MOST_ALTERNATIVES:
        found.append(expression)


def text(node: "Node | None") -> str:
    """What a node is in the source; bytes that are not UTF-8 are replaced."""
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def expression(node: "Node | None", scope: Open) -> str:
    """What a node evaluates to; `?` when nobody can say."""
    steps: list[str] = []
    while node is not None:
        kind = node.type
        if kind == "member_expression":
            steps.append(f".{text(node.child_by_field_name('property'))}")
            node = node.child_by_field_name("object")
        elif kind == "call_expression":
            steps.append("()")
            node = node.child_by_field_name("function")
        elif kind == "new_expression":
            steps.append("()")
            node = node.child_by_field_name("constructor")
        elif kind == "subscript_expression":
            steps.append("[]")
            node = node.child_by_field_name("object")
        elif kind in ("await_expression", "parenthesized_expression", "non_null_expression"):
            node = node.named_children[0] if node.named_children else None
        elif kind in ("as_expression", "satisfies_expression"):
            return _with_steps(annotated(node.named_children[-1]), steps) if node.named_children else UNKNOWN
        else:
            return _with_steps(_root(node, kind, scope), steps)
    return UNKNOWN


def annotated(node: "Node | None") -> str:
    """What a type annotation promises, as the expression of an instance; "" when that is nothing of this code."""
    if node is None:
        return ""
    kind = node.type
    inner = node.named_children
    if kind in ("type_annotation", "parenthesized_type", "readonly_type"):
        return annotated(inner[-1]) if inner else ""
    if kind in ("type_identifier", "nested_type_identifier"):
        return f"{text(node)}()"
    if kind == "array_type":
        found = annotated(inner[0]) if inner else ""
        return f"{found}{{}}" if found else ""
    if kind == "generic_type":
        return _generic(text(inner[0]), inner[1].named_children if len(inner) > 1 else [])
    if kind == "union_type":
        parts = [part for part in inner if text(part) not in _EMPTY]
        return annotated(parts[0]) if len(parts) == 1 else ""
    return ""


def bound_names(node: "Node | None") -> list[str]:
    """Names that a pattern binds."""
    names: list[str] = []
    stack = [node] if node is not None else []
    while stack:
        one = stack.pop()
        if one.type in ("identifier", "shorthand_property_identifier_pattern"):
            names.append(text(one))
        elif one.type == "pair_pattern":
            stack.extend(filter(None, [one.child_by_field_name("value")]))
        elif one.type in ("assignment_pattern", "object_assignment_pattern"):
            stack.extend(filter(None, [one.child_by_field_name("left")]))
        elif one.type in ("required_parameter", "optional_parameter"):
            stack.extend(filter(None, [one.child_by_field_name("pattern")]))
        elif one.type in ("object_pattern", "array_pattern", "rest_pattern", "formal_parameters"):
            stack.extend(reversed(one.named_children))
    return names


def _generic(name: str, arguments: "list[Node]") -> str:
    inner = annotated(arguments[0]) if arguments else ""
    if name in ("Promise", "Readonly", "Partial", "Required"):
        return inner
    if name in _COLLECTIONS:
        return f"{inner}{{}}" if inner else ""
    if name in ("Map", "Record", "ReadonlyMap"):
        value = annotated(arguments[-1]) if len(arguments) > 1 else ""
        return f"{value}{{:}}" if value else ""
    return f"{name}()"


def _root(node: "Node", kind: str, scope: Open) -> str:
    if kind == "this":
        return "self"
    if kind == "super":
        return "super()"
    if kind not in ("identifier", "type_identifier"):
        return UNKNOWN
    name = text(node)
    around: Open | None = scope
    while around is not None and around.above is not None:
        if name in around.locals:
            return around.locals[name][0] if around.locals[name] else UNKNOWN
        around = around.above
    return name


def _with_steps(root: str, steps: list[str]) -> str:
    """The root with its steps, which were met last first; of an unknown root the last attribute is all that counts."""
    if not root or root.startswith(UNKNOWN):
        attribute = next((step for step in steps if step.startswith(".")), "")
        return UNKNOWN + attribute if steps and steps[0] == attribute else UNKNOWN
    if root == "super()" and steps and steps[-1] == "()":
        return "super().constructor"
    return root + "".join(reversed(steps))
