"""One token for another of its kind: operators, constants, names, methods. The classic mutation operators
(DeMillo, Lipton and Sayward 1978), ordered by how often real fixes use them."""

import ast
from collections.abc import Iterator

from grace.generation.repair.operators.site import Edit, Site
from grace.generation.repair.operators.vocabulary import relatives, standard_siblings
from grace.generation.repair.scope import BUILTINS
from grace.generation.repair.source import Splice

_COMPARISONS: dict[type[ast.cmpop], tuple[tuple[str, float], ...]] = {
    ast.Lt: (("<=", 1.0), (">", 1.8), (">=", 2.0), ("!=", 2.4), ("==", 2.6)),
    ast.LtE: (("<", 1.0), (">=", 1.8), (">", 2.0), ("==", 2.6), ("!=", 2.6)),
    ast.Gt: ((">=", 1.0), ("<", 1.8), ("<=", 2.0), ("!=", 2.4), ("==", 2.6)),
    ast.GtE: ((">", 1.0), ("<=", 1.8), ("<", 2.0), ("==", 2.6), ("!=", 2.6)),
    ast.Eq: (("!=", 1.4), ("<=", 2.0), (">=", 2.0), ("<", 2.6), (">", 2.6), ("in", 2.8), ("is", 3.0)),
    ast.NotEq: (("==", 1.4), ("<", 2.2), (">", 2.2), ("<=", 2.6), (">=", 2.6), ("not in", 2.8)),
    ast.Is: (("is not", 1.4), ("==", 1.8)),
    ast.IsNot: (("is", 1.4), ("!=", 1.8)),
    ast.In: (("not in", 1.4), ("==", 2.4)),
    ast.NotIn: (("in", 1.4), ("!=", 2.4)),
}
_ARITHMETIC: dict[type[ast.operator], tuple[tuple[str, float], ...]] = {
    ast.Add: (("-", 1.4), ("*", 2.4), ("|", 3.0), ("%", 3.2)),
    ast.Sub: (("+", 1.4), ("%", 2.8), ("//", 3.0), ("*", 3.0)),
    ast.Mult: (("+", 2.0), ("/", 2.0), ("**", 2.2), ("//", 2.2), ("-", 2.8)),
    ast.Div: (("//", 1.2), ("*", 1.8), ("%", 2.6), ("-", 3.0)),
    ast.FloorDiv: (("/", 1.4), ("%", 1.8), ("*", 2.2), (">>", 3.2)),
    ast.Mod: (("//", 1.6), ("/", 2.6), ("-", 2.8), ("+", 3.0), ("*", 3.0)),
    ast.Pow: (("*", 1.8), ("//", 3.0), ("%", 3.2)),
    ast.LShift: ((">>", 1.4), ("*", 2.8)),
    ast.RShift: (("<<", 1.4), ("//", 2.8)),
    ast.BitAnd: (("|", 1.4), ("^", 1.6), ("and", 2.6), ("-", 2.8)),
    ast.BitOr: (("&", 1.4), ("^", 1.6), ("or", 2.6), ("+", 2.8)),
    ast.BitXor: (("&", 1.4), ("|", 1.6), ("**", 2.4)),
}


_SIGNED = {"argument", "returned", "assigned", "element", "operand", "compared", "index", "bound"}


def comparison(site: Site) -> Iterator[Edit]:
    """`a < b` → `a <= b`, one comparison of a chain at a time."""
    if not isinstance(site.node, ast.Compare):
        return
    operands = [site.node.left, *site.node.comparators]
    for k, operator in enumerate(site.node.ops):
        span = site.operator_span(operands[k], operands[k + 1])
        for text, cost in _COMPARISONS[type(operator)]:
            yield Edit(cost, "comparison", (Splice(*span, text),))
            bound = operands[k + 1]
            if isinstance(bound, ast.Constant) and type(bound.value) is int and cost < 2.5:
                for step in (1, -1):
                    moved = Splice(site.source.start(bound), site.source.end(bound), str(bound.value + step))
                    yield Edit(cost + 1.8, "comparison and bound", (Splice(*span, text), moved))


