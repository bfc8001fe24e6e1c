"""Who uses whom across the files of a repository: what every file says of itself, put together.

Only what was asked for is read: resolving one file reads that file and those its names lead to. Uses whose meaning
nobody can tell are linked by name where few definitions have it, as guesses; the others are counted.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from grace.memory.graph import EdgeKind
from grace.memory.meanings import Meanings, steps_of
from grace.memory.payload import Payload, SymbolKind
from grace.memory.values import (
    CLASS,
    FOLDER,
    FUNCTION,
    INSTANCE,
    MODULE,
    OUTSIDE,
    SUPER,
    VARIABLE,
    Context,
    File,
    Use,
    Value,
    Values,
    World,
    asks_for_fixtures,
    is_fixture,
    is_property,
)

__all__ = ["Resolution", "World", "interface", "resolve"]

_SURE, _INFERRED, _ONE_OF_SEVERAL = 100, 90, 70
_MOST_NAMESAKES = 3
_NAME_ALONE = 60
_FUNCTIONS = (SymbolKind.FUNCTION, SymbolKind.METHOD)
_OF_FILES_AND_SCRIPTS = """
read write close flush seek tell readline readlines writelines fileno isatty closed name mode open send throw
push map filter slice splice concat reduce forEach some every find then catch finally toString trim
replaceAll substring includes indexOf charAt charCodeAt startsWith endsWith match test exec apply call bind
hasOwnProperty shift unshift keys values entries length size has set add delete get
"""
_OF_BUILTINS = frozenset(
    name
    for kind in (str, bytes, list, dict, set, tuple, int, float, bytearray, frozenset, type, object, BaseException)
    for name in dir(kind)
) | frozenset(_OF_FILES_AND_SCRIPTS.split())
"""Attributes of so common types that their name tells nothing."""

Edge = tuple[int, int, EdgeKind, int]
"""From, to, how, and how sure that is (0 to 100)."""


class Resolution(NamedTuple):
    """What resolving some files gave."""

    edges: list[Edge]
    unresolved: dict[int, int]
    """File id -> uses of attributes of which nobody could say what they mean."""


def resolve(files: Iterable[int], world: World) -> Resolution:
    """The edges that begin in some files, and those to methods that their classes override."""
    resolver = _Resolver(world)
    unresolved: dict[int, int] = {}
    for file_id in files:
        unresolved[file_id] = resolver.add(file_id)
    edges = [(source, target, kind, sure) for (source, target, kind), sure in resolver.found.items()]
    return Resolution(edges, unresolved)


class _Resolver:
    def __init__(self, world: World) -> None:
        self._world = world
        self._meanings = Meanings(world)
        self.found: dict[tuple[int, int, EdgeKind], int] = {}
        self._namesakes: dict[tuple[str, bool], tuple[tuple[int, EdgeKind, int], ...]] = {}

    def add(self, file_id: int) -> int:
        """Find the edges of one file; gives how many uses stay unresolved."""
        file = self._meanings.files[file_id]
        if not file.definitions:
            return 0
        self._add_imports(file)
        unresolved = 0
        for index, one in enumerate(file.definitions):
            if one.kind is SymbolKind.VARIABLE:
                continue
            if one.calls or one.references:
                unresolved += self._add_uses(file, index)
            if one.kind is SymbolKind.CLASS:
                self._add_class(file, index)
            elif one.parameters and asks_for_fixtures(one):
                self._add_fixtures(file, index)
        return unresolved

    def _note(self, source: int, target: int, kind: EdgeKind, sure: int) -> None:
        if source != target:
            key = (source, target, kind)
            if self.found.get(key, 0) < sure:
                self.found[key] = sure

    def _add_imports(self, file: File) -> None:
        meanings = self._meanings
        source = file.ids[0]
        targets: dict[int, None] = {}
        for one in file.payload.imports:
            target = meanings.bindings.imported_file(file, one)
            if target is None:
                if one.name and file.python and one.module:  # a module out of a folder without __init__
                    target = meanings.modules.absolute(f"{one.module}.{one.name}", file.path) if not one.level else None
                elif one.level and one.name:
                    target = meanings.modules.relative(one.level, one.name, file.path)
            elif one.name and file.python:
                inside = meanings.modules.inside(meanings.files[target].path, one.name)
                if inside is not None:
                    targets[inside] = None
            while target is not None and target not in targets:
                targets[target] = None
                target = meanings.modules.package(meanings.files[target].path) if file.python else None
        for target in targets:
            if (other := meanings.files[target]).definitions:
                self._note(source, other.ids[0], EdgeKind.IMPORTS, _SURE)

    def _add_class(self, file: File, index: int) -> None:
        meanings = self._meanings
        source = file.ids[index]
        own = Value(CLASS, file.id, index)
        for base in meanings.bases(own):
            self._note(source, self._id(base), EdgeKind.INHERITS, _SURE)
        around = file.ids[file.definitions[index].parent]
        if (meta := meanings.metaclass(own)) is not None:
            for name in ("__new__", "__init__", "__prepare__"):
                if (member := meanings.member(meta, name)) is not None and member.tag == FUNCTION:
                    self._note(around, self._id(member), EdgeKind.CALL, _SURE)
        order = meanings.order(own)[0][1:]
        if not order:
            return
        hook = meanings.member(Value(SUPER, file.id, index), "__init_subclass__")
        if hook is not None and hook.tag == FUNCTION:
            self._note(around, self._id(hook), EdgeKind.CALL, _SURE)
        for name, inner in file.members.get(index, {}).items():
            if file.definitions[inner].kind is not SymbolKind.METHOD or name in _NOT_DISPATCHED:
                continue
            for place, above in order:
                other = meanings.files[place]
                target = other.members.get(above, {}).get(name)
                if target is not None:
                    if other.definitions[target].kind is SymbolKind.METHOD:
                        self._note(other.ids[target], file.ids[inner], EdgeKind.OVERRIDDEN, _SURE)
                    break

    def _add_fixtures(self, file: File, index: int) -> None:
        for name in file.definitions[index].parameters:
            fixture = self._meanings.fixture(file, index, name)
            if fixture is not None:
                self._note(file.ids[index], self._id(fixture), EdgeKind.FIXTURE, _SURE)

    def _add_uses(self, file: File, index: int) -> int:
        one = file.definitions[index]
        source = file.ids[index]
        meanings = self._meanings
        plain = meanings.context(file, index, "")
        of_self = of_super = None
        unknown: dict[tuple[str, bool], None] = {}
        known: set[str] = set()
        found = self.found
        for expressions, called in ((one.calls, True), (one.references, False)):
            for expression in expressions:
                root = expression[:4]
                if root[:2] == "?.":
                    unknown[expression[2:], called] = None
                    continue
                if root == "self" or root == "this" or root[:3] == "cls":
                    context = of_self = of_self or meanings.context(file, index, "self")
                elif root == "supe":
                    context = of_super = of_super or meanings.context(file, index, "super")
                else:
                    context = plain
                uses = context.called if called else context.read
                if (use := uses.get(expression)) is None:
                    use = uses[expression] = self._look(context, expression, called)
                for target, kind, sure in use.edges:
                    key = (source, target, kind)
                    if found.get(key, 0) < sure and source != target:
                        found[key] = sure
                if use.unknown:
                    unknown[use.unknown, called] = None
                elif use.edges:
                    known.add(expression[expression.rfind(".") + 1 :])
        unresolved = 0
        for attribute, called in unknown:
            if attribute in known:  # another thing that the same name may mean here has it
                continue
            edges = self._by_name(attribute, called)
            for target, kind, sure in edges:
                self._note(source, target, kind, sure)
            unresolved += not edges
        return unresolved

    def _look(self, context: Context, expression: str, called: bool) -> Use:
        """Evaluate an expression and see what it touches on its way."""
        meanings = self._meanings
        edges: dict[tuple[int, EdgeKind], int] = {}
        steps = steps_of(expression)
        last = len(steps) - 1
        prefix = steps[0]
        values = meanings.advance(context, prefix, (), prefix)
        if values == OUTSIDE:
            return _NOTHING
        if context.receiver is None or (called and not last):
            self._touch(values, edges, called and not last, _SURE)
        sure = _SURE
        unknown = ""
        for position in range(1, last + 1):
            before = values
            step = steps[position]
            prefix += step
            values = meanings.advance(context, prefix, before, step)
            ends = position == last
            if step[0] == ".":
                targets = self._targets(before, step[1:])
                if len(targets) > 1:
                    sure = min(sure, _ONE_OF_SEVERAL)
                self._touch(targets, edges, called and ends, sure)
                if ends and not values and not targets and OUTSIDE[0] not in before:
                    unknown = step[1:]
            else:
                sure = min(sure, _INFERRED)
                if step[0] == "[":
                    self._touch(self._targets(before, _SPECIAL_STEPS[step]), edges, True, sure)
                if ends and called:
                    self._touch(values, edges, True, sure)
        if not edges and not unknown:
            return _NOTHING
        return Use(tuple((target, kind, how) for (target, kind), how in edges.items()), unknown)

    def _targets(self, before: Values, name: str) -> Values:
        """The definitions that an attribute of some values is."""
        meanings = self._meanings
        if len(before) == 1 and before[0].tag == INSTANCE and (member := meanings.member(before[0], name)) is not None:
            return (member,)
        found: dict[Value, None] = {}
        for value in before:
            if value.tag == VARIABLE:
                found.update(dict.fromkeys(self._targets(meanings.content(value), name)))
            elif value.tag in (INSTANCE, CLASS, SUPER):
                if (member := meanings.reached(value, name)) is not None:
                    found[member] = None
            elif value.tag == FUNCTION:
                found.update(dict.fromkeys(self._targets(_others(meanings.decorated(value)), name)))
            elif value.tag in (MODULE, FOLDER):
                found.update(dict.fromkeys(meanings.attribute(value, "." + name)))
        found.pop(OUTSIDE[0], None)
        return tuple(found)

    def _touch(self, values: Values, edges: dict[tuple[int, EdgeKind], int], called: bool, sure: int) -> None:
        """Note that values are read or called."""
        meanings = self._meanings
        if called and len(values) > 1 and any(value.tag == FUNCTION for value in values):
            values = tuple(value for value in values if value.tag != INSTANCE)  # less likely meant to be called
        for value in values:
            tag = value.tag
            if tag == VARIABLE:
                if not value.name:
                    _keep(edges, self._id(value), EdgeKind.REFERENCE, sure)
                    if value.receiver is not None:  # a class may hold descriptors
                        for held_one in meanings.content(value):
                            if held_one.tag == INSTANCE:
                                self._touch_member(held_one, "__get__", edges, min(sure, _INFERRED))
                if called:
                    held = meanings.content(value)
                    self._touch(held, edges, True, _INFERRED if len(held) == 1 else _ONE_OF_SEVERAL)
            elif tag == FUNCTION:
                runs = called or meanings.is_property(value)
                _keep(edges, self._id(value), EdgeKind.CALL if runs else EdgeKind.REFERENCE, sure)
                if called:
                    for other in meanings.decorated(value):
                        if other.tag == FUNCTION:  # the wrapper that takes its place
                            _keep(edges, self._id(other), EdgeKind.CALL, min(sure, _INFERRED))
                        elif other.tag == INSTANCE:
                            self._touch_member(other, "__call__", edges, min(sure, _INFERRED))
            elif tag == CLASS:
                _keep(edges, self._id(value), EdgeKind.CALL if called else EdgeKind.REFERENCE, sure)
                if called:
                    for special in ("__init__", "__new__", "__post_init__", "constructor"):
                        self._touch_member(value, special, edges, sure)
                    if (meta := meanings.metaclass(value)) is not None:
                        self._touch_member(meta, "__call__", edges, sure)
            elif tag == INSTANCE and called:
                self._touch_member(value, "__call__", edges, sure)

    def _touch_member(self, value: Value, name: str, edges: dict[tuple[int, EdgeKind], int], sure: int) -> None:
        member = self._meanings.member(value, name)
        if member is not None and member.tag == FUNCTION:
            _keep(edges, self._id(member), EdgeKind.CALL, sure)

    def _id(self, value: Value) -> int:
        return self._meanings.files[value.file].ids[value.at]

    def _by_name(self, name: str, called: bool) -> tuple[tuple[int, EdgeKind, int], ...]:
        """Guesses: the few functions of a name; for an attribute that is only read, properties."""
        key = (name, called)
        if (found := self._namesakes.get(key)) is None:
            found = ()
            if name not in _OF_BUILTINS:
                namesakes = []
                for file_id, index in self._world.named(name):
                    file = self._meanings.files[file_id]
                    one = file.definitions[index]
                    if one.kind in _FUNCTIONS and (called or is_property(one)):
                        namesakes.append(file.ids[index])
                    if len(namesakes) > _MOST_NAMESAKES:
                        break
                if 0 < len(namesakes) <= _MOST_NAMESAKES:
                    sure = round(_NAME_ALONE / len(namesakes))
                    found = tuple((target, EdgeKind.MAYBE_CALL, sure) for target in namesakes)
            self._namesakes[key] = found
        return found


_NOT_DISPATCHED = frozenset(("__init__", "__new__", "__init_subclass__", "__post_init__", "constructor"))
"""Called on a class that is named: an override does not run instead."""


_SPECIAL_STEPS = {"[]": "__getitem__", "[*]": "__iter__"}
_NOTHING = Use((), "")


def _keep(edges: dict[tuple[int, EdgeKind], int], target: int, kind: EdgeKind, sure: int) -> None:
    key = (target, kind)
    if edges.get(key, 0) < sure:
        edges[key] = sure


def _others(values: Values) -> Values:
    return tuple(value for value in values if value.tag != FUNCTION)


def interface(payload: Payload) -> str:
    """A digest of all that other files can depend on: an edit within a function leaves it as it is."""
    qualnames: list[str | None] = []
    """None for what lies in a function: nobody outside can name it."""
    seen: list[object] = [payload.language, payload.exports, payload.imports and _outer_imports(payload)]
    for one in payload.definitions:
        around = qualnames[one.parent] if 0 <= one.parent < len(qualnames) else ""
        hidden = around is None or (one.parent >= 0 and payload.definitions[one.parent].kind in _FUNCTIONS)
        qualname = None if hidden else f"{around}.{one.name}"
        qualnames.append(qualname)
        if qualname is not None:
            marks = (is_property(one), is_fixture(one))
            types = sorted(one.types.items())
            seen.append((qualname, int(one.kind), one.bases, one.parameters, types, one.returns, marks))
    return sha256(json.dumps(seen).encode()).hexdigest()


def _outer_imports(payload: Payload) -> list[tuple[str, int, str, str]]:
    kinds = payload.definitions
    return [tuple(one)[1:] for one in payload.imports if kinds[one.scope].kind not in _FUNCTIONS]  # type: ignore[misc]  # a tuple of both
