"""Ingredients: what a repair at one place may be made of. Redundancy assumption: Martinez et al., ICSE 2014."""

import ast
import builtins
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from grace.generation.repair.project import NOTHING_KNOWN, Project
from grace.generation.repair.source import Function, FunctionNode, Source

BUILTINS = frozenset(dir(builtins))
Kind = str
"""'bool' 'num' 'str' 'list' 'dict' 'set' 'tuple' 'none' or '' for unknown."""

_CALL_KINDS = {
    "len": "num", "int": "num", "float": "num", "abs": "num", "sum": "num", "round": "num", "ord": "num",
    "str": "str", "repr": "str", "chr": "str", "list": "list", "sorted": "list", "dict": "dict", "set": "set",
    "tuple": "tuple", "bool": "bool", "isinstance": "bool", "any": "bool", "all": "bool", "hasattr": "bool",
    "range": "list", "frozenset": "set", "bytes": "bytes",
}  # fmt: skip
_METHOD_KINDS = {
    "strip": "str", "lower": "str", "upper": "str", "join": "str", "replace": "str", "format": "str",
    "split": "list", "keys": "list", "values": "list", "items": "list", "startswith": "bool",
    "endswith": "bool", "isdigit": "bool", "find": "num", "count": "num", "index": "num",
}  # fmt: skip


def kind_of(node: ast.expr) -> Kind:
    """What kind of value an expression gives, as far as its own shape tells."""
    match node:
        case ast.Constant(value=value):
            if value is None:
                return "none"
            return {bool: "bool", int: "num", float: "num", str: "str", bytes: "bytes"}.get(type(value), "")
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return "bool"
        case ast.JoinedStr():
            return "str"
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Dict() | ast.DictComp():
            return "dict"
        case ast.Set() | ast.SetComp():
            return "set"
        case ast.Tuple():
            return "tuple"
        case ast.UnaryOp():
            return "num"
        case ast.BinOp(op=ast.Sub() | ast.Div() | ast.FloorDiv() | ast.Pow() | ast.LShift() | ast.RShift()):
            right = kind_of(node.right)
            return "num" if right == "num" or kind_of(node.left) == "num" else ""
        case ast.BinOp():
            left, right = kind_of(node.left), kind_of(node.right)
            return left if left == right else (left or right if not (left and right) else "")
        case ast.Call(func=ast.Name(id=name)):
            return _CALL_KINDS.get(name, "")
        case ast.Call(func=ast.Attribute(attr=name)):
            return _METHOD_KINDS.get(name, "")
        case _:
            return ""


def compatible(one: Kind, other: Kind) -> bool:
    """Whether a value of one kind could stand where the other stands."""
    return not one or not other or one == other or {one, other} == {"bool", "num"}


def size(node: ast.AST) -> int:
    """Number of expression nodes."""
    return sum(isinstance(n, ast.expr) for n in ast.walk(node))


@dataclass(frozen=True)
class Ingredient:
    """An expression of the code base, usable where its names are."""

    text: str
    node: ast.expr
    kind: Kind
    names: frozenset[str]
    distance: int
    """0: same function; 1: same module."""