def arithmetic(site: Site) -> Iterator[Edit]:
    """`a + b` → `a - b`; operands exchanged; one operand alone."""
    node = site.node
    if not isinstance(node, ast.BinOp):
        return
    span = site.operator_span(node.left, node.right)
    for text, cost in _ARITHMETIC.get(type(node.op), ()):
        if text in ("and", "or"):
            yield site.replaced(f"{site.inner(node.left, 3)} {text} {site.inner(node.right, 3)}", cost, "arithmetic")
        elif text in ("*", "/", "//", "%", "**") and isinstance(node.op, ast.Add | ast.Sub):
            yield site.replaced(f"{site.inner(node.left, 12)} {text} {site.inner(node.right, 12)}", cost, "arithmetic")
        else:
            changed = site.source.text[site.span[0] : span[0]] + text + site.source.text[span[1] : site.span[1]]
            if site._fits(changed):
                yield Edit(cost, "arithmetic", (Splice(*span, text),))
            else:
                yield site.replaced(changed, cost, "arithmetic")
    left, right = site.source.segment(node.left), site.source.segment(node.right)
    if not isinstance(node.op, ast.Mult | ast.BitAnd | ast.BitOr | ast.BitXor) and left != right:
        yield Edit(
            2.4 + isinstance(node.op, ast.Add) * 0.4,
            "operands exchanged",
            (
                Splice(site.source.start(node.left), site.source.end(node.left), site.inner(node.right, 13)),
                Splice(site.source.start(node.right), site.source.end(node.right), site.inner(node.left, 13)),
            ),
        )
    for part in (node.left, node.right):
        yield site.replaced(site.source.segment(part), 2.6, "operand dropped")
    match node:
        case ast.BinOp(op=outer, right=ast.BinOp(op=inner) as deeper) if outer is not None and inner is not None:
            regrouped = f"({left} {_sign(site, node)} {site.inner(deeper.left, 9)})"
            yield site.replaced(f"{regrouped} {_sign(site, deeper)} {site.inner(deeper.right, 10)}", 2.8, "regrouped")
        case ast.BinOp(left=ast.BinOp() as deeper):
            regrouped = f"({site.inner(deeper.right, 9)} {_sign(site, node)} {right})"
            yield site.replaced(f"{site.inner(deeper.left, 9)} {_sign(site, deeper)} {regrouped}", 2.8, "regrouped")


def _sign(site: Site, node: ast.BinOp) -> str:
    start, end = site.operator_span(node.left, node.right)
    return site.source.text[start:end]


def boolean(site: Site) -> Iterator[Edit]:
    """`a and b` → `a or b`, and each operand left out."""
    node = site.node
    if not isinstance(node, ast.BoolOp):
        return
    other = "or" if isinstance(node.op, ast.And) else "and"
    parts = [site.inner(value, 3) for value in node.values]
    yield site.replaced(f" {other} ".join(parts), 1.4, "boolean")
    word = "and" if isinstance(node.op, ast.And) else "or"
    for k in range(len(parts)):
        rest = parts[:k] + parts[k + 1 :]
        yield site.replaced(f" {word} ".join(rest), 2.3, "condition weakened")
    for k, value in enumerate(node.values):
        negated = [*parts[:k], _negation(site, value), *parts[k + 1 :]]
        yield site.replaced(f" {word} ".join(negated), 2.0, "negation")


def _negation(site: Site, node: ast.expr) -> str:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return site.inner(node.operand, 3)
    return f"not {site.inner(node, 4)}"


def unary(site: Site) -> Iterator[Edit]:
    """`-a` → `a`, `not a` → `a`, `a` → `-a`."""
    if isinstance(site.node, ast.UnaryOp):
        yield site.replaced(site.inner(site.node.operand, 11), 1.6, "sign or negation dropped")
    elif isinstance(site.node, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.BinOp):
        loads = isinstance(getattr(site.node, "ctx", ast.Load()), ast.Load)
        if loads and site.kind in ("", "num") and site.role in _SIGNED:
            yield site.replaced(f"-{site.inner(site.node, 11)}", 2.2, "sign added")


