"""One expression becomes another of a known form: off by one, rounded up, exchanged, replaced."""

import ast
from collections.abc import Iterator

from grace.generation.repair.operators.site import Edit, Site, over
from grace.generation.repair.scope import compatible, size
from grace.generation.repair.source import Splice

_ONE_ELEMENT = {"()": ("('',)", "(None,)", "(0,)"), "[]": ("['']", "[None]", "[0]", "[1]")}
_COUNTS = {"index", "bound", "argument", "returned", "assigned", "compared", "operand", "iterated", "element"}


def off_by_one(site: Site) -> Iterator[Edit]:
    """`e` → `e + 1`, `e - 1`, where a number may stand."""
    if site.role not in _COUNTS or site.kind not in ("", "num") or isinstance(site.node, ast.Constant):
        return
    if isinstance(site.node, ast.Starred | ast.Slice | ast.Lambda | ast.Tuple | ast.JoinedStr | ast.IfExp):
        return
    if not isinstance(getattr(site.node, "ctx", ast.Load()), ast.Load):
        return
    in_range = isinstance(site.parent, ast.Call) and getattr(site.parent.func, "id", "") == "range"
    cost = 1.5 if in_range or site.role in ("index", "bound") else 1.9
    text = site.inner(site.node, 9)
    for step in ("+ 1", "- 1"):
        yield site.replaced(f"{text} {step}", cost, "off by one")
    match site.node:
        case ast.BinOp(op=ast.Add() | ast.Sub(), right=ast.Constant(value=1)):
            yield site.replaced(site.source.segment(site.node.left), 1.6, "off by one")


def rounded_up(site: Site) -> Iterator[Edit]:
    """`a // b` → the ceiling of the division."""
    match site.node:
        case ast.BinOp(op=ast.FloorDiv(), left=left, right=right):
            above, below = site.inner(left, 9), site.inner(right, 11)
            yield site.replaced(f"({above} + {site.inner(right, 10)} - 1) // {below}", 2.6, "rounded up")
            yield site.replaced(f"-(-{site.inner(left, 11)} // {below})", 2.9, "rounded up")
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            yield site.replaced(f"-(-{site.inner(left, 11)} // {site.inner(right, 11)})", 3.4, "rounded up")


def expression_replaced(site: Site) -> Iterator[Edit]:
    """Another expression of the function or its module in this one's place."""
    if site.role in ("callee", "other") or not isinstance(getattr(site.node, "ctx", ast.Load()), ast.Load):
        return
    if isinstance(site.node, ast.Starred | ast.Slice | ast.Lambda) or size(site.node) > 10:
        return
    seen = {site.text}
    for k, ingredient in enumerate(site.scope.ingredients):
        if ingredient.text in seen or not compatible(site.kind, ingredient.kind):
            continue
        if isinstance(site.node, ast.Name) and isinstance(ingredient.node, ast.Name):
            continue  # an exchange of names is another operator's
        seen.add(ingredient.text)
        shared = 0.3 if _shares_names(site.node, ingredient.names) else 0.0
        cost = 3.1 + ingredient.distance * 0.7 + min(k, 60) * 0.015 - shared
        yield site.replaced(ingredient.text, cost, "expression replaced")


def _shares_names(node: ast.expr, names: frozenset[str]) -> bool:
    return any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(node))


def target_replaced(site: Site) -> Iterator[Edit]:
    """What is assigned to gives way to another variable, element or attribute that the function uses."""
    if not isinstance(getattr(site.node, "ctx", None), ast.Store) or isinstance(site.node, ast.Tuple | ast.List):
        return
    for k, ingredient in enumerate(site.scope.ingredients):
        assignable = isinstance(ingredient.node, ast.Subscript | ast.Attribute | ast.Name)
        names = isinstance(ingredient.node, ast.Name) and isinstance(site.node, ast.Name)
        if assignable and not names and ingredient.text != site.text:
            cost = 3.2 + ingredient.distance * 0.6 + min(k, 40) * 0.02
            yield site.replaced(ingredient.text, cost, "target replaced")


