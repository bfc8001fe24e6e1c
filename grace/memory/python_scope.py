"""A module, class or function while its file is read."""

from typing import Any

from grace.memory.payload import SymbolKind

MODULE, CLASS, FUNCTION, METHOD = SymbolKind.MODULE, SymbolKind.CLASS, SymbolKind.FUNCTION, SymbolKind.METHOD


class Scope:
    """A module, class or function while its file is read. Expressions are raw: local names are still in them."""

    __slots__ = (
        "bound",
        "calls",
        "children",
        "complexity",
        "decorators",
        "globals",
        "hidden",
        "implicit",
        "index",
        "kind",
        "known",
        "name",
        "narrowed",
        "node",
        "own",
        "parent",
        "references",
        "returns",
        "stores",
        "variables",
        "yields",
    )

    def __init__(self, index: int, kind: SymbolKind, name: str, node: Any, parent: "Scope | None") -> None:
        self.index = index
        self.kind = kind
        self.name = name
        self.node = node
        self.parent = parent
        self.calls: dict[str, None] = {}
        self.references: dict[str, None] = {}
        self.implicit: dict[str, None] = {}
        """Special methods that operators and builtin functions call, of plain names."""
        self.bound: dict[str, list[str]] = {}
        """Names assigned -> what they may be. In a function they are its locals."""
        self.hidden = self.bound if kind is FUNCTION or kind is METHOD else {}
        """Names that nobody outside sees: those of comprehensions and lambdas, in a function all locals."""
        self.variables: dict[str, tuple[int, int]] = {}
        """Name bound in a module or class -> first and last line of its first assignment."""
        self.own: set[str] = set()
        """Names of definitions and imports."""
        self.globals: set[str] = set()
        self.narrowed: dict[str, list[str]] = {}
        self.stores: list[tuple[str, str, list[str]]] = []
        """Attributes assigned: name before the dot, attribute, values."""
        self.returns: list[str] = []
        self.yields: list[str] = []
        self.decorators: list[str] = []
        self.children: list[Scope] = []
        self.complexity = 1
        self.known: dict[str, tuple[str, ...]] = {}
        """Locals -> what they may be, with locals put in; filled by `python_names`."""
