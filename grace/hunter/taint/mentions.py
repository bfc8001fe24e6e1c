"""How code is written: the names in an argument, and the text of the function around it."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from grace.hunter.taint.program import FunctionNode, Module

_PASSING: Final = frozenset(
    {"str", "repr", "bytes", "bytearray", "dict", "list", "tuple", "vars", "format", "ascii", "dumps", "pformat",
     "encode", "decode", "strip", "lstrip", "rstrip", "join", "format_map", "jsonify"}
)  # fmt: skip
"""Functions and methods of which the result still holds what went in."""
_READING: Final = frozenset({"get", "pop", "getlist", "getvalue", "getfirst", "getenv", "get_argument", "getattr"})
"""Those that are given the name of what they read."""


def arguments(names: Sequence[int | str], node: ast.AST) -> list[ast.expr]:
    """The expressions that stand for an argument of a call, comparison, assignment or return."""
    match node:
        case ast.Call(func=func, args=args, keywords=keywords):
            if names[:1] == ("receiver",):
                return [func.value] if isinstance(func, ast.Attribute) else []
            if names[:1] == ("any",):
                return [*args, *(keyword.value for keyword in keywords)]
            named = {keyword.arg: keyword.value for keyword in keywords if keyword.arg}
        case ast.Compare(left=left, comparators=[right, *_]) | ast.BinOp(left=left, right=right):
            args, named = [left, right], {}
        case ast.Subscript(value=value, slice=key, ctx=ast.Load()):
            if names[:1] == ("receiver",):
                return [value]
            args, named = [key], {}
        case ast.Return(value=ast.expr() as result):
            args, named = [result], {}
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return [node] if names[:1] == ("receiver",) else []
        case _:
            return []
    for name in names:
        if isinstance(name, int) and -len(args) <= name < len(args):
            return [args[name]]
        if isinstance(name, str) and name in named:
            return [named[name]]
    return []


@lru_cache(4096)
def names_in(node: ast.expr) -> tuple[str, ...]:
    """The variables, attributes and keys whose values an expression passes on: of `hash(a.b)` none, of `a.b` b."""
    return tuple(dict.fromkeys(_names(node)))


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            yield name
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            yield key
        case ast.Subscript(value=value) | ast.FormattedValue(value=value) | ast.Starred(value=value):
            yield from _names(value)
        case ast.Await(value=value) | ast.NamedExpr(value=value):
            yield from _names(value)
        case ast.JoinedStr(values=parts) | ast.BoolOp(values=parts):
            yield from _each(parts)
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            yield from _each(parts)
        case ast.BinOp(left=left, right=right) | ast.IfExp(body=left, orelse=right):
            yield from _each([left, right])
        case ast.Dict(keys=keys, values=values):
            for entry, value in zip(keys, values, strict=True):
                inner = list(_names(value))
                if inner and isinstance(entry, ast.Constant) and isinstance(entry.value, str):
                    yield entry.value
                yield from inner
        case ast.Call(func=func, args=args, keywords=keywords):
            called = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
            if called in _READING:
                yield from (a.value for a in args if isinstance(a, ast.Constant) and isinstance(a.value, str))
            elif called in _PASSING:
                yield from _each([*args, *(keyword.value for keyword in keywords)])
                if isinstance(func, ast.Attribute) and called not in ("dumps", "pformat"):
                    yield from _names(func.value)


def _each(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        yield from _names(node)


def around(pattern: str, inner: Sequence[ast.expr], function: FunctionNode | None, module: Module) -> bool:
    """Whether the text of a function (at the top level, of the module) matches; `{}` is how an argument is written."""
    if "{}" in pattern:
        if not inner:
            return False
        pattern = pattern.replace("{}", re.escape(ast.unparse(inner[0])))
    lines = module.lines if function is None else module.lines[function.lineno - 1 : function.end_lineno]
    return re.search(pattern, "\n".join(lines)) is not None
