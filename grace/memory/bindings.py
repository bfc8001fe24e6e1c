"""What a name means in a module: its own definitions, what it imports and what it re-exports."""

from collections.abc import Iterable, Mapping

from grace.memory.modules import Modules
from grace.memory.payload import Import, SymbolKind
from grace.memory.values import CLASS, FOLDER, FUNCTION, MODULE, OUTSIDE, VARIABLE, File, Files, Value, Values, World

_DEEPEST = 40
"""Modules that hand a name on."""
NO_NAMES: Mapping[str, int] = {}
NO_IMPORTS: Mapping[str, list[Import]] = {}


class Bindings:
    """The names of all modules, each looked up once."""

    def __init__(self, world: World) -> None:
        self.files = Files(world)
        self.modules = Modules(world.paths)
        self._depth = 0

    def module_name(self, file: File, name: str) -> Values:
        """What a name means in a module; () when the module has none of that name."""
        if (found := file.names.get(name)) is not None:
            return found
        if self._depth > _DEEPEST:
            return ()
        file.names[name] = ()
        self._depth += 1
        index = file.members.get(0, NO_NAMES).get(name)
        if index is not None and file.definitions[index].kind is not SymbolKind.VARIABLE:
            found = (self.defined(file, index, None),)
        else:
            found = ()
            if imports := file.imports.get(0, NO_IMPORTS).get(name):
                found = self.imported(file, imports)
            if index is not None and (not found or found == OUTSIDE):
                found = (Value(VARIABLE, file.id, index),)
            if not found and file.stars:
                found = self._starred(file, name)
        self._depth -= 1
        file.names[name] = found
        return found

    def _starred(self, file: File, name: str) -> Values:
        for star in file.stars:
            target = self.imported_file(file, star)
            if target is None or target == file.id:
                continue
            other = self.files[target]
            exports = other.payload.exports
            public = name in exports if exports is not None else not name.startswith("_")
            if public and (found := self.module_name(other, name)):
                return found
        return ()

    def imported_file(self, file: File, one: Import) -> int | None:
        """The file of the module that an import names."""
        if not file.python:
            return self.modules.script(one.module, file.path)
        if one.level:
            return self.modules.relative(one.level, one.module, file.path)
        return self.modules.absolute(one.module, file.path)

    def imported(self, file: File, imports: Iterable[Import]) -> Values:
        """What a name means that one of some imports binds: the first that leads into the repository."""
        outside = False
        for one in imports:
            found = self._import(file, one)
            if found and found != OUTSIDE:
                return found
            outside = outside or found == OUTSIDE
        return OUTSIDE if outside else ()

    def _import(self, file: File, one: Import) -> Values:
        if not one.name:
            module = one.module
            if file.python and "." in module and one.alias == module.partition(".")[0]:
                module = one.alias
            return self.module(file, one._replace(module=module))
        target = self.imported_file(file, one)
        if target is None:
            module = f"{one.module}.{one.name}" if one.module else one.name
            return self.module(file, one._replace(module=module, name=""))
        other = self.files[target]
        if one.name == "*":
            return (Value(MODULE, target),)
        if found := self.module_name(other, one.name):
            return found
        if (inside := self.modules.inside(other.path, one.name)) is not None:
            return (Value(MODULE, inside),)
        return self._default(other, one) if not file.python else ()

    def _default(self, other: File, one: Import) -> Values:
        """What a module of JavaScript gives as its default, where it has no name."""
        if one.name == "default":
            for name in (one.alias, *(other.payload.exports or ())):
                if found := self.module_name(other, name):
                    return found
            return (Value(MODULE, other.id),)
        return ()

    def module(self, file: File, one: Import) -> Values:
        """The module that an import names, or the folder of one."""
        target = self.imported_file(file, one)
        if target is not None:
            return (Value(MODULE, target),)
        if file.python and not one.level and self.modules.is_folder(one.module, file.path):
            return (Value(FOLDER, file.id, name=one.module),)
        return OUTSIDE

    def defined(self, file: File, index: int, receiver: Value | None) -> Value:
        """A definition as a value; `receiver` is the class in which it was looked up."""
        kind = file.definitions[index].kind
        if kind is SymbolKind.CLASS:
            return Value(CLASS, file.id, index)
        if kind is SymbolKind.VARIABLE:
            return Value(VARIABLE, file.id, index, receiver)
        return Value(FUNCTION, file.id, index, receiver)
