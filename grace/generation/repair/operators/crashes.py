"""Answers to crashes: the exception says what is wrong and the frame where (PyTER, Oh and Oh, FSE 2022, for types).

Each takes the message of a red test's exception and a site on the line that raised it.
"""

import ast
import difflib
import re
import sys
from collections.abc import Iterator
from dataclasses import replace

from grace.contracts import RedTest
from grace.generation.repair.operators.insertions import guards
from grace.generation.repair.operators.site import Edit, Site
from grace.generation.repair.operators.statements import Place
from grace.generation.repair.scope import BUILTINS
from grace.generation.repair.source import Source, Splice

_NO_SEQUENCE = re.compile(r"must be a sequence|not subscriptable|not a sequence|indexing|has no len\(\)|not reversible")
_QUOTED = re.compile(r"'([^']+)'")


def at_expression(site: Site, red: RedTest) -> Iterator[Edit]:
    """Expressions on the crashing line."""
    quoted = _QUOTED.findall(red.message)
    node = site.node
    match red.exception, node:
        case ("NameError" | "UnboundLocalError", ast.Name(id=name)) if name in quoted:
            for k, other in enumerate(_nearest(name, [*site.scope.visible])):
                yield site.replaced(other, 0.6 + k * 0.1, "nearest name")
            if name in site.scope.self_attributes or name in site.scope.self_methods:
                yield site.replaced(f"self.{name}", 0.5, "self added")
            for owner in site.scope.module_names:
                yield site.replaced(f"{owner}.{name}", 1.4, "module added")
        case ("NameError", ast.Call(func=ast.Name(id=name), args=[only], keywords=[])) if name in quoted:
            yield site.replaced(site.inner(only, 14), 0.9, "missing function left out")
            members = [m for m in _every_builtin_method() if m == name or name.endswith(m)]
            for k, method in enumerate(sorted(members, key=len, reverse=True)):
                yield site.replaced(f"{site.inner(only, 14)}.{method}()", 0.8 + k * 0.1, "method for function")
        case ("AttributeError", ast.Attribute(attr=name)) if name in quoted:
            end = site.source.end(node)
            span = end - len(name), end
            for k, other in enumerate(_nearest(name, [*site.scope.all_attributes, *_builtin_methods(quoted[0])])):
                yield Edit(0.6 + k * 0.1, "nearest attribute", (Splice(*span, other),))
            if isinstance(node.ctx, ast.Load):
                for k, default in enumerate(("None", *_plain(site))):
                    text = f"getattr({site.source.segment(node.value)}, {name!r}, {default})"
                    yield site.replaced(text, 2.0 + k * 0.03, "getattr for attribute")
            if "NoneType" in quoted[0]:
                yield from _when_none(site, node)
        case ("TypeError", ast.Call()) if "argument" in red.message:
            for k, name in enumerate(site.scope.variables[:12]):
                texts = [site.source.segment(a) for a in node.args]
                start, stop = site.source.end(node.func), site.source.end(node)
                for position in range(len(texts) + 1):
                    arguments = ", ".join([*texts[:position], name, *texts[position:]])
                    yield Edit(1.6 + k * 0.03, "argument added", (Splice(start, stop, f"({arguments})"),))
        case ("TypeError", _) if "NoneType" in red.message and isinstance(node, ast.Name | ast.Attribute | ast.Call):
            if isinstance(getattr(node, "ctx", ast.Load()), ast.Load) and site.role != "callee":
                for default in ("0", "''", "[]", "{}", "()"):
                    yield site.replaced(f"({site.text} or {default})", 1.8, "default for None")
        case ("TypeError", _) if "str" in red.message and site.role in ("operand", "argument", "element"):
            if isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                for function in ("str", "int", "float"):
                    yield site.replaced(f"{function}({site.text})", 1.8, "converted")
        case ("TypeError", ast.Name() | ast.Attribute() | ast.Call()) if _NO_SEQUENCE.search(
            red.message
        ) and site.role in ("argument", "object", "operand"):
            for k, function in enumerate(("list", "tuple", "sorted")):
                yield site.replaced(f"{function}({site.text})", 1.5 + k * 0.2, "made a sequence")
        case ("TypeError", ast.Name() | ast.Attribute()) if "coroutine" in red.message:
            yield site.replaced(f"await {site.text}", 1.2, "awaited")
        case ("KeyError", ast.Subscript(ctx=ast.Load())):
            index = site.source.segment(node.slice)
            for default in (
                "",
                ", 0",
                ", []",
                ", None",
                ", ''",
                ", {}",
                *(f", {v}" for v in site.scope.parameters),
            ):
                yield site.replaced(f"{site.inner(node.value, 14)}.get({index}{default})", 1.7, "get for subscript")
        case ("ZeroDivisionError", ast.BinOp(right=right)):
            yield Edit(
                2.4,
                "divisor kept from zero",
                (
                    Splice(
                        site.source.start(right),
                        site.source.end(right),
                        f"({site.source.segment(right)} or 1)",
                    ),
                ),
            )
            yield site.replaced(f"({site.text} if {site.source.segment(right)} else 0)", 2.2, "divisor kept from zero")


def _plain(site: Site) -> Iterator[str]:
    """Values that may stand for what is not there: plain ones, and strings that the failing test holds."""
    yield from ("''", "False", "()", "0")
    yield from (repr(value) for value in site.scope.tested[:20] if isinstance(value, str) and len(value) < 30)


