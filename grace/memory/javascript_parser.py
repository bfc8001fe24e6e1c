"""JavaScript and TypeScript -> payload, by tree-sitter, which also makes something of what does not parse."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from grace.memory.javascript_scope import UNKNOWN, Open, annotated, bound_names, expression, note, text
from grace.memory.languages import language
from grace.memory.payload import Import, Payload, SymbolKind
from grace.memory.words import count_words

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_MOST_TEXT = 20_000
"""Characters of a class or module whose words are counted."""
_FUNCTIONS = {"arrow_function", "function_expression", "function", "generator_function"}
_BRANCHES = {
    *("if_statement", "for_statement", "for_in_statement", "while_statement", "do_statement", "switch_case"),
    *("catch_clause", "ternary_expression"),
}
_NAMES = ("identifier", "this", "super", "type_identifier", "shorthand_property_identifier")
_TYPES = ("interface_declaration", "type_alias_declaration", "enum_declaration")


def parse_javascript(source: bytes, path: str) -> Payload:
    """What a file says; of one that does not parse, what is still recognised, with the first place that is not."""
    root = (
        _parser(path.lower().endswith((".ts", ".mts", ".cts")), language(path) == "typescript").parse(source).root_node
    )
    walk = _Walk(root)
    walk.run()
    problem = ""
    if root.has_error and len(walk.opened) == 1:
        problem = f"line {_first_error(root) + 1}: it is not JavaScript"
    lines = source.count(b"\n") + (not source.endswith(b"\n") and bool(source))
    module = walk.opened[0]
    definitions = [one.closed(_words(one, walk.opened)) for one in walk.opened]
    definitions[0] = definitions[0]._replace(line=1, first_line=1, end_line=max(lines, 1))
    exports = tuple(walk.default) or None
    return Payload(
        language(path), tuple(definitions), tuple(walk.imports), exports, lines, problem or _null(source, module)
    )


def _null(source: bytes, module: Open) -> str:
    return "it holds null bytes" if b"\0" in source and not module.calls and not module.references else ""


@cache
def _parser(plain: bool, typed: bool) -> "Parser":
    import tree_sitter
    import tree_sitter_javascript
    import tree_sitter_typescript

    if not typed:
        grammar = tree_sitter_javascript.language()
    elif plain:
        grammar = tree_sitter_typescript.language_typescript()
    else:
        grammar = tree_sitter_typescript.language_tsx()
    return tree_sitter.Parser(tree_sitter.Language(grammar))


class _Walk:
    """One pass over a tree, with a stack of its own: trees are as deep as their authors like."""

    def __init__(self, root: "Node") -> None:
        self.opened = [Open("", SymbolKind.MODULE, 0, None, root)]
        self.imports: list[Import] = []
        self.default: list[str] = []
        self._stack: list[tuple[Node, Open]] = [(root, self.opened[0])]
        self._of: dict[str, Callable[[Node, Open], None]] = {
            "import_statement": self._import,
            "export_statement": self._export,
            "function_declaration": self._function,
            "generator_function_declaration": self._function,
            "class_declaration": self._class,
            "abstract_class_declaration": self._class,
            "class": self._class,
            "method_definition": self._method,
            "variable_declarator": self._variable,
            "public_field_definition": self._field,
            "field_definition": self._field,
            "assignment_expression": self._assignment,
            "pair": self._pair,
            "call_expression": self._call,
            "new_expression": self._call,
            "member_expression": self._use,
            "identifier": self._use,
            "shorthand_property_identifier": self._use,
            "type_identifier": self._use,
            "return_statement": self._return,
            "for_in_statement": self._loop,
            **dict.fromkeys(_TYPES, self._type),
            **dict.fromkeys(_FUNCTIONS, self._callback),
        }

    def run(self) -> None:
        """Read everything."""
        while self._stack:
            node, scope = self._stack.pop()
            kind = node.type
            if kind in _BRANCHES or (kind == "binary_expression" and _is_logical(node)):
                scope.complexity += scope.is_function
            if handler := self._of.get(kind):
                handler(node, scope)
            else:
                self._descend(node, scope)

    def _descend(self, node: "Node", scope: Open) -> None:
        self._stack.extend((child, scope) for child in reversed(node.named_children))

    def _push(self, node: "Node | None", scope: Open) -> None:
        if node is not None:
            self._stack.append((node, scope))

    def _open(self, name: str, kind: SymbolKind, scope: Open, node: "Node") -> Open:
        one = Open(name or "default", kind, len(self.opened), scope, node)
        while one.place.parent is not None and one.place.parent.type in (
            *("export_statement", "lexical_declaration", "variable_declaration", "variable_declarator", "pair"),
            "public_field_definition",
        ):
            one.place = one.place.parent
        one.doc = _doc(one.place)
        self.opened.append(one)
        return one

    def _open_function(self, name: str, kind: SymbolKind, scope: Open, node: "Node") -> Open:
        one = self._open(name, kind, scope, node)
        self._bind_parameters(node, one)
        one.parameters = bound_names(node.child_by_field_name("parameters") or node.child_by_field_name("parameter"))
        result = node.child_by_field_name("return_type")
        one.signature = " ".join((text(node.child_by_field_name("parameters")) + text(result)).split())
        if promised := annotated(result):
            one.returns.append(promised)
        self._push(result, one)
        self._push(node.child_by_field_name("body"), one)
        self._parameter_uses(node, one)
        return one

    def _parameter_uses(self, node: "Node", scope: Open) -> None:
        """Types and defaults of parameters; their names are no uses."""
        parameters = node.child_by_field_name("parameters")
        for parameter in parameters.named_children if parameters is not None else ():
            for field in ("type", "value", "right"):
                self._push(parameter.child_by_field_name(field), scope)

    def _bind_parameters(self, node: "Node", scope: Open) -> None:
        parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
        for name in bound_names(parameters):
            scope.locals.setdefault(name, [])
        for parameter in parameters.named_children if parameters is not None else ():
            pattern, promised = (
                parameter.child_by_field_name("pattern"),
                annotated(parameter.child_by_field_name("type")),
            )
            if pattern is not None and pattern.type == "identifier" and promised:
                note(scope.locals, text(pattern), promised)
                if parameter.named_children[0].type in ("accessibility_modifier", "override_modifier") and scope.above:
                    note(scope.above.types, text(pattern), promised)  # `constructor(private api: Api)`

    def _function(self, node: "Node", scope: Open) -> None:
        self._open_function(text(node.child_by_field_name("name")), SymbolKind.FUNCTION, scope, node)

    def _callback(self, node: "Node", scope: Open) -> None:
        """A function without a name is part of what it stands in."""
        self._bind_parameters(node, scope)
        self._push(node.child_by_field_name("body"), scope)
        self._parameter_uses(node, scope)

    def _method(self, node: "Node", scope: Open) -> None:
        kind = SymbolKind.METHOD if scope.kind is SymbolKind.CLASS else SymbolKind.FUNCTION
        one = self._open_function(text(node.child_by_field_name("name")), kind, scope, node)
        if any(child.type == "get" for child in node.children):
            one.references["property"] = None

    def _class(self, node: "Node", scope: Open) -> None:
        one = self._open(text(node.child_by_field_name("name")), SymbolKind.CLASS, scope, node)
        for heritage in (child for child in node.named_children if child.type == "class_heritage"):
            clauses = [child for child in heritage.named_children if child.type.endswith("_clause")]
            for parent in [base for clause in clauses for base in clause.named_children] or heritage.named_children:
                base = annotated(parent).removesuffix("()") or expression(parent, scope)
                if base and not base.startswith(UNKNOWN) and parent.type != "type_arguments":
                    one.bases.append(base)
                    scope.references[base] = None
        one.signature = f"({', '.join(one.bases)})" if one.bases else ""
        self._push(node.child_by_field_name("body"), one)

    def _type(self, node: "Node", scope: Open) -> None:
        one = self._open(text(node.child_by_field_name("name")), SymbolKind.CLASS, scope, node)
        for member in (node.child_by_field_name("body") or node).named_children:
            if member.type == "property_signature":
                note(one.types, text(member.child_by_field_name("name")), annotated(member.child_by_field_name("type")))
        self._stack.extend((child, one) for child in reversed(node.named_children[1:]))

    def _field(self, node: "Node", scope: Open) -> None:
        name = node.child_by_field_name("name") or node.child_by_field_name("property")
        value = node.child_by_field_name("value")
        if value is not None and value.type in _FUNCTIONS:
            self._open_function(text(name), SymbolKind.METHOD, scope, value)
            return
        promised = annotated(node.child_by_field_name("type"))
        note(scope.types, text(name), promised or (expression(value, scope) if value is not None else ""))
        self._open(text(name), SymbolKind.VARIABLE, scope, node)
        self._push(node.child_by_field_name("type"), scope)
        self._push(value, scope)

    def _variable(self, node: "Node", scope: Open) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if module := _required(value):
            self._require(name, module, scope)
            return
        single = name is not None and name.type == "identifier"
        if single and value is not None and value.type in _FUNCTIONS:
            self._open_function(text(name), SymbolKind.FUNCTION, scope, value)
            return
        found = annotated(node.child_by_field_name("type")) or (expression(value, scope) if value is not None else "")
        for bound in bound_names(name):
            if scope.is_function:
                scope.locals.setdefault(bound, [])
                note(scope.locals, bound, found if single else "")
            elif scope.kind is SymbolKind.MODULE:
                note(scope.types, bound, found if single else "")
                self._open(bound, SymbolKind.VARIABLE, scope, node)
        self._push(node.child_by_field_name("type"), scope)
        self._push(value, scope)

    def _assignment(self, node: "Node", scope: Open) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        target = text(left) if left is not None and left.type == "member_expression" else ""
        if right is not None and right.type in _FUNCTIONS and target.startswith(("exports.", "module.exports.")):
            self._open_function(target.rpartition(".")[2], SymbolKind.FUNCTION, scope, right)
            return
        if target == "module.exports" and right is not None and right.type == "identifier":
            self.default.append(text(right))
        if target.startswith("this.") and target.count(".") == 1:
            owner = next((one for one in _outwards(scope) if one.kind is SymbolKind.CLASS), None)
            if owner is not None and right is not None:
                note(owner.types, target.removeprefix("this."), expression(right, scope))
        self._push(right, scope)
        self._push(left, scope)

    def _pair(self, node: "Node", scope: Open) -> None:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        if value is not None and value.type in _FUNCTIONS and scope.kind is SymbolKind.MODULE:
            self._open_function(text(key).strip("'\""), SymbolKind.FUNCTION, scope, value)
        else:
            self._push(value, scope)

    def _call(self, node: "Node", scope: Open) -> None:
        called = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        found = expression(called, scope)
        if found != UNKNOWN:
            scope.calls[found] = None
        self._push(node.child_by_field_name("arguments"), scope)
        self._inside(called, scope)

    def _use(self, node: "Node", scope: Open) -> None:
        found = text(node) if node.type == "shorthand_property_identifier" else expression(node, scope)
        plain = node.type == "identifier" and found != text(node)  # an instance: where it was made is noted already
        if found != UNKNOWN and not plain:
            scope.references[found] = None
        self._inside(node, scope)

    def _inside(self, node: "Node | None", scope: Open) -> None:
        """What stands within a chain of attributes and is no name of it: calls, mostly."""
        while node is not None and node.type in ("member_expression", "non_null_expression"):
            node = node.child_by_field_name("object") or (node.named_children[0] if node.named_children else None)
        if node is not None and node.type not in _NAMES:
            self._push(node, scope)

    def _loop(self, node: "Node", scope: Open) -> None:
        for name in bound_names(node.child_by_field_name("left")):
            scope.locals.setdefault(name, [])
        self._push(node.child_by_field_name("body"), scope)
        self._push(node.child_by_field_name("right"), scope)

    def _return(self, node: "Node", scope: Open) -> None:
        if scope.is_function and node.named_children and len(scope.returns) < 3:
            value = node.named_children[0]
            found = expression(value, scope) if value.type in ("new_expression", "call_expression", "this") else UNKNOWN
            if not found.startswith(UNKNOWN) and found not in scope.returns:
                scope.returns.append(found)
        self._descend(node, scope)

    def _import(self, node: "Node", scope: Open) -> None:
        module = _string(node.child_by_field_name("source"))
        clause = next((child for child in node.named_children if child.type == "import_clause"), None)
        if clause is None:
            self.imports.append(Import(scope.index, "", 0, module, ""))
        for part in clause.named_children if clause is not None else ():
            if part.type == "identifier":
                self.imports.append(Import(scope.index, text(part), 0, module, "default"))
            elif part.type == "namespace_import":
                self.imports.append(Import(scope.index, text(part.named_children[0]), 0, module, ""))
            else:
                self._specifiers(part, module, scope)

    def _export(self, node: "Node", scope: Open) -> None:
        source = node.child_by_field_name("source")
        clause = next((child for child in node.named_children if child.type == "export_clause"), None)
        if source is not None:
            if clause is None:
                self.imports.append(Import(scope.index, "*", 0, _string(source), "*"))
            else:
                self._specifiers(clause, _string(source), scope)
            return
        if any(child.type == "default" for child in node.children):
            value = node.child_by_field_name("value") or node.child_by_field_name("declaration")
            name = text(value) if value is not None and value.type == "identifier" else ""
            inner = value.child_by_field_name("name") if value is not None and not name else None
            self.default.append(name or text(inner) or "default")
            if value is not None and value.type in _FUNCTIONS:
                self._open_function("default", SymbolKind.FUNCTION, scope, value)
                return
        self._descend(node, scope)

    def _specifiers(self, node: "Node", module: str, scope: Open) -> None:
        for one in node.named_children:
            name = text(one.child_by_field_name("name"))
            alias = text(one.child_by_field_name("alias")) or name
            if name:
                self.imports.append(Import(scope.index, alias, 0, module, name))

    def _require(self, name: "Node | None", module: str, scope: Open) -> None:
        if name is not None and name.type == "object_pattern":
            for one in name.named_children:
                key = text(one.child_by_field_name("key")) or text(one)
                for alias in bound_names(one):
                    self.imports.append(Import(scope.index, alias, 0, module, key))
        else:
            self.imports.append(Import(scope.index, text(name), 0, module, ""))


def _outwards(scope: Open | None) -> "list[Open]":
    found = []
    while scope is not None:
        found.append(scope)
        scope = scope.above
    return found


def _is_logical(node: "Node") -> bool:
    operator = node.child_by_field_name("operator")
    return operator is not None and operator.type in ("&&", "||", "??")


def _required(node: "Node | None") -> str:
    """The module of `require("./x")`."""
    if node is None or node.type != "call_expression" or text(node.child_by_field_name("function")) != "require":
        return ""
    arguments = node.child_by_field_name("arguments")
    return _string(arguments.named_children[0]) if arguments is not None and arguments.named_children else ""


def _string(node: "Node | None") -> str:
    return text(node)[1:-1] if node is not None and node.type == "string" else ""


def _doc(node: "Node") -> str:
    """The first line of the comment `/** ... */` before a definition."""
    before = node.prev_named_sibling
    if before is None or before.type != "comment":
        return ""
    comment = text(before)
    lines = (line.strip().strip("*").strip() for line in comment[3:-2].split("\n"))
    return next((line for line in lines if line), "")[:200] if comment.startswith("/**") else ""


def _words(one: Open, opened: "list[Open]") -> dict[str, int]:
    if one.kind is SymbolKind.VARIABLE:
        return {}
    if one.is_function:
        return count_words(text(one.place))
    inside = [each.place for each in opened[one.index + 1 :] if each.above is one and each.is_function]
    if one.kind is SymbolKind.MODULE:
        inside += [each.place for each in opened if each.above is one and each.kind is SymbolKind.CLASS]
    whole, start, parts = one.place.text or b"", one.place.start_byte, []
    for place in sorted(inside, key=lambda node: node.start_byte):
        parts.append(whole[start - one.place.start_byte : place.start_byte - one.place.start_byte])
        start = max(start, place.end_byte)
    parts.append(whole[start - one.place.start_byte :])
    return count_words(b" ".join(parts).decode("utf-8", "replace")[:_MOST_TEXT])


def _first_error(root: "Node") -> int:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return int(node.start_point[0])
        stack.extend(reversed([child for child in node.children if child.has_error or child.is_missing]))
    return 0
