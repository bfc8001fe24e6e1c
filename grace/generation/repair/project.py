"""What several files of the project, and the failing test, say: members of classes, parameters of functions, values."""

import ast
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from grace.generation.repair.source import FunctionNode, Source

_SHORT = 24
"""Characters of a literal that may become part of the code."""


@dataclass(frozen=True)
class Project:
    """Facts by bare name; what two files say differently is left out."""

    siblings: Mapping[str, tuple[tuple[str, bool], ...]] = field(default_factory=dict)
    """For each attribute, the other members of the classes that have it; True: a method to call without arguments."""
    signatures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parameters of each function, and of each class as it is called; `self` and `cls` left out."""
    tested: tuple[object, ...] = ()
    """Short literals of the failing test, and the names of the attributes it asks for, as strings."""


NOTHING_KNOWN = Project()


def known_of(sources: Iterable[Source], test_source: str = "") -> Project:
    """Facts from some files, and from the text of the failing test's function."""
    siblings: dict[str, dict[tuple[str, bool], None]] = {}
    signatures: dict[str, set[tuple[str, ...]]] = {}
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef):
                members = _members(node)
                for name, _ in members:
                    siblings.setdefault(name, {}).update(dict.fromkeys(members))
                for statement in node.body:
                    if isinstance(statement, FunctionNode) and statement.name == "__init__":
                        signatures.setdefault(node.name, set()).add(_parameters(statement))
            elif isinstance(node, FunctionNode):
                signatures.setdefault(node.name, set()).add(_parameters(node))
    return Project(
        {name: tuple(m for m in members if m[0] != name) for name, members in siblings.items()},
        {name: next(iter(found)) for name, found in signatures.items() if len(found) == 1},
        tuple(_tested(test_source)),
    )


def _tested(test_source: str) -> dict[object, None]:
    """Strings, bytes and numbers of a test, each once; nothing of a text that does not parse."""
    try:
        tree = ast.parse(textwrap.dedent(test_source))
    except (SyntaxError, ValueError):
        return {}
    nodes = list(ast.walk(tree))
    literals = [n.value for n in nodes if isinstance(n, ast.Constant) and type(n.value) in (str, bytes, int, float)]
    short = [value for value in literals if len(repr(value)) <= _SHORT]
    return dict.fromkeys([*short, *(n.attr for n in nodes if isinstance(n, ast.Attribute))])


def _parameters(node: FunctionNode) -> tuple[str, ...]:
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return tuple(n.arg for n in named if n.arg not in ("self", "cls"))


def _members(owner: ast.ClassDef) -> list[tuple[str, bool]]:
    found: dict[tuple[str, bool], None] = {}
    for node in ast.walk(owner):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                found.setdefault((name, False))
            case ast.AnnAssign(target=ast.Name(id=name)) if node in owner.body:
                found.setdefault((name, False))
    for statement in owner.body:
        if isinstance(statement, FunctionNode) and not statement.name.startswith("__"):
            decorators = {ast.unparse(d) for d in statement.decorator_list}
            if decorators & {"property", "cached_property", "functools.cached_property"}:
                found.setdefault((statement.name, False))
            elif not _needs_arguments(statement, bound="staticmethod" not in decorators):
                found.setdefault((statement.name, True))
    return list(found)


def _needs_arguments(node: FunctionNode, *, bound: bool) -> bool:
    positional = len(node.args.posonlyargs) + len(node.args.args) - len(node.args.defaults)
    return positional > bound or None in node.args.kw_defaults
