"""Values and branches under a condition: set where they are missing, converted where they are of another kind."""

import ast
import functools
import textwrap
from collections.abc import Iterator

from grace.generation.repair.operators.site import Edit
from grace.generation.repair.operators.statements import Place
from grace.generation.repair.scope import Scope
from grace.generation.repair.source import Splice

_CONVERTED = (
    ("str", ("list({})", "[{}]", "{}.encode()", "int({})", "{}.split()")),
    ("bytes", ("{}.decode()", "str({})")),
    ("(str, bytes)", ("[{}]",)),
    ("int", ("str({})", "[{}]", "float({})")),
    ("float", ("int({})",)),
    ("dict", ("list({})", "{}.items()")),
    ("tuple", ("list({})",)),
    ("set", ("list({})", "sorted({})")),
)
"""By type, what a value of it is made into."""
_DEFAULTS = ("''", "[]", "{}", "0", "None", "()", "1", "True", "False", "set()")


def set_where_missing(place: Place) -> Iterator[Edit]:
    """`if not v: v = default`, `if v is None: v = default`, `if isinstance(v, T): v = f(v)` before a statement."""
    if place.shares_its_line:
        return
    for text, cost in _conditional(place.scope):
        yield place.before(text, cost, "value set where missing")


@functools.lru_cache(maxsize=64)
def _conditional(scope: Scope) -> tuple[tuple[str, float], ...]:
    found: list[tuple[str, float]] = []
    used = [i.text for i in scope.ingredients[:24] if isinstance(i.node, ast.Call | ast.Attribute)]
    types = [n for n in scope.asked_types if n not in dict(_CONVERTED)]
    for k, name in enumerate(scope.variables[:10]):
        late = k * 0.03
        for j, value in enumerate((*_DEFAULTS, *used, *(f"self.{a}" for a in scope.self_attributes[:6]))):
            if value != name:
                found.append((f"if {name} is None:\n    {name} = {value}", 3.5 + late + j * 0.02))
                found.append((f"if not {name}:\n    {name} = {value}", 3.6 + late + j * 0.02))
        for kind, forms in _CONVERTED:
            for j, form in enumerate(forms):
                value = form.format(name)
                found.append((f"if isinstance({name}, {kind}):\n    {name} = {value}", 3.6 + late + j * 0.05))
        for kind in types[:8]:
            found += [
                (f"if isinstance({name}, {kind}):\n    {name} = {f}({name})", 3.7 + late) for f in ("str", "list")
            ]
    return tuple(sorted(found, key=lambda one: one[1]))


def branch_decided(place: Place) -> Iterator[Edit]:
    """`if c: a else: b` → `a`, or `b`."""
    statement, source = place.statement, place.source
    if not isinstance(statement, ast.If) or not statement.orelse or place.shares_its_line:
        return
    if not source.text.startswith("if", source.start(statement)):
        return
    starts = source.line_starts
    for block in (statement.body, statement.orelse):
        first, last = block[0].lineno, block[-1].end_lineno or block[-1].lineno
        if first == statement.lineno or source.text.startswith("elif", source.start(block[0])):
            continue
        end = starts[last] if last < len(starts) else len(source.text)
        lines = source.text[starts[first - 1] : end]
        shifted = textwrap.indent(textwrap.dedent(lines), place.indent)
        yield Edit(3.3, "branch decided", (Splice(*place.lines, shifted),))
