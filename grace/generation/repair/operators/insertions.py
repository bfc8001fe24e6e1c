"""New statements: copies of what the code around does, small assignments and calls, conversions, guards."""

import ast
import functools
import re
from collections.abc import Iterator

from grace.generation.repair.operators.site import Edit, statements_in
from grace.generation.repair.operators.statements import SIMPLE, Place, is_docstring, values
from grace.generation.repair.scope import Scope, size
from grace.generation.repair.source import FunctionNode, Splice

_CONVERSIONS = (
    "list({})", "str({})", "{}.strip()", "int({})", "tuple({})", "set({})", "sorted({})", "{}.lower()", "dict({})",
    "abs({})", "{}.copy()", "float({})", "{}.upper()", "-{}", "{}[1:]", "{}[:-1]", "{}[0]",
)  # fmt: skip
"""What a variable may be made into before it is used."""


def inserted(place: Place) -> Iterator[Edit]:
    """A new statement before this one, and after it when it ends its block."""
    if place.shares_its_line:
        return
    if isinstance(place.statement, ast.Pass):
        yield from (place.instead(text, cost - 0.6, "statement for pass") for text, cost in _inserted(place))
    is_last = place.position == len(place.block) - 1
    ends = isinstance(place.statement, ast.Return | ast.Raise | ast.Break | ast.Continue)
    for text, cost in _inserted(place):
        yield place.before(text, cost, "statement inserted")
        if is_last and not ends:
            yield place.after(text, cost + 0.1, "statement inserted")
    function = place.scope.function
    if is_last and not ends and function and place.block is function.node.body:
        for value in values(place):
            yield place.after(f"return {value}", 2.7, "value returned")


def _inserted(place: Place) -> Iterator[tuple[str, float]]:
    """(statement, cost), cheapest first."""
    if place.loop:
        yield from (("break", 3.3), ("continue", 3.5))
    own = place.source.segment(place.statement)
    yield from ((text, cost) for text, cost in _insertable(place.scope) if text != own)


_MUTATORS = frozenset(
    "append add pop popleft insert extend update remove discard clear sort reverse appendleft".split()  # noqa: SIM905 - words
)
_FIRST_VALUES = ("[]", "0", "True", "False", "''", "None", "{}")


@functools.lru_cache(maxsize=64)
def _insertable(scope: Scope) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(_proposed(scope), key=lambda item: item[1]))


def _proposed(scope: Scope) -> Iterator[tuple[str, float]]:
    source = scope.source
    seen: set[str] = set()

    def fresh(text: str, cost: float) -> Iterator[tuple[str, float]]:
        if text not in seen:
            seen.add(text)
            yield text, cost

    for distance, root in enumerate((scope.root, source.tree)):
        for k, text in enumerate(_copies(scope, root, renamed=distance == 0)):
            yield from fresh(text, 3.3 + distance * 0.6 + min(k, 40) * 0.02)
    names = scope.variables[:12]
    for k, name in enumerate(names):
        late = k * 0.03
        for j, form in enumerate(_CONVERSIONS):
            yield from fresh(f"{name} = {form.format(name)}", 3.3 + late + j * 0.02)
        yield from fresh(f"{name} += 1", 3.4 + late)
        yield from fresh(f"{name} -= 1", 3.5 + late)
        for j, text in enumerate(_FIRST_VALUES):
            yield from fresh(f"{name} = {text}", 3.8 + late + j * 0.03)
    collections = [n for n in scope.attributes if n in scope.variables or n.startswith("self.")]
    for owner in collections:
        if not _MUTATORS.isdisjoint(scope.attributes[owner]):
            yield from fresh(f"{owner}.clear()", 3.7)
        for method in sorted(_MUTATORS.intersection(scope.attributes[owner])):
            yield from fresh(f"{owner}.{method}()", 3.7)
            for name in names:
                yield from fresh(f"{owner}.{method}({name})", 3.5)
    for owner in names:
        for other in names:
            if owner != other:
                yield from fresh(f"{owner} = {other}", 3.6)
                yield from fresh(f"{owner}.append({other})", 3.9)
                yield from fresh(f"{owner}.add({other})", 3.9)
                yield from fresh(f"{owner} += {other}", 3.9)
    for k, attribute in enumerate(scope.self_attributes[:8]):
        if attribute not in scope.self_methods:
            yield from fresh(f"self.{attribute} += 1", 3.8 + k * 0.03)
            for name in names[:8]:
                yield from fresh(f"self.{attribute} = {name}", 3.8 + k * 0.03)
        else:
            yield from fresh(f"self.{attribute}()", 3.7 + k * 0.03)


