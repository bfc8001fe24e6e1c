"""What makes two findings the same one, although lines moved.

A finding of Python source is its rule, the symbol around it, its statement and, of a data flow, the kind of its
source. The statement is normalised: layout and comments do not count, local variables are numbered as they come,
literals stay. So reformatting, line shifts, another name for a local variable and a move to another file keep it;
another call, literal or shape makes it a new one. Equal findings are told apart by counting.
"""

import ast
import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = ("orelse", "finalbody", "handlers", "cases")


@dataclass(frozen=True)
class Place:
    """Where in a module a line is."""

    symbol: str
    """Qualified name of the innermost definition around it; "" at the top of the module."""
    statement: ast.stmt | None
    """The innermost statement there."""
    functions: tuple[_Function, ...]
    """The functions around the statement, outermost first."""


def fingerprint(rule_id: str, tree: ast.Module, line: int, source: str = "") -> str:
    """The identity of a finding of a rule at a line (from 1) of a module: 64 hexadecimal digits.

    `source` is the kind of source that a data flow begins at.
    """
    place = place_of(tree, line)
    return fingerprint_of(rule_id, place.symbol, normalised(place), source)


def fingerprint_of(rule_id: str, symbol: str, statement: str, source: str = "") -> str:
    """The identity of a finding whose place is known, in a file of any language."""
    parts = "\0".join((rule_id, symbol, statement, source))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()


def place_of(tree: ast.Module, line: int) -> Place:
    """The definition and statement around a line."""
    names: list[str] = []
    functions: list[_Function] = []
    statement = None
    inner = _statement_at(tree, line)
    while inner:
        if isinstance(statement, _Function):
            functions.append(statement)
        statement = inner
        if isinstance(inner, _SCOPES):
            names.append(inner.name)
        inner = _statement_at(inner, line)
    return Place(".".join(names), statement, tuple(functions))


def normalised(place: Place) -> str:
    """The source of a place's statement, without the blocks below it and with its local variables numbered."""
    if place.statement is None:
        return ""
    header = _header(place.statement)
    local = _bound_in_expressions(header)
    for function in place.functions:
        local |= _local_variables(function)
    if isinstance(header, _Function):
        local |= {argument.arg for argument in _arguments(header)}
    try:
        return _with_numbers(header, local)
    except RecursionError:  # an expression of a thousand operators
        return " ".join(_words(header))


def _with_numbers(statement: ast.stmt, local: set[str]) -> str:
    """The source of a statement whose local variables have numbers, in the order in which it names them."""
    numbers: dict[str, str] = {}
    named: list[tuple[ast.Name | ast.arg, str, str]] = []
    for node in ast.walk(statement) if local else ():
        if isinstance(node, ast.Name) and node.id in local:
            named.append((node, "id", node.id))
        elif isinstance(node, ast.arg) and node.arg in local:
            named.append((node, "arg", node.arg))
    try:  # in place, and back again: copying takes many times as long
        for node, field, name in named:
            setattr(node, field, numbers.setdefault(name, f"_{len(numbers)}"))
        return ast.unparse(statement)
    finally:
        for node, field, name in named:
            setattr(node, field, name)


def _words(statement: ast.stmt) -> Iterator[str]:
    """What a statement is made of, where it is nested too deeply to be written."""
    for node in ast.walk(statement):
        yield type(node).__name__
        yield from (str(value) for _, value in ast.iter_fields(node) if isinstance(value, str | bytes | int | float))


def _local_variables(function: _Function) -> set[str]:
    """Parameters and assigned names; names that an import or definition binds say what they are, and stay."""
    found = {argument.arg for argument in _arguments(function)}
    shared: set[str] = set()
    for node in _own_nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            found.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            found.add(node.rest)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            shared |= set(node.names)
    return found - shared


def _bound_in_expressions(statement: ast.stmt) -> set[str]:
    """Names that comprehensions and lambdas bind."""
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.comprehension):
            found |= {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}
        elif isinstance(node, ast.Lambda):
            found |= {argument.arg for argument in _arguments(node)}
    return found


def _arguments(function: _Function | ast.Lambda) -> Iterator[ast.arg]:
    given = function.args
    yield from (*given.posonlyargs, *given.args, *given.kwonlyargs)
    yield from filter(None, (given.vararg, given.kwarg))


def _own_nodes(function: _Function) -> Iterator[ast.AST]:
    """The nodes of a function, without those of definitions in it."""
    pending: list[ast.AST] = [*function.body]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (*_SCOPES, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))


def _statement_at(parent: ast.AST, line: int) -> ast.stmt | None:
    for block in ("body", *_BLOCKS):
        if not isinstance(children := getattr(parent, block, None), list):
            continue
        for child in children:
            if isinstance(child, ast.stmt):
                if _first_line(child) <= line <= (child.end_lineno or child.lineno):
                    return child
            elif found := _statement_at(child, line):
                return found
    return None


def _first_line(statement: ast.stmt) -> int:
    decorators: Sequence[ast.expr] = getattr(statement, "decorator_list", ())
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _header(statement: ast.stmt) -> ast.stmt:
    """The statement without the blocks below it: they have statements of their own."""
    header = copy.copy(statement)
    if isinstance(getattr(header, "body", None), list):
        header.body = [ast.Pass()]  # type: ignore[attr-defined]  # it has one
    for block in _BLOCKS:
        if hasattr(header, block):
            setattr(header, block, [])
    if isinstance(header, ast.Try | ast.TryStar):
        header.finalbody = [ast.Pass()]
    return header
