"""One pass over the tree of a JavaScript or TypeScript file: its definitions, and what they import, call and read."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from grace.memory.javascript_definitions import METHOD, VARIABLE, Definitions
from grace.memory.javascript_imports import Taken, declared, default_name, imported, reexported, specifiers
from grace.memory.javascript_scope import (
    UNKNOWN,
    Open,
    bound,
    called_module,
    expression,
    first_child,
    note,
    string,
    text,
)
from grace.memory.javascript_shapes import FUNCTIONS, holds_functions
from grace.memory.payload import SymbolKind

if TYPE_CHECKING:
    from tree_sitter import Node

_NAMES = {"identifier", "this", "super", "type_identifier", "shorthand_property_identifier"}
_VALUES = {"new_expression", "call_expression", "await_expression", "this", "identifier"}
_OF_EACH = {"map", "forEach", "filter", "find", "findIndex", "some", "every", "flatMap"}
"""Methods that call a function with what the collection holds."""
_EXPORTS = ("exports", "module.exports")


class Walk(Definitions):
    """Reads everything."""

    def run(self) -> None:
        """Read everything, in the order of the source."""
        stack, handlers = self._stack, _HANDLERS
        while stack:
            node, scope = stack.pop()
            if handler := handlers.get(node.type):
                handler(self, node, scope)
            else:
                stack += [(child, scope) for child in node.named_children[::-1]]

    # Uses

    def _branch(self, node: "Node", scope: Open) -> None:
        scope.named.complexity += 1
        self._descend(node, scope)

    def _binary(self, node: "Node", scope: Open) -> None:
        operator = node.child_by_field_name("operator")
        if operator is not None and operator.type in ("&&", "||", "??"):
            scope.named.complexity += 1
        self._descend(node, scope)

    def _loop(self, node: "Node", scope: Open) -> None:
        scope.named.complexity += 1
        right, operator = node.child_by_field_name("right"), node.child_by_field_name("operator")
        each = expression(right, scope) if operator is not None and operator.type == "of" else UNKNOWN
        inner = scope if scope.is_function else scope.callback(node)
        for name, value in bound(node.child_by_field_name("left"), "" if each.startswith(UNKNOWN) else f"{each}[*]"):
            inner.locals.setdefault(name, [])
            note(inner.locals, name, value)
        self._push(node.child_by_field_name("body"), inner)
        self._push(right, scope)

    def _catch(self, node: "Node", scope: Open) -> None:
        inner = scope if scope.is_function else scope.callback(node)
        for name, _ in bound(node.child_by_field_name("parameter")):
            inner.locals.setdefault(name, [])
        scope.named.complexity += 1
        self._push(node.child_by_field_name("body"), inner)

    def _call(self, node: "Node", scope: Open) -> None:
        called = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        arguments = node.child_by_field_name("arguments")
        if module := called_module(node):
            self._take([Taken("", module, "")], scope)
            return
        found = "super().constructor" if called is not None and called.type == "super" else expression(called, scope)
        if found != UNKNOWN:
            scope.calls[found] = None
        self._push(arguments, scope)
        self._push(node.child_by_field_name("type_arguments"), scope)
        self._inside(called, scope)
        name = found.rpartition(".")[2]
        if name in _OF_EACH and not found.startswith(UNKNOWN) and arguments is not None:
            callback = first_child(arguments)
            if callback is not None and callback.type in FUNCTIONS:
                self._given[callback.id] = found.removesuffix(f".{name}") + "[*]"

    def _callback_of(self, node: "Node", scope: Open) -> None:
        inner = self._callback(node, scope)
        if value := self._given.pop(node.id, ""):
            parameters = node.child_by_field_name("parameters")
            first = first_child(parameters) or node.child_by_field_name("parameter")
            pattern = first.child_by_field_name("pattern") if first is not None else None
            for name, given in bound(pattern or first, value):
                note(inner.locals, name, given)

    def _use(self, node: "Node", scope: Open) -> None:
        found = expression(node, scope)
        plain = node.type not in ("member_expression", "subscript_expression")
        made = plain and found.endswith((")", "]", "}"))  # an instance: where it was made is noted already
        if found != UNKNOWN and not made:
            scope.references[found] = None
        self._inside(node, scope)

    def _inside(self, node: "Node | None", scope: Open) -> None:
        """What stands within a chain of attributes and is no name of it: calls and indexes, mostly."""
        while node is not None:
            if node.type == "subscript_expression":
                self._push(node.child_by_field_name("index"), scope)
            elif node.type not in ("member_expression", "non_null_expression"):
                break
            node = node.child_by_field_name("object") or first_child(node)
        if node is not None and node.type not in _NAMES:
            self._push(node, scope)

    def _element(self, node: "Node", scope: Open) -> None:
        """`<Name attribute={...}>` calls Name; small letters are HTML."""
        name = node.child_by_field_name("name")
        written = text(name)
        if name is not None and written and ("." in written or not written[0].islower()):
            found = expression(name, scope)
            if found != UNKNOWN:
                scope.calls[found] = None
        self._stack += [(child, scope) for child in node.named_children[:0:-1]]

    def _return(self, node: "Node", scope: Open) -> None:
        value = first_child(node)
        if scope.is_function and scope is scope.named and value is not None and value.type in _VALUES:
            found = expression(value, scope)
            if value.type != "identifier" or found != text(value):
                note({"": scope.returns}, "", found)
        self._descend(node, scope)

    def _assignment(self, node: "Node", scope: Open) -> None:
        targets: list[Node] = []
        right: Node | None = node
        while right is not None and right.type == "assignment_expression":
            if (left := right.child_by_field_name("left")) is not None:
                targets.append(left)
            right = right.child_by_field_name("right")
        names = [text(one) if one.type in ("member_expression", "identifier") else "" for one in targets]
        if scope.index == 0 and any(name.split(".")[0] in ("exports", "module") for name in names):
            self._publish(names, targets[0], right, scope)
        elif right is None or not self._of_another(names, right, scope):
            self._push(right, scope)
        for target, name in zip(targets, names, strict=True):
            if name.startswith("this.") and name.count(".") == 1:
                owner = next((one for one in scope.outwards() if one.kind is SymbolKind.CLASS), None)
                if owner is not None:
                    note(owner.types, name[5:], expression(right, scope))
            elif target.type != "identifier" and name.split(".")[0] not in _EXPORTS and not name.startswith("module."):
                self._inside_target(target, scope)

    def _inside_target(self, node: "Node", scope: Open) -> None:
        """What is read on the way to what is written."""
        self._push(node.child_by_field_name("object"), scope)
        self._push(node.child_by_field_name("index"), scope)

    def _of_another(self, names: list[str], right: "Node", scope: Open) -> bool:
        """`Name.prototype.method = function`, `name.method = function`: whether it was one."""
        if right.type not in FUNCTIONS or scope.index != 0:
            return False
        for path in (name.split(".") for name in names):
            owner = self._named.get(path[0])
            if owner is not None and (len(path) == 2 or (len(path) == 3 and path[1] == "prototype")):
                made = scope.types.get(path[0])
                plain = owner.kind is VARIABLE and (not made or made[0].startswith("Object.create"))
                if plain or (len(path) == 3 and owner.kind is SymbolKind.FUNCTION):
                    owner.kind = SymbolKind.CLASS  # a class as it was written before there were classes
                self._open_function(path[-1], METHOD, owner, right)
                return True
        return False

    # Imports and exports

    def _import(self, node: "Node", scope: Open) -> None:
        self._take(imported(node), scope)

    def _export(self, node: "Node", scope: Open) -> None:
        if (source := node.child_by_field_name("source")) is not None:
            self._take(reexported(node, string(source)), scope)
            return
        tokens = {child.type for child in node.children}
        if "default" in tokens or "=" in tokens:
            value = node.child_by_field_name("value") or node.child_by_field_name("declaration")
            self._export_default(value or first_child(node), scope)
        else:
            self.exported += declared(node.child_by_field_name("declaration"))
        for child in node.named_children:
            if child.type == "export_clause":
                self._export_names(child, scope)
            elif child.type == "decorator":
                self._push(child, scope)
        self._push(node.child_by_field_name("declaration"), scope)

    def _export_names(self, clause: "Node", scope: Open) -> None:
        for name, alias in specifiers(clause):
            if alias == "default":
                self.default.append(name)
                continue
            self.exported.append(alias)
            if alias != name:
                note(scope.types, alias, name)
                self._open(alias, VARIABLE, scope, clause)

    def _export_default(self, value: "Node | None", scope: Open) -> None:
        if value is None:
            return
        name = default_name(value)
        self.default.append(name or "default")
        if value.type in FUNCTIONS:
            self.default[-1] = "default"
            self._define("default", value, scope)
        elif value.type == "class" and not name:
            self._class(value, scope, "default")
        elif value.type == "object" and holds_functions(value):
            self._define("default", value, scope)
        else:
            if not name:
                note(scope.types, "default", expression(value, scope))
                self._open("default", VARIABLE, scope, value)
            if value.parent is None or value.parent.child_by_field_name("declaration") != value:
                self._push(value, scope)

    def _publish(self, names: list[str], target: "Node", value: "Node | None", scope: Open) -> None:
        """`module.exports = ...` and `exports.name = ...`."""
        if value is None:
            return
        module = called_module(value)
        for name in names:
            if name == "module.exports" and value.type != "object":
                self.default.append((default_name(value) if value.type in ("identifier", "class") else "") or "default")
            short = name.rpartition(".")[2] if name.startswith(("exports.", "module.exports.")) else ""
            if name == "module.exports" and self.default and self.default[-1] == "default":
                short = "default"
            if short in ("", "exports", "prototype") or short == text(value):
                continue
            if module:
                self._take([Taken(short, module, "default" if short == "default" else "")], scope)
                return
            if self._define(short, value, scope):
                return
            note(scope.types, short, expression(value, scope))
            self._open(short, VARIABLE, scope, target)
        if value.type == "class" and text(value.child_by_field_name("name")):
            self._class(value, scope)
        else:
            self._push(value, scope)


def _nothing(_walk: Walk, _node: "Node", _scope: Open) -> None:
    """Names that use nothing."""


def _only_type(walk: Walk, node: "Node", scope: Open) -> None:
    """`[key: string]: Type`."""
    walk._push(node.child_by_field_name("type"), scope)


_HANDLERS: dict[str, Callable[[Walk, "Node", Open], object]] = {
    "import_statement": Walk._import,
    "export_statement": Walk._export,
    "function_declaration": Walk._function,
    "generator_function_declaration": Walk._function,
    "function_signature": Walk._signature,
    **dict.fromkeys(("class_declaration", "abstract_class_declaration", "class"), Walk._class),
    "class_body": Walk._class_body,
    "method_definition": Walk._method,
    **dict.fromkeys(("method_signature", "abstract_method_signature"), Walk._method_signature),
    **dict.fromkeys(("public_field_definition", "field_definition"), Walk._field),
    "property_signature": Walk._property_signature,
    **dict.fromkeys(("interface_declaration", "type_alias_declaration"), Walk._type),
    "enum_declaration": Walk._enum,
    **dict.fromkeys(("internal_module", "module"), Walk._namespace),
    "variable_declarator": Walk._variable,
    "assignment_expression": Walk._assignment,
    "pair": Walk._pair,
    **dict.fromkeys(("call_expression", "new_expression"), Walk._call),
    **dict.fromkeys(("member_expression", "subscript_expression", "identifier", "type_identifier"), Walk._use),
    "shorthand_property_identifier": Walk._use,
    **dict.fromkeys(("jsx_opening_element", "jsx_self_closing_element"), Walk._element),
    "jsx_closing_element": _nothing,
    **dict.fromkeys(("type_parameters", "type_predicate", "property_identifier", "comment"), _nothing),
    "index_signature": _only_type,
    "return_statement": Walk._return,
    "for_in_statement": Walk._loop,
    "catch_clause": Walk._catch,
    "binary_expression": Walk._binary,
    **dict.fromkeys(("if_statement", "for_statement", "while_statement", "do_statement"), Walk._branch),
    **dict.fromkeys(("switch_case", "ternary_expression"), Walk._branch),
    **dict.fromkeys(FUNCTIONS, Walk._callback_of),
    **dict.fromkeys(("function_type", "constructor_type", "call_signature", "construct_signature"), Walk._callback),
}
