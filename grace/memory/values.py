"""A repository as the resolver sees it: its files with their names, and the values that expressions have."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

from grace.memory.graph import EdgeKind
from grace.memory.payload import Definition, Import, Payload, SymbolKind

_FUNCTIONS = (SymbolKind.FUNCTION, SymbolKind.METHOD)


class World(Protocol):
    """A repository, asked as little as needed."""

    @property
    def paths(self) -> Mapping[str, int]:
        """Path -> file id, of the whole repository."""
        ...

    def payload(self, file_id: int) -> Payload:
        """What a file says."""
        ...

    def symbol_ids(self, file_id: int) -> Sequence[int]:
        """Ids of its definitions, in their order."""
        ...

    def named(self, name: str) -> Sequence[tuple[int, int]]:
        """Functions, methods and classes of a simple name: (file id, index of the definition)."""
        ...


class Value(NamedTuple):
    """One thing that an expression may mean."""

    tag: int
    file: int = 0
    at: int = 0
    """Index of the definition; of an attribute without one, that of its class."""
    receiver: "Value | None" = None
    """Of what is looked up in a class: the class it was looked up in."""
    name: str = ""
    """Of an attribute or a folder."""
    inner: "Value | None" = None
    """What a container holds or a method of it gives."""


EXTERNAL_TAG, MODULE, CLASS, INSTANCE, FUNCTION, VARIABLE, SEQUENCE, MAPPING, GIVES, FOLDER, SUPER = range(11)
EXTERNAL = Value(EXTERNAL_TAG)
"""Something outside the repository, so that nothing inside is meant."""
Values = tuple[Value, ...]
OUTSIDE: Values = (EXTERNAL,)
_ROOT_ENDS = frozenset(".([{")


class Context:
    """Where an expression stands: the scope where names are looked up, and the class that `self` belongs to."""

    __slots__ = ("called", "file", "memo", "read", "receiver", "scope")

    def __init__(self, file: "File", scope: int, receiver: Value | None) -> None:
        self.file = file
        self.scope = scope
        self.receiver = receiver
        self.memo: dict[str, Values] = {}
        self.called: dict[str, Use] = {}
        self.read: dict[str, Use] = {}


class Use(NamedTuple):
    """What using an expression leads to."""

    edges: tuple[tuple[int, EdgeKind, int], ...]
    """To, how, and how sure that is."""
    unknown: str
    """The attribute that nobody could resolve, "" when there is none."""


class File:
    """A payload, prepared for looking up names."""

    def __init__(self, file_id: int, path: str, payload: Payload, ids: Sequence[int]) -> None:
        self.id = file_id
        self.path = path
        self.python = payload.language == "python"
        self.payload = payload
        self.definitions = payload.definitions
        self.ids = ids
        self.members: dict[int, dict[str, int]] = {}
        """Definition -> names directly inside."""
        self.imports: dict[int, dict[str, list[Import]]] = {}
        self.stars: list[Import] = []
        self.names: dict[str, Values] = {}
        self.contexts: dict[tuple[int, Value | None], Context] = {}
        for number, one in enumerate(self.definitions):
            if one.parent < 0:
                continue
            names = self.members.setdefault(one.parent, {})
            before = names.get(one.name)
            if before is None or self._replaces(one, self.definitions[before]):
                names[one.name] = number
        for imported in payload.imports:
            if imported.alias == "*":
                self.stars.append(imported)
            else:
                self.imports.setdefault(imported.scope, {}).setdefault(imported.alias, []).append(imported)
        self.scope, self.owner = self._scopes()

    @staticmethod
    def _replaces(later: Definition, before: Definition) -> bool:
        """The last definition of a name counts, but a variable hides nothing, and a getter stands for its property."""
        if later.kind is SymbolKind.VARIABLE:
            return False
        return not (before.kind in _FUNCTIONS and is_property(before))

    def _scopes(self) -> tuple[list[int], list[int]]:
        """For each definition: where looking up its names begins, and the class that `self` means (-1: none)."""
        scope, owner = [0], [-1]
        for number, one in enumerate(self.definitions):
            if number == 0:
                continue
            parent = one.parent
            if one.kind is SymbolKind.CLASS:
                scope.append(number)
                owner.append(number)
                continue
            around = parent
            while around > 0 and self.definitions[around].kind is SymbolKind.CLASS:  # its names are not seen inside
                around = self.definitions[around].parent
            own = number in self.members or number in self.imports or (one.parameters and asks_for_fixtures(one))
            scope.append(number if own else scope[max(around, 0)])
            owner.append(owner[parent] if parent < number else -1)
        return scope, owner


def is_property(definition: Definition) -> bool:
    """Whether reading the attribute runs the function."""
    return any(
        name.endswith(("property", ".setter", ".getter")) or name in ("reify", "cached")
        for name in definition.references
    )


def is_fixture(definition: Definition) -> bool:
    """Whether it is a pytest fixture."""
    for name in definition.bases:
        if name.endswith(("fixture", "fixture()")):
            return definition.kind in _FUNCTIONS
    return False


def asks_for_fixtures(definition: Definition) -> bool:
    """Whether pytest fills its parameters by their names."""
    if definition.name.startswith("test"):
        return definition.kind in _FUNCTIONS
    return bool(definition.bases) and is_fixture(definition)


class Files(dict[int, File]):
    """Files, each read when it is first asked for."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    @cached_property
    def _paths(self) -> Mapping[int, str]:
        return {number: path for path, number in self._world.paths.items()}

    def __missing__(self, file_id: int) -> File:
        world = self._world
        file = File(file_id, self._paths.get(file_id, ""), world.payload(file_id), world.symbol_ids(file_id))
        self[file_id] = file
        return file
