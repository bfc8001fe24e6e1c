"""What a JavaScript or TypeScript file defines; `grace.memory.javascript_walk` adds what that uses."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from grace.memory.javascript_imports import Taken, required
from grace.memory.javascript_scope import (
    UNKNOWN,
    Open,
    annotated,
    bound,
    bound_names,
    called_module,
    expression,
    first_child,
    note,
    string,
    text,
)
from grace.memory.javascript_shapes import FUNCTIONS, doc, holds_functions, statement, wrapped
from grace.memory.payload import Import, SymbolKind

if TYPE_CHECKING:
    from tree_sitter import Node

CLASS, FUNCTION, METHOD, VARIABLE = SymbolKind.CLASS, SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.VARIABLE


class Definitions:
    """Opens the definitions of a tree, with a stack of its own: trees are as deep as their authors like."""

    def __init__(self, root: "Node") -> None:
        self.opened = [Open("", SymbolKind.MODULE, 0, None, root)]
        self.imports: list[Import] = []
        self.default: list[str] = []
        self.exported: list[str] = []
        self._stack: list[tuple[Node, Open]] = [(root, self.opened[0])]
        self._known: dict[tuple[int, str, SymbolKind, int, int], Open] = {}
        self._named: dict[str, Open] = {}
        """Definitions of the module by name."""
        self._decorated: dict[int, int] = {}
        """Member of a class -> the line of its first decorator."""
        self._given: dict[int, str] = {}
        """Callback -> what its first parameter is."""

    def _descend(self, node: "Node", scope: Open) -> None:
        self._stack += [(child, scope) for child in node.named_children[::-1]]

    def _push(self, node: "Node | None", scope: Open) -> None:
        if node is not None:
            self._stack.append((node, scope))

    def _open(self, name: str, kind: SymbolKind, scope: Open, node: "Node") -> Open:
        one = Open(name or "default", kind, len(self.opened), scope, node)
        one.place = statement(node)
        one.first_line = self._decorated.get(node.id, one.place.start_point[0] + 1)
        key = (scope.index, one.name, kind, node.start_point[0], one.first_line)
        if before := self._known.get(key):  # getter and setter on one line: nothing tells them apart
            return before
        self._known[key] = one
        if scope.index == 0:
            self._named.setdefault(one.name, one)
        one.doc = doc(one.place)
        self.opened.append(one)
        return one

    def _open_function(self, name: str, kind: SymbolKind, scope: Open, node: "Node") -> Open:
        one = self._open(name, kind, scope, node)
        parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
        self._type_parameters(node, one)
        self._bind_parameters(node, one)
        result = node.child_by_field_name("return_type")
        if not one.signature:
            one.parameters = bound_names(parameters)
            one.signature = " ".join((text(parameters)[:2_000] + text(result)[:500]).split())
        if promised := annotated(result, one):
            note({"": one.returns}, "", promised)
        self._push(node.child_by_field_name("body"), one)
        self._push(result, one)
        self._parameter_uses(parameters, one)
        return one

    def _type_parameters(self, node: "Node", scope: Open) -> None:
        """`T extends Base` stands for a Base, `T` for nobody knows what."""
        parameters = node.child_by_field_name("type_parameters")
        for one in parameters.named_children if parameters is not None else ():
            constraint = one.child_by_field_name("constraint")
            note(scope.locals, text(one.child_by_field_name("name")), annotated(constraint, scope))
            self._push(constraint, scope)

    def _parameter_uses(self, parameters: "Node | None", scope: Open) -> None:
        """Types and defaults of parameters; their names are no uses."""
        for parameter in parameters.named_children if parameters is not None else ():
            for field in ("type", "value", "right", "decorator"):
                self._push(parameter.child_by_field_name(field), scope)

    def _bind_parameters(self, node: "Node", scope: Open) -> None:
        parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
        for name in bound_names(parameters):
            scope.locals.setdefault(name, [])
        for parameter in parameters.named_children if parameters is not None else ():
            promised = annotated(parameter.child_by_field_name("type"), scope)
            for name, value in bound(parameter.child_by_field_name("pattern"), promised):
                note(scope.locals, name, value)
                first = first_child(parameter)
                if first is not None and first.type in ("accessibility_modifier", "override_modifier") and scope.above:
                    note(scope.above.types, name, value)  # `constructor(private api: Api)`

    def _function(self, node: "Node", scope: Open) -> None:
        self._open_function(text(node.child_by_field_name("name")), FUNCTION, scope, node)

    def _signature(self, node: "Node", scope: Open) -> None:
        """`declare function`; before an implementation it only adds types."""
        if node.parent is not None and node.parent.type == "ambient_declaration":
            self._function(node, scope)
        else:
            self._callback(node, scope)

    def _callback(self, node: "Node", scope: Open) -> Open:
        """A function without a name is part of what it stands in."""
        inner = scope.callback(node)
        self._type_parameters(node, inner)
        self._bind_parameters(node, inner)
        self._push(node.child_by_field_name("body"), inner)
        self._push(node.child_by_field_name("return_type"), inner)
        self._parameter_uses(node.child_by_field_name("parameters"), inner)
        return inner

    def _method(self, node: "Node", scope: Open) -> None:
        name = node.child_by_field_name("name")
        kind = METHOD if scope.kind is CLASS else FUNCTION
        if name is None or name.type == "computed_property_name" or scope is not scope.named:
            self._callback(node, scope)
            return
        one = self._open_function(string(name) or text(name), kind, scope, node)
        if any(child.type == "get" for child in node.children):
            one.references["property"] = None

    def _method_signature(self, node: "Node", scope: Open) -> None:
        """A method that others implement; in a class body, one more form of the method that follows."""
        around = node.parent.type if node.parent is not None else ""
        if scope.kind is CLASS and (around != "class_body" or node.type == "abstract_method_signature"):
            self._method(node, scope)
        else:
            self._callback(node, scope)

    def _class(self, node: "Node", scope: Open, name: str = "") -> None:
        one = self._open(name or text(node.child_by_field_name("name")), CLASS, scope, node)
        self._type_parameters(node, one)
        for heritage in node.named_children:
            if heritage.type in ("class_heritage", "decorator"):
                self._push(heritage, scope)
            if heritage.type == "class_heritage":
                clauses = [child for child in heritage.named_children if child.type.endswith("_clause")] or [heritage]
                self._bases([base for clause in clauses for base in clause.named_children], one)
        self._push(node.child_by_field_name("body"), one)

    def _bases(self, nodes: "Iterable[Node]", one: Open) -> None:
        for node in nodes:
            base = annotated(node, one).removesuffix("()") or expression(node, one)
            if base and not base.startswith(UNKNOWN) and node.type != "type_arguments" and base not in one.bases:
                one.bases.append(base)
        one.signature = f"({', '.join(one.bases)})" if one.bases else ""

    def _class_body(self, node: "Node", scope: Open) -> None:
        members = node.named_children
        decorator: Node | None = None
        for member in members:
            if member.type == "decorator":
                decorator = decorator or member
            elif decorator is not None:
                self._decorated[member.id] = decorator.start_point[0] + 1
                decorator = None
        self._stack += [(member, scope) for member in members[::-1]]

    def _type(self, node: "Node", scope: Open) -> None:
        one = self._open(text(node.child_by_field_name("name")), CLASS, scope, node)
        self._type_parameters(node, one)
        value = node.child_by_field_name("value")
        if value is not None and value.type != "object_type":  # type A = B & { ... }
            self._bases(value.named_children if value.type == "intersection_type" else [value], one)
        for child in node.named_children[1:]:
            if child.type == "extends_type_clause":
                self._bases(child.named_children, one)
        self._stack += [(child, one) for child in node.named_children[:0:-1] if child.type != "type_parameters"]

    def _property_signature(self, node: "Node", scope: Open) -> None:
        if scope.kind is CLASS:
            promised = node.child_by_field_name("type")
            note(scope.types, text(node.child_by_field_name("name")), annotated(promised, scope))
        self._push(node.child_by_field_name("type"), scope)

    def _field(self, node: "Node", scope: Open) -> None:
        name = node.child_by_field_name("name") or node.child_by_field_name("property")
        value = node.child_by_field_name("value")
        if value is not None and value.type in FUNCTIONS:
            self._decorated[value.id] = self._decorated.get(node.id, node.start_point[0] + 1)
            self._open_function(text(name), METHOD, scope, value)
            return
        promised = annotated(node.child_by_field_name("type"), scope)
        note(scope.types, text(name), promised or (expression(value, scope) if value is not None else ""))
        self._open(text(name), VARIABLE, scope, node)
        self._push(value, scope)
        self._push(node.child_by_field_name("type"), scope)
        for child in node.named_children:
            if child.type == "decorator":
                self._push(child, scope)

    def _variable(self, node: "Node", scope: Open) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if module := called_module(value):
            self._take(required(name, module), scope)
            return
        single = name is not None and name.type == "identifier"
        taken_from = value.child_by_field_name("object") if value is not None and single else None
        if value is not None and (module := called_module(taken_from)):  # require("./x").y
            self._take([Taken(text(name), module, text(value.child_by_field_name("property")))], scope)
            return
        if single and value is not None and self._define(text(name), value, scope):
            return
        found = annotated(node.child_by_field_name("type"), scope) or expression(value, scope)
        for one, given in bound(name, "" if found.startswith(UNKNOWN) else found):
            if scope.is_function:
                scope.locals.setdefault(one, [])
                note(scope.locals, one, given)
            elif scope.kind is SymbolKind.MODULE:
                note(scope.types, one, given)
                self._open(one, VARIABLE, scope, node)
        self._push(value, scope)
        self._push(node.child_by_field_name("type"), scope)

    def _take(self, taken: Iterable[Taken], scope: Open) -> None:
        self.imports += [Import(scope.index, one.alias, 0, one.module, one.name) for one in taken]

    def _define(self, name: str, value: "Node", scope: Open) -> bool:
        """Open the function or object that a name is bound to, when it is bound to one."""
        if value.type in FUNCTIONS:
            self._open_function(name, FUNCTION, scope, value)
        elif value.type == "class":
            self._class(value, scope, name)
        elif value.type == "object" and holds_functions(value):  # like a class of which there is one
            self._descend(value, self._open(name, CLASS, scope, value))
        elif (inner := wrapped(value)) is not None:
            scope.calls[expression(value.child_by_field_name("function"), scope)] = None
            one = self._open_function(name, FUNCTION, scope, inner)
            one.doc = one.doc or doc(statement(value))
        else:
            return False
        return True

    def _enum(self, node: "Node", scope: Open) -> None:
        one = self._open(text(node.child_by_field_name("name")), CLASS, scope, node)
        body = node.child_by_field_name("body")
        for member in body.named_children if body is not None else ():
            if member.type != "comment":
                name = member.child_by_field_name("name") or member
                self._open(string(name) or text(name), VARIABLE, one, member)
                self._push(member.child_by_field_name("value"), one)

    def _namespace(self, node: "Node", scope: Open) -> None:
        name = node.child_by_field_name("name")
        plain = name is not None and name.type == "identifier"  # not `declare module "x"`
        inner = self._open(text(name), CLASS, scope, node) if plain else scope
        self._push(node.child_by_field_name("body"), inner)

    def _pair(self, node: "Node", scope: Open) -> None:
        key, value = node.child_by_field_name("key"), node.child_by_field_name("value")
        named = scope is scope.named and not scope.is_function and key is not None
        named = named and text(key)[:1] != "["  # a computed name
        if value is not None and value.type in FUNCTIONS and named:
            kind = METHOD if scope.kind is CLASS else FUNCTION
            self._open_function(string(key) or text(key), kind, scope, value)
            return
        if named and scope.kind is CLASS and value is not None:
            note(scope.types, string(key) or text(key), expression(value, scope))
        self._push(value, scope)
