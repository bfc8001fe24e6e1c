"""What several files of the project together say: members of classes, parameters of functions."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from grace.generation.repair.source import FunctionNode, Source


@dataclass(frozen=True)
class Project:
    """Facts by bare name; what two files say differently is left out."""

    siblings: Mapping[str, tuple[tuple[str, bool], ...]] = field(default_factory=dict)
    """For each attribute, the other members of the classes that have it; True: a method to call without arguments."""
    signatures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parameters of each function, and of each class as it is called; `self` and `cls` left out."""


NOTHING_KNOWN = Project()


def known_of(sources: Iterable[Source]) -> Project:
    """Facts from some files."""
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
    )


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
            elif len(statement.args.args) - len(statement.args.defaults) <= 1:
                found.setdefault((statement.name, True))
    return list(found)
