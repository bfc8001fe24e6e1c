"""Statements in their blocks: rewritten, moved, dropped."""

import ast
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from grace.generation.repair.operators.exchanges import augmented
from grace.generation.repair.operators.site import Edit
from grace.generation.repair.scope import Scope
from grace.generation.repair.source import FunctionNode, Source, Splice, blocks

SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Delete)


@dataclass(frozen=True)
class Place:
    """A statement in the block that holds it."""

    source: Source
    scope: Scope
    statement: ast.stmt
    block: list[ast.stmt]
    loop: ast.stmt | None
    """The innermost loop around it."""

    @cached_property
    def position(self) -> int:
        """Index in the block."""
        return self.block.index(self.statement)

    @cached_property
    def indent(self) -> str:
        """White space before the statement."""
        return self.source.indentation(self.statement)

    @cached_property
    def shares_its_line(self) -> bool:
        """Something else stands on the statement's lines (`a; b`, `if c: a`)."""
        start = self.source.line_starts[self.statement.lineno - 1]
        return bool(self.source.text[start : self.source.start(self.statement)].strip())

    def before(self, text: str, cost: float, operator: str) -> Edit:
        """Insert lines before the statement."""
        start = self.source.line_starts[self._first_line() - 1]
        return Edit(cost, operator, (Splice(start, start, self._lines(text)),))

    def after(self, text: str, cost: float, operator: str) -> Edit:
        """Insert lines after the statement."""
        end = self._line_end()
        newline = self.source.newline
        if end == len(self.source.text) and not self.source.text.endswith(("\n", "\r")):
            return Edit(cost, operator, (Splice(end, end, newline + self._lines(text).rstrip("\r\n")),))
        return Edit(cost, operator, (Splice(end, end, self._lines(text)),))

    def instead(self, text: str, cost: float, operator: str) -> Edit:
        """The statement gives way to another on the same line."""
        span = self.source.start(self.statement), self.source.end(self.statement)
        return Edit(cost, operator, (Splice(*span, text),))

    @cached_property
    def lines(self) -> tuple[int, int]:
        """Offsets of the whole lines the statement covers."""
        return self.source.line_starts[self._first_line() - 1], self._line_end()

    def _first_line(self) -> int:
        decorators: list[ast.expr] = getattr(self.statement, "decorator_list", [])
        return min([self.statement.lineno, *(d.lineno for d in decorators)])

    def _line_end(self) -> int:
        last = self.statement.end_lineno or self.statement.lineno
        starts = self.source.line_starts
        return starts[last] if last < len(starts) else len(self.source.text)

    def _lines(self, text: str) -> str:
        return "".join(f"{self.indent}{line}{self.source.newline}" for line in text.split("\n"))


def places_in(source: Source, scope: Scope) -> Iterator[Place]:
    """All statements of the scope's function with their blocks; none at module level."""

    def visit(block: list[ast.stmt], loop: ast.stmt | None) -> Iterator[Place]:
        for statement in block:
            if not is_docstring(statement):
                yield Place(source, scope, statement, block, loop)
            inner = statement if isinstance(statement, ast.For | ast.While | ast.AsyncFor) else loop
            for nested in blocks(statement):
                yield from visit(nested, None if isinstance(statement, FunctionNode) else inner)

    if scope.function:
        yield from visit(scope.function.node.body, None)


