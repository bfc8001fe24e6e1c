"""Calls: other arguments, another function with the same ones, no call at all."""

import ast
from collections.abc import Iterator, Sequence

from grace.generation.repair.operators.site import Edit, Site, over
from grace.generation.repair.source import Splice


def calls(site: Site) -> Iterator[Edit]:
    """Arguments exchanged, dropped, added, negated; the call unwrapped or made of what was only named."""
    node = site.node
    if isinstance(node, ast.Name | ast.Attribute) and site.role in (
        "argument",
        "assigned",
        "returned",
        "compared",
    ):
        if isinstance(node.ctx, ast.Load):
            yield site.replaced(f"{site.text}()", 2.9, "called")
        return
    if not isinstance(node, ast.Call):
        return
    texts = [site.source.segment(a) for a in node.args]
    for k in range(len(texts) - 1):
        for j in range(k + 1, len(texts)):
            if texts[k] != texts[j]:
                yield Edit(
                    2.0 + 0.2 * (j - k - 1),
                    "arguments exchanged",
                    (over(site, node.args[k], texts[j]), over(site, node.args[j], texts[k])),
                )
    if len(texts) + len(node.keywords) >= 1:
        for k in range(len(texts)):
            rest = texts[:k] + texts[k + 1 :]
            yield _with_arguments(site, node, rest, node.keywords, 2.8, "argument dropped")
        for dropped in node.keywords:
            kept = [keyword for keyword in node.keywords if keyword is not dropped]
            yield _with_arguments(site, node, texts, kept, 3.0, "argument dropped")
    yield from _parameters_passed(site, node, texts)
    for text, argument in zip(texts, node.args, strict=True):
        if not isinstance(argument, ast.Starred):
            yield site.replaced(text, 2.6, "call unwrapped")
    if isinstance(node.func, ast.Attribute):
        yield site.replaced(site.source.segment(node.func.value), 2.8, "call unwrapped")
        if not texts and not node.keywords:
            yield site.replaced(site.source.segment(node.func), 3.2, "not called")
    added = [*site.scope.variables[:14], *(f"self.{a}" for a in site.scope.self_attributes[:6])]
    added += ["0", "1", "True", "False", "None", "-1", "''", "' '"]
    for k, text in enumerate(dict.fromkeys(added)):
        late = k * 0.03
        yield _with_arguments(site, node, [*texts, text], node.keywords, 3.1 + late, "argument added")
        if texts:
            yield _with_arguments(site, node, [text, *texts], node.keywords, 3.3 + late, "argument added")
    for keyword, late in (
        ("reverse=True", 0.0),
        ("key=str.lower", 0.4),
        ("key=len", 0.3),
        ("default=0", 0.3),
        ("default=None", 0.4),
    ):
        if isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if called in ("sorted", "sort", "max", "min"):
                yield site.replaced(f"{site.text[:-1].rstrip().rstrip(',')}, {keyword})", 3.0 + late, "argument added")


def _parameters_passed(site: Site, node: ast.Call, texts: list[str]) -> Iterator[Edit]:
    """Parameters that the called function has and the caller holds under the same name, but does not pass."""
    called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    given = {keyword.arg for keyword in node.keywords}
    missing = [p for p in site.scope.signatures.get(called, ())[len(texts) :] if p not in given]
    held = {p: p for p in missing if p in site.scope.variables}
    for p in missing:
        own = next((a for a in site.scope.self_attributes if a.strip("_") == p.strip("_")), None)
        if own and p not in held:
            held[p] = f"self.{own}"
    values = [f"{p}={value}" for p, value in held.items()]
    if len(values) > 1:
        yield _with_arguments(site, node, texts, node.keywords, 2.0, "parameters passed", also=values)
    for value in values:
        yield _with_arguments(site, node, texts, node.keywords, 2.1, "parameters passed", also=[value])
    for p in missing:
        for k, value in enumerate(("None", "True", "False")):
            cost = 3.1 + k * 0.05
            yield _with_arguments(site, node, texts, node.keywords, cost, "parameters passed", also=[f"{p}={value}"])


def _with_arguments(
    site: Site,
    node: ast.Call,
    texts: list[str],
    keywords: list[ast.keyword],
    cost: float,
    operator: str,
    also: Sequence[str] = (),
) -> Edit:
    named = [
        f"{k.arg}={site.source.segment(k.value)}" if k.arg else f"**{site.source.segment(k.value)}" for k in keywords
    ]
    start, end = site.source.end(node.func), site.source.end(node)
    return Edit(cost, operator, (Splice(start, end, f"({', '.join([*texts, *named, *also])})"),))


def callee(site: Site) -> Iterator[Edit]:
    """`f(x)` → `self.g(x)`, `module.f(x)` → `g(x)`: another function of the class or the module, same arguments."""
    node = site.node
    if site.role != "callee" or not isinstance(node, ast.Name | ast.Attribute):
        return
    own = node.id if isinstance(node, ast.Name) else node.attr
    words = set(own.lower().strip("_").split("_"))
    of_self = isinstance(node, ast.Attribute) and site.source.segment(node.value) == "self"
    reachable: dict[str, str] = {}
    if not of_self:
        members = dict.fromkeys((*site.scope.self_attributes, *sorted(site.scope.self_methods)))
        reachable |= {f"self.{name}": name for name in members}
    if isinstance(node, ast.Attribute):
        reachable |= {name: name for name in (*site.scope.callables, *site.scope.module_names)}
    for k, (text, name) in enumerate(reachable.items()):
        shared = 0.7 if words & set(name.lower().strip("_").split("_")) else 0.0
        yield site.replaced(text, 3.3 + min(k, 30) * 0.02 - shared, "other function")


def spread(site: Site) -> Iterator[Edit]:
    """`f(x)` → `f(*x)`, `f(**x)`; `[x]` → `list(x)`."""
    match site.node:
        case ast.Call(args=[*_, last]) if not isinstance(last, ast.Starred | ast.Constant | ast.GeneratorExp):
            at = site.source.start(last)
            for k, stars in enumerate(("*", "**")):
                if stars == "*" or not site.node.keywords:
                    yield Edit(3.0 + k * 0.1, "argument spread", (Splice(at, at, stars),))
        case ast.List(elts=[only], ctx=ast.Load()):
            yield site.replaced(f"list({site.source.segment(only)})", 2.7, "argument spread")
            yield site.replaced(f"[*{site.inner(only, 5)}]", 2.9, "argument spread")
        case ast.Starred(value=value):
            yield Edit(2.6, "argument spread", (over(site, site.node, site.source.segment(value)),))


CALLS = (calls, callee, spread)
