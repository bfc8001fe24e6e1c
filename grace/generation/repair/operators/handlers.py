"""Exceptions: statements that are tried, handlers that catch more or something else."""

import ast
import builtins
import textwrap
from collections.abc import Iterator

from grace.generation.repair.operators.site import Edit
from grace.generation.repair.operators.statements import SIMPLE, Place, values
from grace.generation.repair.source import Splice

_USUAL = (
    "KeyError", "ValueError", "TypeError", "AttributeError", "IndexError", "StopIteration", "OSError",
    "UnicodeDecodeError", "OverflowError", "ImportError", "ZeroDivisionError", "RuntimeError", "LookupError",
)  # fmt: skip
_NOT_TRIED = ("AssertionError", "RecursionError", "NameError", "UnboundLocalError")
"""What ends a test because the code is wrong, not because something is missing that it asks for."""
_WIDER = {"KeyError": "LookupError", "IndexError": "LookupError", "UnicodeDecodeError": "ValueError"}


def tried(place: Place, exception: str) -> Iterator[Edit]:
    """`s` → `try: s except E: ...` for the exception that a red test ends with, where `s` raised it."""
    statement = place.statement
    if place.shares_its_line or not isinstance(statement, SIMPLE) or not exception.isidentifier():
        return
    if exception not in place.scope.visible or exception in _NOT_TRIED:
        return
    source, (start, end) = place.source, place.lines
    inner = textwrap.indent(source.text[start:end], "    ")
    if not inner.endswith(("\n", "\r")):
        inner += source.newline
    newline, indent = source.newline, place.indent
    answers = ["pass", *(f"return {v}" for v in values(place)), *(["continue", "break"] if place.loop else [])]
    answers += place.scope.raised[:8]
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]):
            plain = ("None", "''", "0", "[]", "{}", "False", "True", *place.scope.parameters[:4])
            answers = [f"{name} = {value}" for value in plain] + answers
        case ast.Return():
            answers.remove("pass")
    first = indent + "try:" + newline + inner
    for k, answer in enumerate(dict.fromkeys(answers)):
        text = f"{first}{indent}except {exception}:{newline}{indent}    {answer}{newline}"
        yield Edit(2.7 + k * 0.04, "statement tried", (Splice(start, end, text),))


def caught(place: Place, exception: str) -> Iterator[Edit]:
    """Handlers of this `try` catch one exception more, first of all the one that a red test ends with."""
    if not isinstance(place.statement, ast.Try):
        return
    for handler in place.statement.handlers:
        if handler.type is None:
            continue
        text = place.source.segment(handler.type)
        span = place.source.start(handler.type), place.source.end(handler.type)
        there = {place.source.segment(n) for n in ast.walk(handler.type) if isinstance(n, ast.Name | ast.Attribute)}
        parts = text[1:-1].rstrip().rstrip(",") if isinstance(handler.type, ast.Tuple) else text
        for k, other in enumerate(_exceptions(place, exception)):
            if other in there:
                continue
            raised = 0.8 if other == exception else 0.0
            yield Edit(2.8 - raised + k * 0.03, "exception added", (Splice(*span, f"({parts}, {other})"),))
            yield Edit(3.1 - raised + k * 0.03, "exception exchanged", (Splice(*span, other),))


def _exceptions(place: Place, exception: str) -> list[str]:
    own = [n for n in place.scope.module_names if n.endswith(("Error", "Exception"))]
    named = [exception, _WIDER.get(exception, ""), *own, *_USUAL]
    visible = place.scope.visible
    return [n for n in dict.fromkeys(named) if n in visible and (n in own or hasattr(builtins, n))]