def value_for_literal(site: Site) -> Iterator[Edit]:
    """A literal or empty value gives way to a variable, and a variable or call to a plain value."""
    if site.role not in (
        "returned",
        "assigned",
        "argument",
        "compared",
        "operand",
        "element",
        "index",
        "bound",
    ):
        return
    if not isinstance(getattr(site.node, "ctx", ast.Load()), ast.Load) or isinstance(site.node, ast.Slice):
        return
    if isinstance(site.node, ast.Constant | ast.List | ast.Dict | ast.Tuple | ast.Set) and size(site.node) <= 3:
        for k, name in enumerate(site.scope.variables[:20]):
            yield site.replaced(name, 2.5 + k * 0.03, "variable for literal")
        for k, name in enumerate(site.scope.self_attributes[:12]):
            yield site.replaced(f"self.{name}", 2.8 + k * 0.04, "variable for literal")
            if isinstance(site.node, ast.List | ast.Tuple | ast.Set):
                opening, closing = site.text[0], site.text[-1]
                if isinstance(site.node, ast.List | ast.Set):
                    yield site.replaced(f"{opening}{name}{closing}", 2.7 + k * 0.03, "variable for literal")
        for text in ("[]", "{}", "set()", "None", "''", "[[]]", "()", *_ONE_ELEMENT.get(site.text, ())):
            if text != site.text:
                yield site.replaced(text, 2.8, "literal for literal")
    else:
        for text in ("0", "1", "None", "[]", "True", "False", "''", "-1"):
            yield site.replaced(text, 3.5 if site.role != "argument" else 3.2, "literal for expression")
    if site.role == "returned" and isinstance(site.node, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
        for k, name in enumerate(site.scope.variables[:10]):
            if name != site.text:
                yield site.replaced(f"{site.text}, {name}", 3.7 + k * 0.03, "tuple returned")


def subscripts(site: Site) -> Iterator[Edit]:
    """Indices exchanged between nested subscripts, slice bounds dropped or added, a subscript taken off."""
    node = site.node
    if not isinstance(node, ast.Subscript):
        return
    match node:
        case ast.Subscript(value=ast.Subscript(slice=first), slice=second):
            yield Edit(
                1.9,
                "indices exchanged",
                (
                    over(site, first, site.source.segment(second)),
                    over(site, second, site.source.segment(first)),
                ),
            )
    if isinstance(node.slice, ast.Slice):
        bounds = [site.source.segment(b) if b else "" for b in (node.slice.lower, node.slice.upper, node.slice.step)]
        lower, upper, step = bounds
        proposed = {(lower, "", step): 2.4, ("", upper, step): 2.4, (upper, lower, step): 3.0}
        for bound in ("1", "-1", *site.scope.variables[:10]):
            proposed.setdefault((lower or bound, upper, step), 2.9)
            proposed.setdefault((lower, upper or bound, step), 2.9)
            if lower and upper and bound.isidentifier():
                proposed.setdefault((lower, f"{site.inner(node.slice.lower or node, 9)} + {bound}", step), 3.2)
        for extra in ("-1", "2"):
            proposed.setdefault((lower, upper, extra), 3.0)
        if step:
            proposed.setdefault((lower, upper, ""), 2.6)
        proposed.pop((lower, upper, step), None)
        start = site.source.text.index("[", site.source.end(node.value))
        for (low, high, stride), cost in proposed.items():
            inside = f"{low}:{high}" + (f":{stride}" if stride else "")
            yield Edit(cost, "slice", (Splice(start + 1, site.source.end(node) - 1, inside),))
    elif isinstance(node.ctx, ast.Load):
        yield site.replaced(site.source.segment(node.value), 2.9, "subscript dropped")
        index = site.source.segment(node.slice)
        for text, cost in ((f"{index}:", 3.0), (f":{index}", 3.0), (f"-{index}", 2.6)):
            yield Edit(cost, "slice", (over(site, node.slice, text),))
        yield site.replaced(f"{site.inner(node.value, 14)}.get({index})", 3.0, "get for subscript")
        for default in ("0", "[]", "''", "{}"):
            yield site.replaced(f"{site.inner(node.value, 14)}.get({index}, {default})", 3.3, "get for subscript")


def choices(site: Site) -> Iterator[Edit]:
    """`a if c else b` turned round or decided; tuple elements exchanged; a comprehension filtered or not."""
    node = site.node
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            one, other = site.source.segment(body), site.source.segment(orelse)
            yield Edit(1.8, "branches exchanged", (over(site, body, other), over(site, orelse, one)))
            yield site.replaced(one, 2.8, "choice decided")
            yield site.replaced(other, 2.8, "choice decided")
        case ast.Tuple(elts=elements) if len(elements) == 2:
            one, other = (site.source.segment(e) for e in elements)
            if one != other:
                yield Edit(
                    2.4,
                    "elements exchanged",
                    (over(site, elements[0], other), over(site, elements[1], one)),
                )
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            yield from _comprehension(site, node)


def _comprehension(site: Site, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Iterator[Edit]:
    for generator in node.generators:
        for condition in generator.ifs:
            start = site.source.text.rindex("if", 0, site.source.start(condition))
            yield Edit(2.7, "filter dropped", (Splice(start, site.source.end(condition), ""),))
    yield site.replaced(site.source.segment(node.generators[0].iter), 2.9, "comprehension unwrapped")
    last = node.generators[-1]
    if last.ifs:
        return
    behind = site.source.end(last.iter)
    bound = [n.id for n in ast.walk(last.target) if isinstance(n, ast.Name)]
    for name in bound:
        for text, cost in ((name, 3.2), (f"{name} is not None", 3.3), (f"{name}.strip()", 3.5)):
            yield Edit(cost, "filter added", (Splice(behind, behind, f" if {text}"),))
        for other in site.scope.variables[:12]:
            if other not in bound:
                for sign in ("!=", "not in", "in", "==", "<", ">", "<=", ">="):
                    yield Edit(3.6, "filter added", (Splice(behind, behind, f" if {name} {sign} {other}"),))


TEMPLATES_NEAR = (off_by_one, rounded_up, subscripts, choices, value_for_literal)
TEMPLATES_FAR = (expression_replaced, target_replaced)
