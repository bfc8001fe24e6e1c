"""What expressions mean: an abstract evaluation over the payloads of a repository.

Every expression gets a few possible values: a module, a class, an instance of a class, a function, a variable, a
container of values. Nothing is run and no flow is followed; what cannot be told has no value. Like PyCG (Salis et al.
2021) it follows assignments, but types come from annotations and constructors too, and only what is asked for is
evaluated, each expression once per scope.
"""

import re
from collections.abc import Iterable

from grace.memory.bindings import NO_IMPORTS, NO_NAMES, Bindings
from grace.memory.payload import Definition, Import, SymbolKind
from grace.memory.values import (
    CLASS,
    EXTERNAL,
    EXTERNAL_TAG,
    FOLDER,
    FUNCTION,
    GIVES,
    INSTANCE,
    MAPPING,
    MODULE,
    OUTSIDE,
    SEQUENCE,
    SUPER,
    VARIABLE,
    Context,
    File,
    Value,
    Values,
    World,
    asks_for_fixtures,
    is_fixture,
    is_property,
)

_MOST_VALUES = 4
_DEEPEST = 40
"""Evaluations within each other."""


class Meanings:
    """Evaluates the expressions of a repository."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.bindings = Bindings(world)
        self.files = self.bindings.files
        self.modules = self.bindings.modules
        self._orders: dict[tuple[int, int], tuple[list[tuple[int, int]], bool, bool]] = {}
        self._members: dict[tuple[int, int, str], Value | None] = {}
        self._properties: dict[tuple[int, int], bool] = {}
        self._metaclasses: dict[tuple[int, int], Value | None] = {}
        self._contents: dict[Value, Values] = {}
        self._depth = 0

    def definition(self, value: Value) -> Definition:
        """What a value with a definition is defined as."""
        return self.files[value.file].definitions[value.at]

    def is_property(self, function: Value) -> bool:
        """Whether reading a function as an attribute runs it."""
        key = (function.file, function.at)
        if (known := self._properties.get(key)) is None:
            one = self.definition(function)
            known = self._properties[key] = is_property(one) or one.name in ("__getattr__", "__getattribute__")
        return known

    # Names

    def values(self, file: File, at: int, expression: str, receiver: Value | None = None) -> Values:
        """What an expression may mean in a definition; `receiver` is the class whose instance `self` is."""
        return self.evaluate(self.context(file, at, expression, receiver), expression)

    def context(self, file: File, at: int, expression: str, receiver: Value | None = None) -> Context:
        """Where an expression of a definition stands."""
        root = expression[:5]
        if root[:4] == "self" or root[:3] == "cls" or root == "super" or root[:4] == "this":
            own = file.owner[at]
            if own >= 0 and (receiver is None or root == "super"):
                receiver = Value(CLASS, file.id, own)
        else:
            receiver = None
        key = (file.scope[at], receiver)
        if (found := file.contexts.get(key)) is None:
            found = file.contexts[key] = Context(file, *key)
        return found

    def evaluate(self, context: Context, expression: str) -> Values:
        """What an expression may mean where it stands."""
        memo = context.memo
        if (found := memo.get(expression)) is not None:
            return found
        prefix = ""
        values: Values = ()
        for step in steps_of(expression):
            prefix += step
            values = self.advance(context, prefix, values, step)
        return values

    def advance(self, context: Context, prefix: str, before: Values, step: str) -> Values:
        """The same for an expression of which everything but the last step is known."""
        memo = context.memo
        if (found := memo.get(prefix)) is not None:
            return found
        if self._depth > _DEEPEST:
            return ()
        memo[prefix] = ()  # what needs itself to be known is unknown
        self._depth += 1
        if prefix is step or prefix == step:
            found = self._root(context.file, context.scope, step, context.receiver)
        else:
            found = self.apply(before, step)
        self._depth -= 1
        memo[prefix] = found
        return found

    def _root(self, file: File, scope: int, name: str, receiver: Value | None) -> Values:
        if receiver is not None:
            if name == "self" or name == "this":
                return (Value(INSTANCE, receiver.file, receiver.at),)
            if name == "cls":
                return (receiver,)
            if name == "super":
                return (Value(SUPER, receiver.file, receiver.at),)
        if name == "?" or name == "self" or name == "cls":
            return ()
        while scope > 0:
            definition = file.definitions[scope]
            if (index := file.members.get(scope, NO_NAMES).get(name)) is not None:
                return (self.bindings.defined(file, index, None),)
            if (imports := file.imports.get(scope, NO_IMPORTS).get(name)) is not None:
                return self.bindings.imported(file, imports)
            if name in definition.parameters:
                return self._asked_for(file, scope, name)
            scope = self._around(file, scope)
        return self.bindings.module_name(file, name) or OUTSIDE

    @staticmethod
    def _around(file: File, scope: int) -> int:
        around = file.definitions[scope].parent
        while around > 0 and file.definitions[around].kind is SymbolKind.CLASS:
            around = file.definitions[around].parent
        return file.scope[around] if around > 0 else 0

    # Steps

    def apply(self, values: Values, step: str) -> Values:
        """What a step leads to from any of some values."""
        found: dict[Value, None] = {}
        for value in values:
            found.update(dict.fromkeys(self._step(value, step)))
        if len(found) > 1:
            found.pop(EXTERNAL, None)
        return tuple(found)[:_MOST_VALUES]

    def _step(self, value: Value, step: str) -> Values:
        tag = value.tag
        if tag == EXTERNAL_TAG:
            return OUTSIDE
        if tag == VARIABLE:
            return self.apply(self.content(value), step)
        if step == "()":
            return self.called(value)
        if step == "{}":
            return (Value(SEQUENCE, inner=value),)
        if step == "{:}":
            return (Value(MAPPING, inner=value),)
        if step == "[]" or step == "[*]":
            return self._element(value, step)
        return self.attribute(value, step)

    def content(self, value: Value) -> Values:
        """What a variable or attribute may hold."""
        if (found := self._contents.get(value)) is None:
            if self._depth > _DEEPEST:
                return ()
            self._contents[value] = ()  # as in `evaluate`
            self._depth += 1
            found = self._contents[value] = self._content(value)
            self._depth -= 1
        return found

    def _content(self, value: Value) -> Values:
        file = self.files[value.file]
        one = file.definitions[value.at]
        if value.name:  # an attribute that only methods assign
            owner, name = value.at, value.name
        else:
            owner, name = one.parent, one.name
        holder = file.definitions[owner]
        if holder.kind is not SymbolKind.CLASS:
            return self._union(file, owner, holder.types.get(name, ()), None)
        receiver = value.receiver or Value(CLASS, file.id, owner)
        order, outside, enum = self.order(receiver)
        if enum and not value.name:
            return (Value(INSTANCE, receiver.file, receiver.at),)
        start = order.index((file.id, owner)) if (file.id, owner) in order else 0
        for place, index in order[start:]:
            other = self.files[place]
            types = other.definitions[index].types.get(name)
            if types and (found := self._union(other, index, types, receiver)):
                return found
        return OUTSIDE if outside else ()

    def _union(self, file: File, at: int, expressions: Iterable[str], receiver: Value | None) -> Values:
        found: dict[Value, None] = {}
        for expression in expressions:
            for value in self.values(file, at, expression, receiver):
                if value.tag == VARIABLE:
                    found.update(dict.fromkeys(self.content(value)))
                else:
                    found[value] = None
        if len(found) > 1:
            found.pop(EXTERNAL, None)
        return tuple(found)[:_MOST_VALUES]

    def called(self, value: Value) -> Values:
        """What calling a value gives."""
        tag = value.tag
        if tag == CLASS:
            return (Value(INSTANCE, value.file, value.at),)
        if tag == FUNCTION:
            return self.returned(value)
        if tag == GIVES:
            return (value.inner,) if value.inner else ()
        if tag == INSTANCE:
            method = self.member(value, "__call__")
            return self.returned(method) if method and method.tag == FUNCTION else ()
        if tag in (SEQUENCE, MAPPING, SUPER):
            return (value,)  # `mapping.values()` and `super()`
        return ()

    def returned(self, function: Value) -> Values:
        """What a function gives back."""
        file = self.files[function.file]
        one = file.definitions[function.at]
        return self._union(file, function.at, one.returns, function.receiver)

    def decorated(self, function: Value) -> Values:
        """What the decorators of a function make of it, as far as they say; () where it stays what it is."""
        file = self.files[function.file]
        one = file.definitions[function.at]
        if not one.bases or self._depth > _DEEPEST:
            return ()
        found: dict[Value, None] = {}
        self._depth += 10  # decorators of decorators end soon
        for decorator in one.bases:
            for value in self.values(file, one.parent, decorator):
                if value.tag == FUNCTION and (value.file, value.at) != (function.file, function.at):
                    found.update(dict.fromkeys(self.returned(value)))
        self._depth -= 10
        found.pop(EXTERNAL, None)
        return tuple(found)[:_MOST_VALUES]

    def metaclass(self, value: Value) -> Value | None:
        """The class of a class, where the repository has it."""
        key = (value.file, value.at)
        if key not in self._metaclasses:
            self._metaclasses[key] = None
            for place, index in self.order(value)[0]:
                file = self.files[place]
                if types := file.definitions[index].types.get("__class__"):
                    found = self._union(file, file.definitions[index].parent, types, None)
                    self._metaclasses[key] = next((one for one in found if one.tag == CLASS), None)
                    break
        return self._metaclasses[key]

    def _element(self, value: Value, step: str) -> Values:
        tag = value.tag
        if tag == SEQUENCE:
            return (value.inner,) if value.inner else ()
        if tag == MAPPING:
            return (value.inner,) if value.inner and step == "[]" else OUTSIDE
        if tag == CLASS:
            return (value,)  # a generic class with its arguments
        if tag != INSTANCE:
            return ()
        method = self.member(value, "__getitem__" if step == "[]" else "__iter__")
        if method is None or method.tag != FUNCTION:
            return OUTSIDE if self.order(value)[1] else ()
        found = self.returned(method)
        return found if step == "[]" else self.apply(found, ".__next__()")

    def attribute(self, value: Value, step: str) -> Values:
        """What `.name` leads to; a property gives what its function returns."""
        name = step[1:]
        tag = value.tag
        if name.endswith("()"):
            return self.apply(self.attribute(value, step[:-2]), "()")
        if tag in (INSTANCE, CLASS, SUPER):
            if name == "__class__":
                return (Value(CLASS, value.file, value.at),) if tag == INSTANCE else OUTSIDE
            found = self.member(value, name)
            if found is None and tag == CLASS and (meta := self.metaclass(value)) is not None:
                found = self.member(meta, name)
            if found is None:
                if name == "__enter__" or name == "__next__":
                    return (Value(GIVES, inner=value),) if tag == INSTANCE else ()
                return OUTSIDE if name[:2] == "__" or self.order(value)[1] else ()
            if found.tag == FUNCTION and tag != CLASS and self.is_property(found):
                return self.returned(found)
            return (found,)
        if tag == MODULE:
            file = self.files[value.file]
            if values := self.bindings.module_name(file, name):
                return values
            inside = self.modules.inside(file.path, name)
            return (Value(MODULE, inside),) if inside is not None else ()
        if tag == FOLDER:
            return self.bindings.module(self.files[value.file], Import(0, "", 0, f"{value.name}.{name}", ""))
        if tag == MAPPING:
            if name == "values":
                return (Value(SEQUENCE, inner=value.inner),)
            if name in ("get", "pop", "setdefault"):
                return (Value(GIVES, inner=value.inner),)
            return OUTSIDE
        if tag == FUNCTION:
            return self.apply(tuple(one for one in self.decorated(value) if one.tag != FUNCTION), step)
        if tag == SEQUENCE:
            return (Value(GIVES, inner=value.inner),) if name in _GIVES_ONE else OUTSIDE
        return ()

    # Classes

    def reached(self, value: Value, name: str) -> Value | None:
        """What an attribute of an instance, a class or `super()` leads to; a function, when it runs `__getattr__`."""
        if (found := self.member(value, name)) is not None:
            return found
        if value.tag == INSTANCE:
            if name == "__class__":
                return Value(CLASS, value.file, value.at)
            return self.member(value, "__getattr__") if name[:2] != "__" else None
        if value.tag == CLASS and (meta := self.metaclass(value)) is not None:
            return self.member(meta, name)
        return None

    def member(self, value: Value, name: str) -> Value | None:
        """What a class, or for `super()` its bases, has under a name."""
        key = (value.file, value.at if value.tag != SUPER else -value.at, name)
        if key in self._members:
            return self._members[key]
        order = self.order(value)[0]
        receiver = Value(CLASS, value.file, value.at)
        found = None
        for place, index in order[1:] if value.tag == SUPER else order:
            file = self.files[place]
            if (inner := file.members.get(index, NO_NAMES).get(name)) is not None:
                found = self.bindings.defined(file, inner, receiver)
                break
            if name in file.definitions[index].types:
                found = Value(VARIABLE, place, index, receiver, name)
                break
            if imports := file.imports.get(index, NO_IMPORTS).get(name):
                found = next(iter(self.bindings.imported(file, imports)), None)
                break
        self._members[key] = found
        return found

    def order(self, value: Value) -> tuple[list[tuple[int, int]], bool, bool]:
        """A class and its bases, nearly as Python orders them; whether some lie outside; whether it is an enum."""
        key = (value.file, value.at)
        if (known := self._orders.get(key)) is not None:
            return known
        if self._depth > _DEEPEST:
            return [key], True, False
        self._orders[key] = ([key], False, False)  # a class that is its own base
        self._depth += 1
        file = self.files[value.file]
        order = [key]
        outside = enum = False
        for base in file.definitions[value.at].bases:
            enum = enum or base.endswith(("Enum", "Flag"))
            found = [one for one in self._base(file, value.at, base) if one.tag == CLASS]
            if not found:
                outside = outside or base.rpartition(".")[2] not in ("object", "Generic", "ABC", "Protocol")
                continue
            inherited, also_outside, also_enum = self.order(found[0])
            order = [one for one in order if one not in inherited] + inherited if key not in inherited else order
            outside, enum = outside or also_outside, enum or also_enum
        self._depth -= 1
        self._orders[key] = (order, outside, enum)
        return self._orders[key]

    def bases(self, value: Value) -> list[Value]:
        """The classes of the repository that a class names as its bases."""
        file = self.files[value.file]
        bases = file.definitions[value.at].bases
        return [one for base in bases for one in self._base(file, value.at, base)[:1] if one.tag == CLASS]

    def _base(self, file: File, index: int, base: str) -> Values:
        parent = file.definitions[index].parent
        values = self.values(file, parent, base)
        return self._union(file, parent, (base,), None) if any(one.tag == VARIABLE for one in values) else values

    # Fixtures

    def _asked_for(self, file: File, scope: int, name: str) -> Values:
        """What the fixture gives that a test asks for."""
        if not asks_for_fixtures(file.definitions[scope]):
            return ()
        fixture = self.fixture(file, scope, name)
        if fixture is None:
            return OUTSIDE
        given = self.returned(fixture)
        held = [value.inner for value in given if value.tag == SEQUENCE and value.inner is not None]  # it yields
        return (*held, *given)[:_MOST_VALUES]

    def fixture(self, file: File, at: int, name: str) -> Value | None:
        """The fixture that a parameter of a test or fixture means."""
        owner = file.owner[at]
        scopes = [owner] if owner >= 0 else []
        for scope in (*scopes, 0):
            index = file.members.get(scope, NO_NAMES).get(name)
            if index is not None and index != at and is_fixture(file.definitions[index]):
                return Value(FUNCTION, file.id, index)
        for place in (file, *self._conftests(file)):
            found = self.bindings.module_name(place, name)
            for value in found:
                if (
                    value.tag == FUNCTION
                    and (value.file, value.at) != (file.id, at)
                    and is_fixture(self.definition(value))
                ):
                    return value
        return None

    def _conftests(self, file: File) -> Iterable[File]:
        folder = file.path
        while folder:
            folder = folder.rpartition("/")[0]
            found = self._world.paths.get(f"{folder}/conftest.py" if folder else "conftest.py")
            if found is not None and found != file.id:
                yield self.files[found]


_GIVES_ONE = frozenset(("pop", "popleft", "__enter__", "__aenter__", "__next__", "__anext__"))


steps_of = re.compile(r"\.?[^.()\[\]{}]+|\(\)|\[\*?\]|\{:?\}").findall
"""The root and the steps of an expression."""
