"""Conditions turned round, decided, extended by another question, or put where a literal stood."""

import ast
import functools
from collections.abc import Iterator

from grace.generation.repair.operators.site import Edit, Site
from grace.generation.repair.scope import Scope


def negated(site: Site) -> Iterator[Edit]:
    """A deciding condition turned round; forced either way."""
    if not site.decides:
        if site.role in ("returned", "assigned") and site.kind == "bool":
            yield site.replaced(f"not {site.inner(site.node, 4)}", 2.0, "negation")
        return
    if isinstance(site.parent, ast.UnaryOp):
        return  # dropping the `not` that is there is another operator's
    if not isinstance(site.node, ast.UnaryOp | ast.Compare):
        yield site.replaced(f"not {site.inner(site.node, 4)}", 1.5, "negation")
    elif isinstance(site.node, ast.Compare):
        yield site.replaced(f"not {site.inner(site.node, 4)}", 2.6, "negation")
    for text in ("True", "False"):
        yield site.replaced(text, 3.9, "condition forced")


def condition_extended(site: Site) -> Iterator[Edit]:
    """`c` → `c and d`, `c or d`, `not`s of d included; d from the code around and from small facts."""
    if not site.decides:
        return
    for atom, cost in (*_type_questions(site), *condition_atoms(site.scope)):
        if atom == site.text:
            continue
        for word in ("or", "and"):
            needed = 2 if word == "or" else 3
            yield site.replaced(f"{site.inner(site.node, needed)} {word} {atom}", cost, "condition extended")
            if word == "and" or "None" in atom or "not " in atom:  # asked first: it protects what follows
                asked_first = f"{atom} {word} {site.inner(site.node, needed)}"
                yield site.replaced(asked_first, cost + 0.15, "condition extended")


def _type_questions(site: Site) -> Iterator[tuple[str, float]]:
    """Further questions about what the condition already asks the type of."""
    for node in ast.walk(site.node):
        match node:
            case ast.Call(func=ast.Name(id="isinstance"), args=[tested, _]):
                for k, name in enumerate(("str", "(str, bytes)", "bool", "bytes", "dict", "list", "tuple", "int")):
                    asked = f"isinstance({site.source.segment(tested)}, {name})"
                    yield f"not {asked}", 2.9 + k * 0.03
                    yield asked, 3.1 + k * 0.03


@functools.lru_cache(maxsize=64)
def condition_atoms(scope: Scope) -> tuple[tuple[str, float], ...]:
    """Facts that a condition may ask for: (text that binds as tightly as a comparison, cost), cheapest first."""
    found: dict[str, float] = {}
    for k, text in enumerate(scope.conditions[:40]):
        found.setdefault(text if _tight(text) else f"({text})", 3.1 + k * 0.02)
        found.setdefault(f"not {text}" if _tight(text) else f"not ({text})", 3.4 + k * 0.02)
    things = [*scope.variables[:14], *(f"self.{a}" for a in scope.self_attributes[:8])]
    for k, thing in enumerate(things):
        late = k * 0.03
        found.setdefault(f"not {thing}", 3.2 + late)
        found.setdefault(f"{thing} is None", 3.2 + late)
        found.setdefault(f"{thing} is not None", 3.2 + late)
        found.setdefault(thing, 3.3 + late)
        for number in ("0", "1"):
            for sign in ("==", ">", "<", "!=", "<=", ">="):
                found.setdefault(f"{thing} {sign} {number}", 3.9 + late)
    for k, one in enumerate(things):
        for other in things:
            if one != other:
                late = k * 0.03
                found.setdefault(f"{one} in {other}", 3.6 + late)
                found.setdefault(f"{one} not in {other}", 3.6 + late)
                for sign in ("==", "!=", "<", "<=", ">", ">="):
                    found.setdefault(f"{one} {sign} {other}", 3.7 + late)
    return tuple(sorted(found.items(), key=lambda item: item[1]))


def _tight(text: str) -> bool:
    return not any(word in text for word in (" or ", " and ", " if ", "lambda", ":="))


def condition_for_literal(site: Site) -> Iterator[Edit]:
    """`while True` → `while queue`, `return True` → `return depth == 0`."""
    if not isinstance(site.node, ast.Constant) or not isinstance(site.node.value, bool):
        return
    if site.decides or site.role in ("returned", "assigned"):
        for k, name in enumerate(site.scope.variables[:12]):
            yield site.replaced(name, 2.4 + k * 0.03, "condition for literal")
        for k, (atom, _) in enumerate(condition_atoms(site.scope)[:120]):
            yield site.replaced(atom, 2.7 + k * 0.01, "condition for literal")


def truth_or_none(site: Site) -> Iterator[Edit]:
    """`if x` → `if x is not None`, `not x` → `x is None`, and back: empty and zero are not nothing."""
    match site.node:
        case ast.UnaryOp(op=ast.Not(), operand=ast.Name() | ast.Attribute() | ast.Call() | ast.Subscript() as asked):
            if site.role in ("condition", "returned", "assigned", "operand"):
                yield site.replaced(f"{site.source.segment(asked)} is None", 1.9, "truth or None")
        case ast.Name() | ast.Attribute() | ast.Call() | ast.Subscript():
            if site.role == "condition" and not isinstance(site.parent, ast.UnaryOp) and "\n" not in site.text:
                yield site.replaced(f"{site.text} is not None", 1.9, "truth or None")
        case ast.Compare(left=asked, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            yield site.replaced(f"not {site.inner(asked, 4)}", 2.1, "truth or None")
        case ast.Compare(left=asked, ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
            yield site.replaced(site.inner(asked, 4), 2.1, "truth or None")


CONDITIONS_NEAR = (negated, truth_or_none, condition_for_literal)
CONDITIONS_FAR = (condition_extended,)