def is_docstring(statement: ast.stmt) -> bool:
    """Whether a statement is only a literal."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def rewritten(place: Place) -> Iterator[Edit]:
    """The statement's own form changes: other sign, other jump, other target, value kept or used."""
    statement, source = place.statement, place.source
    match statement:
        case ast.AugAssign() | ast.Assign():
            yield from _assignment(place, statement)
        case ast.Break():
            yield place.instead("continue", 2.2, "jump exchanged")
            yield from (place.instead(f"return {v}", 2.8, "jump exchanged") for v in place.scope.returned[:6])
        case ast.Continue():
            yield place.instead("break", 2.2, "jump exchanged")
            yield place.instead("pass", 2.6, "jump exchanged")
        case ast.Return(value=None):
            yield from (place.instead(f"return {v}", 2.4, "value returned") for v in values(place))
            if place.loop:
                yield place.instead("continue", 2.4, "jump exchanged")
                yield place.instead("break", 2.6, "jump exchanged")
        case ast.Return(value=value) if value is not None:
            text = source.segment(value)
            yield place.instead(f"yield {text}", 3.2, "yielded")
            if place.loop:
                yield place.instead("continue", 3.0, "jump exchanged")
                yield place.instead("break", 3.2, "jump exchanged")
        case ast.Delete(targets=[ast.Subscript(value=owner, slice=key)]):
            yield place.instead(f"{source.segment(owner)}.pop({source.segment(key)}, None)", 2.2, "pop for del")
        case ast.Pass():
            yield from (place.instead(f"return {v}", 2.8, "value returned") for v in values(place))
        case ast.Expr(value=ast.Yield(value=value)) if value is not None:
            yield place.instead(f"yield from {source.segment(value)}", 2.0, "yielded")
        case ast.Expr(value=ast.YieldFrom(value=value)):
            yield place.instead(f"yield {source.segment(value)}", 2.0, "yielded")
        case ast.Expr(value=value):
            text = source.segment(value)
            yield place.instead(f"return {text}", 2.2, "value returned")
            yield place.instead(f"await {text}", 3.0, "awaited")
            if isinstance(value, ast.Call):
                yield place.instead(f"yield from {text}", 2.8, "yielded")
                yield from _call_used(place, value, text)
        case ast.If(test=test) if not place.shares_its_line:
            start = source.start(statement)
            if source.text[start : start + 2] == "if":
                yield Edit(3.4, "if made while", (Splice(start, start + 2, "while"),))
                if place.position and isinstance(place.block[place.position - 1], ast.If):
                    yield Edit(2.8, "if made elif", (Splice(start, start + 2, "elif"),))
            elif source.text[start : start + 4] == "elif":
                yield Edit(2.8, "elif made if", (Splice(start, start + 4, "if"),))
            del test
        case ast.While():
            start = source.start(statement)
            yield Edit(3.4, "while made if", (Splice(start, start + 5, "if"),))


def _assignment(place: Place, statement: ast.Assign | ast.AugAssign) -> Iterator[Edit]:
    source = place.source
    target = statement.target if isinstance(statement, ast.AugAssign) else statement.targets[-1]
    after_target = source.end(target)
    sign_start = source.text.index("=", after_target) if isinstance(statement, ast.Assign) else None
    value_start = source.start(statement.value)
    between = source.text[after_target:value_start]
    start = after_target + len(between) - len(between.lstrip())
    end = (sign_start + 1) if sign_start is not None else after_target + len(between.rstrip(" ("))
    for text, cost in augmented(statement, ""):
        yield Edit(cost, "assignment sign", (Splice(start, end, text),))
    if isinstance(statement, ast.Assign) and isinstance(target, ast.Name):
        value = source.segment(statement.value)
        for k, attribute in enumerate(place.scope.self_attributes[:8]):
            yield place.instead(f"self.{attribute} = {value}", 3.2 + k * 0.05, "assigned elsewhere")
        for name in place.scope.variables[:10]:
            yield place.instead(f"{target.id}[{name}] = {value}", 3.3, "assigned elsewhere")
            yield place.instead(f"{target.id}.append({value})", 3.2, "collected")
    match target, getattr(statement, "value", None):
        case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
            texts = [source.segment(v) for v in values]
            names = [source.segment(t) for t in targets]
            if len(texts) == 2:
                one_by_one = f"{names[0]} = {texts[0]}{source.newline}{place.indent}{names[1]} = {texts[1]}"
                yield place.instead(one_by_one, 3.4, "assigned one by one")
    following = place.block[place.position + 1 : place.position + 2]
    if following and isinstance(statement, ast.Assign) and isinstance(following[0], ast.Assign):
        second = following[0]
        if len(statement.targets) == len(second.targets) == 1 and not place.shares_its_line:
            left = f"{source.segment(target)}, {source.segment(second.targets[0])}"
            right = f"{source.segment(statement.value)}, {source.segment(second.value)}"
            span = Splice(source.start(statement), source.end(second), f"{left} = {right}")
            yield Edit(2.9, "assigned together", (span,))