def _copies(scope: Scope, root: ast.AST, *, renamed: bool) -> Iterator[str]:
    """Simple statements of the code around, as they are, then with one name exchanged."""
    bodies = [root.body] if isinstance(root, FunctionNode | ast.Module) else []
    found: list[tuple[str, ast.stmt]] = []
    for body in bodies:
        for statement in statements_in(body):
            if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr | ast.Delete) and not is_docstring(
                statement
            ):
                text = scope.source.segment(statement)
                if "\n" not in text and size(statement) <= 12 and text not in (t for t, _ in found):
                    found.append((text, statement))
    for text, statement in found:
        names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
        if names <= scope.visible:
            yield text
    for text, statement in found[: 400 if renamed else 60]:
        uses = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id not in ("self", "cls")]
        for name in uses:
            others = {n.id for n in uses if n.id != name.id}
            if not others <= scope.visible:
                continue
            base = scope.source.start(statement)
            at = scope.source.start(name) - base
            for other in scope.variables[:10]:
                if other != name.id:
                    yield text[:at] + other + text[at + len(name.id) :]


def guarded(place: Place) -> Iterator[Edit]:
    """`if c: return v` (or continue, break, raise) before the statement; the statement itself under `if c`."""
    if place.shares_its_line:
        return
    exits = [(f"return {v}", 0.0 if v in place.scope.returned else 0.3) for v in values(place)]
    if _returns_nothing(place):
        exits.insert(0, ("return", 0.0))
    if place.loop:
        exits = [("continue", 0.0), ("break", 0.1), *exits]
    exits += [(text, 0.1) for text in place.scope.raised]
    for k, condition in enumerate(guards(place.scope)):
        for text, extra in exits:
            yield place.before(f"if {condition}:\n    {text}", 3.9 + k * 0.01 + extra, "guard inserted")
    yield from _else_conditioned(place)
    if isinstance(place.statement, SIMPLE):
        body = place.source.segment(place.statement)
        if "\n" not in body:
            for k, condition in enumerate(guards(place.scope)):
                text = f"if {condition}:{place.source.newline}{place.indent}    {body}"
                yield place.instead(text, 3.6 + k * 0.01, "statement guarded")


def _else_conditioned(place: Place) -> Iterator[Edit]:
    """`else:` → `elif c:`."""
    statement = place.statement
    if not isinstance(statement, ast.If) or not statement.orelse:
        return
    end = place.source.end(statement.body[-1])
    found = re.compile(r"\s*(?:#.*\s*)*else\s*:").match(place.source.text, end)
    if found is None:
        return
    at = place.source.text.rindex("else", end, found.end())
    for k, condition in enumerate(guards(place.scope)):
        yield Edit(3.7 + k * 0.01, "else conditioned", (Splice(at, at + 4, f"elif {condition}"),))


def _returns_nothing(place: Place) -> bool:
    return not any(isinstance(n, ast.Return) and n.value for n in ast.walk(place.scope.root))


@functools.lru_cache(maxsize=64)
def guards(scope: Scope) -> tuple[str, ...]:
    """Conditions under which an inserted guard may act, likeliest first."""
    found: dict[str, None] = {}
    names = scope.variables[:10]
    collections = [o for o in scope.attributes if o in scope.variables or o.startswith("self.")]
    things = list(dict.fromkeys([*names, *collections[:6]]))
    for thing in things:
        found.update(dict.fromkeys((f"not {thing}", f"{thing} is None")))
    for condition in scope.conditions[:16]:
        found.setdefault(condition)
        found.setdefault(f"not ({condition})" if " " in condition else f"not {condition}")
    asked = re.findall(r"isinstance\((\w+)", " ".join(scope.conditions))
    for name in dict.fromkeys([*asked, *scope.parameters[:2]]):
        for kind in ("str", "int", "list", "dict", "tuple", "float", "bytes", "bool"):
            found.update(dict.fromkeys((f"isinstance({name}, {kind})", f"not isinstance({name}, {kind})")))
    for name in names[:8]:
        for thing in things:
            if name != thing:
                found.update(dict.fromkeys((f"{name} in {thing}", f"{name} not in {thing}")))
    for name in names:
        for text in (
            name,
            f"{name} is not None",
            f"{name} == 0",
            f"{name} < 0",
            f"{name} <= 0",
            f"{name} == 1",
        ):
            found.setdefault(text)
        found.setdefault(f"len({name}) == 0")
    for name in names[:6]:
        for other in things[:8]:
            if name != other:
                for sign in ("==", "!=", ">", ">=", "<", "<="):
                    found.setdefault(f"{name} {sign} {other}")
    return tuple(found)