def _base(node: ast.expr) -> str:
    """The name that an attribute chain begins with, "" where something else does."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


class Scope:
    """What is visible inside one function, and what its module is made of."""

    def __init__(self, source: Source, function: Function | None, project: Project = NOTHING_KNOWN):
        self.source = source
        self._project = project
        self.function = function
        self.root: ast.AST = function.node if function else source.tree

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Parameter names of the outermost function, `self` and `cls` left out."""
        if not self.function:
            return ()
        a = self.function.node.args
        named = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
        return tuple(n.arg for n in named if n.arg not in ("self", "cls"))

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Parameters and assigned names, nested functions' and comprehensions' included, in order of appearance."""
        names = dict.fromkeys(self.parameters)
        for node in ast.walk(self.root):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.setdefault(node.id)
            elif isinstance(node, ast.arg) and node.arg not in ("self", "cls"):
                names.setdefault(node.arg)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                names.setdefault(node.name)
        return tuple(names)

    @cached_property
    def module_names(self) -> tuple[str, ...]:
        """Names bound at module level."""
        names: dict[str, None] = {}
        for node in ast.walk(self.source.tree) if not self.function else self._module_level():
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    names.setdefault(name)
                case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                    names.update(dict.fromkeys((a.asname or a.name).split(".")[0] for a in aliases))
                case ast.Name(id=name, ctx=ast.Store()):
                    names.setdefault(name)
        return tuple(names)

    def _module_level(self) -> Iterator[ast.AST]:
        waiting: list[ast.AST] = list(self.source.tree.body)
        while waiting:
            node = waiting.pop(0)
            yield node
            if not isinstance(node, FunctionNode | ast.ClassDef | ast.Lambda):
                waiting.extend(ast.iter_child_nodes(node))

    @cached_property
    def callables(self) -> tuple[str, ...]:
        """Functions and classes of the module that can be called by their bare name."""
        return tuple(node.name for node in self.source.tree.body if isinstance(node, FunctionNode | ast.ClassDef))

    @cached_property
    def self_attributes(self) -> tuple[str, ...]:
        """Attributes of `self` that the class uses as values, most used first."""
        counted: Counter[str] = Counter()
        for owner in self._own_class():
            for node in ast.walk(owner):
                match node:
                    case ast.Attribute(value=ast.Name(id="self"), attr=name):
                        counted[name] += 1
        return tuple(name for name, _ in counted.most_common())

    @cached_property
    def self_methods(self) -> frozenset[str]:
        """Names of the class's methods."""
        return frozenset(
            node.name for owner in self._own_class() for node in owner.body if isinstance(node, FunctionNode)
        )

    def _own_class(self) -> Iterator[ast.ClassDef]:
        if self.function and self.function.classes:
            for node in ast.walk(self.source.tree):
                if isinstance(node, ast.ClassDef) and node.name == self.function.classes[-1]:
                    yield node

    @cached_property
    def attributes(self) -> dict[str, tuple[str, ...]]:
        """For the text of each object, the attributes that the module reads from it."""
        found: dict[str, dict[str, None]] = {}
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Attribute):
                found.setdefault(ast.unparse(node.value), {}).setdefault(node.attr)
        return {text: tuple(names) for text, names in found.items()}

    @property
    def signatures(self) -> Mapping[str, tuple[str, ...]]:
        """Parameter names of the project's functions and classes, by bare name."""
        return self._project.signatures

    @property
    def tested(self) -> tuple[object, ...]:
        """Short literals and attribute names of the failing test."""
        return self._project.tested

    @cached_property
    def asked_types(self) -> tuple[str, ...]:
        """Types that the function's module asks for by `isinstance` and whose names are visible, nearest first."""
        found: dict[str, None] = {}
        for tree in (self.root, self.source.tree):
            for node in ast.walk(tree):
                match node:
                    case ast.Call(func=ast.Name(id="isinstance" | "issubclass"), args=[_, asked]):
                        named = asked.elts if isinstance(asked, ast.Tuple) else [asked]
                        texts = [(self.source.segment(n), _base(n)) for n in named]
                        found.update(dict.fromkeys(text for text, base in texts if base in self.visible))
        return tuple(found)

    def siblings(self, attribute: str) -> tuple[tuple[str, bool], ...]:
        """Other members of the classes that have this attribute; True: a method to call without arguments."""
        return self._project.siblings.get(attribute, ())

    @cached_property
    def all_attributes(self) -> tuple[str, ...]:
        """Attribute names the function's module uses, nearest use first."""
        names: dict[str, None] = {}
        for tree in (self.root, self.source.tree):
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute):
                    names.setdefault(node.attr)
        return tuple(names)

    @cached_property
    def visible(self) -> frozenset[str]:
        """Every name an inserted expression may use."""
        inside = {"self", "cls"} & {n.id for n in ast.walk(self.root) if isinstance(n, ast.Name)}
        if self.function and self.function.classes and self.function.node.args.args:
            inside.add(self.function.node.args.args[0].arg)
        return BUILTINS | set(self.variables) | set(self.module_names) | inside

    @cached_property
    def constants(self) -> tuple[object, ...]:
        """Literals of the function, then those of the module's other code, without docstrings."""
        found: dict[tuple[type, object], object] = {}
        for tree in (self.root, self.source.tree):
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and not self._is_docstring(node):
                    found.setdefault((type(node.value), node.value), node.value)
        return tuple(found.values())

    def _is_docstring(self, node: ast.Constant) -> bool:
        return isinstance(self.source.parents.get(node), ast.Expr)

    @cached_property
    def ingredients(self) -> tuple[Ingredient, ...]:
        """Small expressions of the function, then of the module, whose names are visible here."""
        found: dict[str, Ingredient] = {}
        for distance, tree in enumerate((self.root, self.source.tree)):
            for node in ast.walk(tree):
                if not isinstance(node, ast.expr) or isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
                    continue
                if isinstance(node, ast.Constant | ast.Slice | ast.Starred | ast.Yield | ast.YieldFrom | ast.Await):
                    continue
                if size(node) > (8 if distance == 0 else 6) or self._is_annotation(node):
                    continue
                names = frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
                bound = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
                if names - bound <= self.visible and names:
                    text = self.source.segment(node)
                    if "\n" not in text:
                        found.setdefault(text, Ingredient(text, node, kind_of(node), names, distance))
        return tuple(found.values())

    @cached_property
    def distances(self) -> dict[str, int]:
        """For the text of each ingredient that is more than a name, how far away it stands."""
        return {i.text: i.distance for i in self.ingredients if not isinstance(i.node, ast.Name)}

    def _is_annotation(self, node: ast.expr) -> bool:
        match self.source.parents.get(node):
            case ast.arg():
                return True
            case ast.AnnAssign(annotation=annotation):
                return annotation is node
            case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns):
                return returns is node
            case _:
                return False

    @cached_property
    def conditions(self) -> tuple[str, ...]:
        """Comparisons and other truth values of function and module, usable here, nearest first."""
        return tuple(i.text for i in self.ingredients if i.kind == "bool" or isinstance(i.node, ast.BoolOp))

    @cached_property
    def returned(self) -> tuple[str, ...]:
        """What the function returns anywhere, as text."""
        found: dict[str, None] = {}
        for node in ast.walk(self.root):
            if isinstance(node, ast.Return) and node.value is not None and size(node.value) <= 8:
                found.setdefault(self.source.segment(node.value))
        return tuple(text for text in found if "\n" not in text)

    @cached_property
    def raised(self) -> tuple[str, ...]:
        """Complete `raise` statements of the module whose names are visible, then exceptions it defines."""
        found: dict[str, None] = {}
        for node in ast.walk(self.source.tree):
            if isinstance(node, ast.Raise) and node.exc is not None:
                names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
                text = self.source.segment(node)
                if names <= self.visible and "\n" not in text:
                    found.setdefault(text)
        for name in self.module_names:
            if name.endswith(("Error", "Exception")):
                found.setdefault(f"raise {name}")
                found.update(dict.fromkeys(f"raise {name}({p})" for p in self.parameters[:2]))
        return tuple(found)