def _call_used(place: Place, call: ast.Call, text: str) -> Iterator[Edit]:
    for k, name in enumerate(place.scope.variables[:14]):
        yield place.instead(f"{name} = {text}", 2.8 + k * 0.03, "result kept")
        yield place.instead(f"{name} += {text}", 3.1 + k * 0.03, "result kept")
    if isinstance(call.func, ast.Attribute):
        owner = place.source.segment(call.func.value)
        yield place.instead(f"{owner} = {text}", 2.5, "result kept")
        arguments = ", ".join([owner, *(place.source.segment(a) for a in call.args)])
        for k, function in enumerate(place.scope.callables[:20]):
            yield place.instead(f"{owner} = {function}({arguments})", 3.2 + k * 0.04, "method made a function")
        if len(call.args) == 1:
            argument = place.source.segment(call.args[0])
            yield place.instead(f"{owner} = {argument}", 3.0, "assigned instead")
            yield place.instead(f"{owner} += {argument}", 3.0, "assigned instead")
            for name in place.scope.variables[:10]:
                yield place.instead(f"{owner}[{name}] = {argument}", 3.1, "assigned instead")


def dropped(place: Place) -> Iterator[Edit]:
    """The statement goes; a compound statement's body stays."""
    if place.shares_its_line:
        return
    statement, source = place.statement, place.source
    if len(place.block) > 1:
        yield Edit(3.6, "statement dropped", (Splice(*place.lines, ""),))
    elif isinstance(statement, SIMPLE):
        yield place.instead("pass", 3.6, "statement dropped")
    if isinstance(statement, ast.If) and not statement.orelse and source.text.startswith("if", source.start(statement)):
        body = source.text[source.line_starts[statement.body[0].lineno - 1] : place.lines[1]]
        if statement.body[0].lineno > statement.lineno:
            moved = textwrap.indent(textwrap.dedent(body), place.indent)
            yield Edit(3.2, "condition dropped", (Splice(*place.lines, moved),))


def moved(place: Place) -> Iterator[Edit]:
    """Out of its block, into the block before it, or past its neighbour."""
    if place.shares_its_line or not isinstance(place.statement, (*SIMPLE, ast.If)):
        return
    source, (start, end) = place.source, place.lines
    text = source.text[start:end]
    parent = source.parents[place.statement]
    is_last = place.position == len(place.block) - 1
    if isinstance(parent, ast.stmt) and not isinstance(parent, FunctionNode | ast.ClassDef) and len(place.block) > 1:
        outer = source.indentation(parent)
        shifted = textwrap.indent(textwrap.dedent(text), outer)
        parent_end = _end_of_lines(source, parent)
        if is_last and end == parent_end:
            yield Edit(2.5, "moved out of its block", (Splice(start, end, shifted),))
        else:
            yield Edit(
                2.8,
                "moved out of its block",
                (Splice(start, end, ""), Splice(parent_end, parent_end, shifted)),
            )
        parent_start = source.line_starts[parent.lineno - 1]
        yield Edit(
            3.1,
            "moved before its block",
            (Splice(parent_start, parent_start, shifted), Splice(start, end, "")),
        )
    if place.position:
        previous = place.block[place.position - 1]
        nested = list(blocks(previous))
        if nested and not isinstance(previous, FunctionNode | ast.ClassDef):
            last = nested[-1][-1]
            inner = source.indentation(last)
            if len(inner) > len(place.indent):
                shifted = textwrap.indent(textwrap.dedent(text), inner)
                yield Edit(2.5, "moved into the block before", (Splice(start, end, shifted),))
        before = source.line_starts[previous.lineno - 1]
        if source.indentation(previous) == place.indent and not getattr(previous, "decorator_list", None):
            swapped = text + source.text[before:start] if text.endswith(("\n", "\r")) else None
            if swapped:
                yield Edit(2.6, "statements exchanged", (Splice(before, end, swapped),))


def _end_of_lines(source: Source, statement: ast.stmt) -> int:
    last = statement.end_lineno or statement.lineno
    return source.line_starts[last] if last < len(source.line_starts) else len(source.text)


def values(place: Place) -> list[str]:
    """What a function may give back here, likeliest first."""
    plain = ("None", "[]", "0", "True", "False", "''", "{}")
    return list(dict.fromkeys([*place.scope.returned[:8], *place.scope.variables[:12], *plain]))


REWRITES = (rewritten, moved, dropped)
