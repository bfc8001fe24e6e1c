"""A value made into another by what the code around uses: called, clamped, combined, indexed."""

import ast
import re
from collections.abc import Iterator

from grace.generation.repair.operators.site import Edit, Site

_WORD = re.compile(r"[a-z]{3,}")


def wrapped(site: Site) -> Iterator[Edit]:
    """`e` → `f(e)`, `e.m()`, `min(e, x)`, `e or x`, with functions and methods the module already uses."""
    if not isinstance(getattr(site.node, "ctx", ast.Load()), ast.Load) or site.role in (
        "callee",
        "condition",
    ):
        return
    if isinstance(site.node, ast.Starred | ast.Slice) or site.role == "other":
        return
    text = site.text
    if "\n" in text:
        return
    kind = site.kind
    calls: dict[str, float] = {}
    if kind in ("", "num"):
        calls.update({"abs": 2.9, "int": 3.0, "len": 3.2, "round": 3.2, "float": 3.2})
    if kind in ("", "list", "set", "tuple", "dict", "str"):
        reordered = 3.6 if site.role == "iterated" else 3.2  # sorting hides many a fault
        calls.update(
            {"list": 2.9, "set": 3.0, "sorted": reordered, "tuple": 3.1, "sum": 3.4, "dict": 3.3, "reversed": reordered}
        )
        calls.update({"len": 3.0, "max": 3.4, "min": 3.4})
    calls.setdefault("str", 2.9)
    calls.setdefault("bool", 3.3)
    spoken = set(_WORD.findall(text.lower()))
    for k, own in enumerate(site.scope.callables):
        shared = 0.6 if spoken & set(_WORD.findall(own.lower())) else 0.0  # `escape_title(title)`
        calls.setdefault(own, 3.2 + min(k, 20) * 0.04 - shared)
    for function, cost in calls.items():
        if not text.startswith(f"{function}("):
            yield site.replaced(f"{function}({text})", cost, "wrapped in a call")
    for method in sorted(site.scope.self_methods):
        shared = 0.6 if spoken & set(_WORD.findall(method.lower())) else 0.0
        yield site.replaced(f"self.{method}({text})", 3.4 - shared, "wrapped in a call")
    tight = site.inner(site.node, 14)
    methods: dict[str, float] = {}
    if kind in ("", "str"):
        methods.update({"strip()": 2.9, "lower()": 2.9, "upper()": 3.1, "rstrip()": 3.2, "lstrip()": 3.2})
        methods.update({"split()": 3.3, "encode()": 3.5, "casefold()": 3.4})
        for value in site.scope.constants:
            if isinstance(value, str) and 0 < len(value) <= 3:
                methods.setdefault(f"strip({value!r})", 3.1)
                methods.setdefault(f"rstrip({value!r})", 3.3)
                methods.setdefault(f"lstrip({value!r})", 3.3)
    if kind in ("", "list", "dict", "set"):
        methods.update({"copy()": 3.0})
    if kind in ("", "dict"):
        methods.update({"items()": 3.2, "values()": 3.2, "keys()": 3.4})
    for k, used in enumerate(site.scope.all_attributes[:40]):
        methods.setdefault(f"{used}()", 3.5 + k * 0.03)
        methods.setdefault(used, 3.4 + k * 0.03)
    for method, cost in methods.items():
        yield site.replaced(f"{tight}.{method}", cost, "method called")
    for k, index in enumerate(("[0]", "[-1]", "[1:]", "[:-1]", "[::-1]", "[1]", "[:]")):
        if kind not in ("num", "bool", "none", "dict", "set"):
            yield site.replaced(f"{tight}{index}", 3.0 + k * 0.05, "element or slice")
    for name in site.scope.variables[:16]:
        if kind not in ("num", "bool", "none", "set"):
            yield site.replaced(f"{tight}[{name}]", 3.3, "element or slice")
            yield site.replaced(f"{tight}[{name}:]", 3.3, "element or slice")
            yield site.replaced(f"{tight}[:{name}]", 3.3, "element or slice")