def _when_none(site: Site, node: ast.Attribute) -> Iterator[Edit]:
    owner = site.source.segment(node.value)
    whole: ast.AST = node
    while isinstance(site.source.parents[whole], ast.Call | ast.Attribute | ast.Subscript):
        whole = site.source.parents[whole]
    if isinstance(whole, ast.expr) and not isinstance(getattr(whole, "ctx", ast.Load()), ast.Store):
        text = site.source.segment(whole)
        span = site.source.start(whole), site.source.end(whole)
        for default in ("None", "''", "0", "[]", "False"):
            replaced = f"({text} if {owner} is not None else {default})"
            yield Edit(2.0, "None allowed for", (Splice(*span, replaced),))


def at_statement(place: Place, red: RedTest) -> Iterator[Edit]:
    """Guards before the crashing statement, for the values it could not work with."""
    if place.shares_its_line:
        return
    used = [n for n in ast.walk(place.statement) if isinstance(n, ast.Name | ast.Attribute | ast.Subscript)]
    texts = list(dict.fromkeys(place.source.segment(n) for n in used if isinstance(n.ctx, ast.Load)))[:12]
    tests: list[str] = []
    match red.exception:
        case "AttributeError" | "TypeError" if "None" in red.message:
            tests = [f"{t} is None" for t in texts]
        case "IndexError":
            tests = [f"not {t}" for t in texts]
        case "ZeroDivisionError":
            tests = [f"{t} == 0" for t in texts] + [f"not {t}" for t in texts]
        case "RecursionError":
            tests = [f"not {t}" for t in texts] + [f"{t} <= 0" for t in texts] + [f"{t} is None" for t in texts]
        case "KeyError":
            owners = [n for n in ast.walk(place.statement) if isinstance(n, ast.Subscript)]
            segment = place.source.segment
            tests = [f"{segment(n.slice)} not in {segment(n.value)}" for n in owners]
        case "UnboundLocalError" | "NameError":
            for name in _QUOTED.findall(red.message)[:1]:
                for value in ("None", "0", "[]", "''", "{}", "False", "set()"):
                    for start in _starts(place):
                        yield start.before(f"{name} = {value}", 2.0, "variable initialised")
            return
    exits = [f"return {v}" for v in [*place.scope.returned[:6], "None", "[]", "0", "''", "False", "True"]]
    exits += ["continue", "break"] if place.loop else []
    for test in tests:
        for k, text in enumerate(dict.fromkeys([*exits, *place.scope.raised[:8]])):
            yield place.before(f"if {test}:\n    {text}", 2.6 + k * 0.03, "guard inserted")


def _starts(place: Place) -> Iterator[Place]:
    """The first statement of the function around."""
    if place.scope.function:
        body = place.scope.function.node.body
        is_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
        start = replace(place, statement=body[len(body) > 1 and is_docstring], block=body, loop=None)
        if not start.shares_its_line:
            yield start


def expected_errors(test_source: str) -> tuple[str, ...]:
    """Names of the exceptions that a test says must be raised."""
    return tuple(re.findall(r"[rR]aises(?:Regex)?\(\s*(?:\w+\.)*(\w+)", test_source))


def raising(place: Place, expected: tuple[str, ...]) -> Iterator[Edit]:
    """A guard that raises what the failing test expects."""
    known = [name for name in expected if name in place.scope.visible]
    if place.shares_its_line or not known:
        return
    statements = [text for text in place.scope.raised if any(name in text for name in known)]
    statements += [f"raise {name}({p})" for name in known for p in place.scope.variables[:3]]
    statements += [f"raise {name}" for name in known]
    for k, condition in enumerate(guards(place.scope)):
        for j, text in enumerate(dict.fromkeys(statements)):
            yield place.before(f"if {condition}:\n    {text}", 2.6 + k * 0.01 + j * 0.02, "guard inserted")


def imports(source: Source, red: RedTest) -> Iterator[Edit]:
    """A missing import: the module of that name, or a standard one that has it."""
    if red.exception != "NameError":
        return
    for name in _QUOTED.findall(red.message)[:1]:
        at = _after_imports(source)
        texts = [f"import {name}"] if name in sys.stdlib_module_names else []
        texts += [f"from {module} import {name}" for module in _standard_homes(name)]
        for k, text in enumerate(texts):
            yield Edit(0.5 + k * 0.1, "import added", (Splice(at, at, text + source.newline),))


_HOMES = (
    "collections", "itertools", "functools", "math", "re", "os", "sys", "json", "pathlib", "datetime", "typing",
    "dataclasses", "decimal", "fractions", "random", "string", "copy", "operator", "contextlib", "enum", "abc",
    "heapq", "bisect", "statistics", "time", "collections.abc", "textwrap", "urllib.parse", "io", "types", "uuid",
)  # fmt: skip


def _standard_homes(name: str) -> Iterator[str]:
    import importlib

    for module in _HOMES:
        if name in getattr(importlib.import_module(module), "__all__", ()) or (
            hasattr(importlib.import_module(module), name) and not name.startswith("_")
        ):
            yield module


def _after_imports(source: Source) -> int:
    """Offset of the line after the first run of imports, or after docstring and `__future__`."""
    line = 0
    for statement in source.tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            line = statement.end_lineno or statement.lineno
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            break
        elif not line:
            line = statement.end_lineno or statement.lineno
    return source.line_starts[line] if line < len(source.line_starts) else len(source.text)


def _nearest(name: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(name, [k for k in known if k != name and k not in _NOISE], n=5, cutoff=0.6)


_NOISE = frozenset(n for n in BUILTINS if n.startswith("_"))


def _every_builtin_method() -> list[str]:
    return sorted({m for owner in (str, list, dict, set) for m in dir(owner) if not m.startswith("_")})


def _builtin_methods(type_name: str) -> list[str]:
    owner = {"str": str, "list": list, "dict": dict, "set": set, "tuple": tuple, "int": int, "bytes": bytes}
    return [n for n in dir(owner[type_name]) if not n.startswith("_")] if type_name in owner else []