def name(site: Site) -> Iterator[Edit]:
    """Another variable of the function, another member of a family, another function of the module."""
    node = site.node
    if not isinstance(node, ast.Name):
        return
    is_target = isinstance(node.ctx, ast.Store)
    for other in relatives(node.id):
        if other in site.scope.visible:
            yield site.replaced(other, 1.5, "relative")
    if site.role == "callee":
        for k, other in enumerate(site.scope.callables):
            if other != node.id:
                yield site.replaced(other, 2.6 + min(k, 20) * 0.04, "other function")
        return
    if node.id in BUILTINS and node.id not in site.scope.variables:
        return
    for k, other in enumerate(site.scope.variables):
        if other != node.id:
            closeness = 0.4 if _alike(node.id, other) else 0.0
            yield site.replaced(other, 1.9 + is_target * 0.9 + min(k, 20) * 0.03 - closeness, "variable")
    if not is_target:
        for k, other in enumerate(site.scope.module_names):
            if other != node.id and other.isupper() == node.id.isupper() and other not in site.scope.callables:
                yield site.replaced(other, 2.8 + min(k, 20) * 0.04, "module variable")
        for k, attribute in enumerate(site.scope.self_attributes):
            if attribute not in site.scope.self_methods:
                closeness = 0.6 if attribute.strip("_") == node.id.strip("_") else 0.0
                yield site.replaced(f"self.{attribute}", 2.9 + min(k, 20) * 0.04 - closeness, "attribute for variable")


def _alike(one: str, other: str) -> bool:
    """Names that one slip of a finger or of attention confuses."""
    parts = set(one.lower().split("_")) & set(other.lower().split("_"))
    return bool(parts) or one[:3] == other[:3] or one[-3:] == other[-3:] or len(one) == len(other) == 1


def attribute(site: Site) -> Iterator[Edit]:
    """Another attribute or method of the same object."""
    node = site.node
    if not isinstance(node, ast.Attribute):
        return
    end = site.source.end(node)
    span = end - len(node.attr), end
    proposed: dict[str, float] = dict.fromkeys(relatives(node.attr), 1.5)
    owner = ast.unparse(node.value)
    is_method = site.role == "callee"
    same = site.scope.self_attributes if owner == "self" else site.scope.attributes.get(owner, ())
    for k, other in enumerate(same):
        if owner != "self" or (other in site.scope.self_methods) == is_method:
            proposed.setdefault(other, 2.0 + min(k, 20) * 0.04)
    for k, (other, called) in enumerate(site.scope.siblings(node.attr)):
        if called == is_method:
            proposed.setdefault(other, 2.1 + min(k, 20) * 0.04)
        elif called and isinstance(node.ctx, ast.Load):
            proposed.setdefault(f"{other}()", 2.4 + min(k, 20) * 0.04)
    for k, other in enumerate(standard_siblings(node.attr)):
        proposed.setdefault(other, 2.6 + k * 0.04)
    for k, other in enumerate(site.scope.all_attributes):
        if other not in site.scope.self_methods or is_method:
            proposed.setdefault(other, 2.9 + min(k, 40) * 0.03)
    proposed.pop(node.attr, None)
    for text, cost in proposed.items():
        yield Edit(cost, "attribute", (Splice(*span, text),))
    if isinstance(node.ctx, ast.Load) and not is_method:
        for name in site.scope.variables:
            if name == node.attr or _alike(name, node.attr):
                yield site.replaced(name, 2.2 + 0.3 * (name != node.attr), "variable for attribute")


def augmented(statement: ast.stmt, source_segment: str) -> Iterator[tuple[str, float]]:
    """Other signs for `+=` and `=`: (text, cost)."""
    if isinstance(statement, ast.AugAssign):
        for text, cost in _ARITHMETIC.get(type(statement.op), ()):
            if text not in ("and", "or"):
                yield text + "=", cost
        yield "=", 2.4
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        for text, cost in (("+=", 2.4), ("-=", 2.8), ("*=", 3.0), ("|=", 3.2)):
            yield text, cost


EXCHANGES = (comparison, arithmetic, boolean, unary, name, attribute)