def clamped(site: Site) -> Iterator[Edit]:
    """`e` → `min(e, x)`, `max(e, x)`: x from the function's variables, attributes and bounds."""
    if not isinstance(getattr(site.node, "ctx", ast.Load()), ast.Load) or site.kind not in ("", "num"):
        return
    if site.role not in (
        "assigned",
        "returned",
        "argument",
        "bound",
        "index",
        "operand",
        "element",
        "compared",
    ):
        return
    if isinstance(site.node, ast.Starred | ast.Slice | ast.Constant) or "\n" in site.text:
        return
    bounds = [*site.scope.variables[:12], *(f"self.{a}" for a in site.scope.self_attributes[:8]), "0", "1"]
    if isinstance(site.node, ast.BinOp | ast.Call):
        bounds += [i.text for i in site.scope.ingredients[:40] if isinstance(i.node, ast.Attribute | ast.Subscript)]
    cost = 3.0 if isinstance(site.node, ast.BinOp) else 3.6 if isinstance(site.node, ast.Call) else 3.2
    for k, bound in enumerate(dict.fromkeys(bounds)):
        if bound == site.text:
            continue
        for function in ("min", "max"):
            first = bound if bound in ("0", "1") or bound.startswith("self.") else site.text
            second = site.text if first is bound else bound
            yield site.replaced(f"{function}({first}, {second})", cost + min(k, 20) * 0.04, "clamped")


def combined(site: Site) -> Iterator[Edit]:
    """`e` → `e + v`, `e - v`, ... with a variable or number of the function."""
    if site.role in ("callee", "condition", "other", "object") or site.kind not in ("", "num", "str", "list"):
        return
    if not isinstance(getattr(site.node, "ctx", ast.Load()), ast.Load):
        return
    if isinstance(site.node, ast.Starred | ast.Slice | ast.Lambda) or "\n" in site.text:
        return
    names = [*site.scope.variables[:14], *(f"self.{a}" for a in site.scope.self_attributes[:6])]
    text = site.inner(site.node, 9)
    for k, name in enumerate(names):
        late = k * 0.03
        yield site.replaced(f"{text} + {name}", 3.2 + late, "combined")
        yield site.replaced(f"{name} + {site.inner(site.node, 10)}", 3.4 + late, "combined")
        if site.kind != "str":
            yield site.replaced(f"{text} - {name}", 3.2 + late, "combined")
            product = site.inner(site.node, 11)
            yield site.replaced(f"{product} * {name}", 3.4 + late, "combined")
            yield site.replaced(f"{product} // {name}", 3.8 + late, "combined")
            yield site.replaced(f"{product} % {name}", 3.4 + late, "combined")
            yield site.replaced(f"{product} / {name}", 3.8 + late, "combined")
    if site.kind in ("", "num"):
        yield site.replaced(f"{site.inner(site.node, 13)} ** 2", 3.4, "combined")
        yield site.replaced(f"{site.inner(site.node, 11)} * {site.inner(site.node, 12)}", 3.7, "combined")
        for number in ("2", "10"):
            yield site.replaced(f"{site.inner(site.node, 11)} * {number}", 3.5, "combined")
            yield site.replaced(f"{site.inner(site.node, 11)} // {number}", 3.5, "combined")
    for name in names[:10]:
        yield site.replaced(f"{site.inner(site.node, 2)} or {name}", 3.4, "default")
    for default in ("[]", "{}", "''", "0", "None"):
        yield site.replaced(f"{site.inner(site.node, 2)} or {default}", 3.5, "default")
    for name in names[:8]:
        yield site.replaced(f"[{name}] + {site.inner(site.node, 10)}", 3.6, "combined")
        yield site.replaced(f"{site.inner(site.node, 9)} + [{name}]", 3.6, "combined")
    if isinstance(site.node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
        yield site.replaced(f"[{site.text}]", 3.5, "made a list")


WRAPPINGS = (wrapped, clamped, combined)
