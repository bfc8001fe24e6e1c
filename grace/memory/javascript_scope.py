"""Names and expressions of JavaScript and TypeScript, as `grace.memory.payload` writes them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from grace.memory.payload import Definition, SymbolKind

if TYPE_CHECKING:
    from tree_sitter import Node

UNKNOWN = "?"
_MOST_ALTERNATIVES = 3
_MOST_STEPS = 30
"""Of an expression: longer chains nobody wrote."""
_LONGEST = 200
_DEEPEST = 20
"""Types within each other."""
_SIGNATURE = 200
_EMPTY = {"null", "undefined", "void", "never"}
_COLLECTIONS = {"Array", "ReadonlyArray", "Set", "ReadonlySet", "Iterable"}
_FUNCTION_KINDS = (SymbolKind.FUNCTION, SymbolKind.METHOD)


class Open:
    """A definition while its body is read."""

    def __init__(self, name: str, kind: SymbolKind, index: int, above: "Open | None", node: "Node") -> None:
        self.name, self.kind, self.index, self.above, self.node = name, kind, index, above, node
        self.place = node
        """What is shown as its text: with `export` and decorators."""
        self.first_line = node.start_point[0] + 1
        self.signature, self.doc = "", ""
        self.named = self
        """The definition that it belongs to: itself, but for a function without a name."""
        self.complexity = 1
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
        return self.kind in _FUNCTION_KINDS

    def callback(self, node: "Node") -> "Open":
        """A function without a name inside: its names are its own, what it uses is used by what it stands in."""
        inner = Open("", SymbolKind.FUNCTION, self.index, self, node)
        inner.named, inner.calls, inner.references = self.named, self.calls, self.references
        return inner

    def outwards(self) -> "Iterator[Open]":
        """Itself and what is around it."""
        one: Open | None = self
        while one is not None:
            yield one
            one = one.above

    def closed(self, words: dict[str, int]) -> Definition:
        """The finished definition."""
        return Definition(
            *(self.name, self.kind, self.above.index if self.above else -1, self.node.start_point[0] + 1),
            *(self.first_line, self.node.end_point[0] + 1, self.signature[:_SIGNATURE], self.doc),
            complexity=self.complexity if self.is_function else 0,
            bases=tuple(self.bases),
            parameters=tuple(self.parameters),
            calls=tuple(self.calls),
            references=tuple(self.references),
            types={name: tuple(found) for name, found in self.types.items()},
            returns=tuple(self.returns),
            words=words,
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


def first_child(node: "Node | None") -> "Node | None":
    """The first node inside that is more than punctuation."""
    return node.named_child(0) if node is not None and node.named_child_count else None


def string(node: "Node | None") -> str:
    """The content of a string literal; "" for everything else."""
    return text(node)[1:-1] if node is not None and node.type == "string" else ""


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
            node = first_child(node)
        elif kind in ("as_expression", "satisfies_expression"):
            return _with_steps(annotated(node.named_children[-1], scope) if node.named_children else UNKNOWN, steps)
        else:
            return _with_steps(_root(node, kind, scope), steps)
        if len(steps) > _MOST_STEPS:
            return _with_steps(UNKNOWN, steps)
    return UNKNOWN


def annotated(node: "Node | None", scope: Open, depth: int = 0) -> str:
    """What a type annotation promises, as the expression of an instance; "" when that is nothing of this code."""
    if node is None or depth > _DEEPEST:
        return ""
    kind = node.type
    inner = node.named_children
    if kind in ("type_annotation", "constraint", "parenthesized_type", "readonly_type"):
        return annotated(inner[-1], scope, depth + 1) if inner else ""
    if kind in ("type_identifier", "nested_type_identifier"):
        return _instance(text(node), scope)
    if kind == "array_type":
        found = annotated(inner[0], scope, depth + 1) if inner else ""
        return f"{found}{{}}" if found else ""
    if kind == "generic_type":
        return _generic(text(inner[0]), inner[1].named_children if len(inner) > 1 else [], scope, depth + 1)
    if kind in ("union_type", "intersection_type"):
        parts = [part for part in inner if text(part) not in _EMPTY]
        return annotated(parts[0], scope, depth + 1) if len(parts) == 1 else ""
    return ""


def bound(pattern: "Node | None", value: str = "") -> Iterator[tuple[str, str]]:
    """Names that a pattern binds, each with what it is given of a value; "" where nobody knows."""
    stack = [(pattern, value)] if pattern is not None else []
    while stack:
        one, given = stack.pop()
        kind = one.type
        if kind in ("identifier", "shorthand_property_identifier_pattern"):
            yield text(one), given
        elif kind in ("assignment_pattern", "object_assignment_pattern"):
            stack += [(left, given) for left in (one.child_by_field_name("left"),) if left is not None]
        elif kind == "pair_pattern":
            stack += [(inner, given) for inner in (one.child_by_field_name("value"),) if inner is not None]
        elif kind in ("required_parameter", "optional_parameter"):
            stack += [(inner, "") for inner in (one.child_by_field_name("pattern"),) if inner is not None]
        elif kind == "object_pattern":
            stack += [_member(part, given) for part in reversed(one.named_children)]
        elif kind in ("array_pattern", "rest_pattern", "formal_parameters"):
            stack += [(part, "") for part in reversed(one.named_children)]


def bound_names(node: "Node | None") -> list[str]:
    """Names that a pattern binds."""
    return [name for name, _ in bound(node)]


def called_module(node: "Node | None") -> str:
    """The module of `require("./x")` and `import("./x")`; "" for everything else."""
    if node is not None and node.type == "await_expression":
        node = first_child(node)
    if node is None or node.type != "call_expression":
        return ""
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    if function is None or arguments is None or text(function) not in ("require", "import"):
        return ""
    return string(first_child(arguments))


def _member(node: "Node", given: str) -> "tuple[Node, str]":
    """A part of an object pattern, with what it takes from the object."""
    if node.type == "pair_pattern":
        name, inner = text(node.child_by_field_name("key")), node.child_by_field_name("value") or node
    elif node.type == "object_assignment_pattern":
        name, inner = text(node.child_by_field_name("left")), node
    else:
        name, inner = text(node) if node.type != "rest_pattern" else "", node
    return inner, f"{given}.{name}" if given and name.isidentifier() else ""


def _instance(name: str, scope: Open) -> str:
    root, dot, _ = name.partition(".")
    meant = _local(root, scope)
    if meant is None:
        return f"{name}()"
    return "" if dot or meant.startswith(UNKNOWN) else meant


def _generic(name: str, arguments: "list[Node]", scope: Open, depth: int) -> str:
    inner = annotated(arguments[0], scope, depth) if arguments else ""
    if name in ("Promise", "Readonly", "Partial", "Required"):
        return inner
    if name in _COLLECTIONS:
        return f"{inner}{{}}" if inner else ""
    if name in ("Map", "Record", "ReadonlyMap"):
        value = annotated(arguments[-1], scope, depth) if len(arguments) > 1 else ""
        return f"{value}{{:}}" if value else ""
    return _instance(name, scope)


def _root(node: "Node", kind: str, scope: Open) -> str:
    if kind == "this":
        return "self"
    if kind == "super":
        return "super()"
    if kind not in ("identifier", "type_identifier", "shorthand_property_identifier"):
        return UNKNOWN
    name = text(node)
    meant = _local(name, scope)
    return name if meant is None else meant


def _local(name: str, scope: Open) -> str | None:
    """What a local name stands for; None when it is not local."""
    around: Open | None = scope
    while around is not None and around.above is not None:
        if name in around.locals:
            return around.locals[name][0] if around.locals[name] else UNKNOWN
        around = around.above
    return None


def _with_steps(root: str, steps: list[str]) -> str:
    """The root with its steps, which were met last first; of an unknown root the last attribute is all that counts."""
    if not root or root.startswith(UNKNOWN) or len(root) > _LONGEST:
        attribute = next((step for step in steps if step.startswith(".")), "")
        return UNKNOWN + attribute if steps and steps[0] == attribute else UNKNOWN
    if root == "super()" and steps and steps[-1] == "()":
        return "super().constructor"
    return root + "".join(reversed(steps))
