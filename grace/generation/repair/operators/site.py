"""Where an operator applies and what it proposes there."""

import ast
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from grace.generation.repair.scope import Kind, Scope, kind_of
from grace.generation.repair.source import Source, Splice, blocks, precedence, required


class Exchange(NamedTuple):
    """One expression for another, in a function's frame when the statement of that line starts."""

    scope: str
    line: int
    old: str
    new: str


class Edit(NamedTuple):
    """One proposal: how unlikely it is a priori (lower comes first), which operator made it, what it splices."""

    cost: float
    operator: str
    splices: tuple[Splice, ...]
    exchange: Exchange | None = None


_FROM_INGREDIENTS = {
    "expression replaced",
    "variable",
    "condition extended",
    "operand dropped",
    "choice decided",
}
"""Operators whose results are familiar by the way they are made."""


_LOOSE = re.compile(r"[,\n]|:=|\byield\b")
"""What binds so loosely that it may need parentheses even where any expression fits, such as between commas."""


@dataclass(frozen=True)
class Site:
    """An expression in its place."""

    source: Source
    scope: Scope
    node: ast.expr
    statement: ast.stmt

    @cached_property
    def parent(self) -> ast.AST:
        """The node this expression belongs to."""
        return self.source.parents[self.node]

    @cached_property
    def text(self) -> str:
        """The expression's text."""
        return self.source.segment(self.node)

    @cached_property
    def kind(self) -> Kind:
        """What kind of value it gives, '' when its shape does not tell."""
        return kind_of(self.node)

    @cached_property
    def role(self) -> str:
        """What the expression is for: condition, index, bound, argument, returned, assigned, compared, operand,
        iterated, element, callee, object or other."""
        match self.parent:
            case ast.If(test=node) | ast.While(test=node) | ast.IfExp(test=node) | ast.Assert(test=node) if (
                node is self.node
            ):
                return "condition"
            case ast.comprehension(iter=node) if node is self.node:
                return "iterated"
            case ast.comprehension(target=node):
                return "other" if node is self.node else "condition"
            case ast.UnaryOp(op=ast.Not()):
                return "condition"
            case ast.BoolOp():
                return "condition" if self._decides(self.parent) else "operand"
            case ast.Subscript() as parent:
                return "index" if parent.slice is self.node else "object"
            case ast.Slice():
                return "bound"
            case ast.Call() as parent:
                return "callee" if parent.func is self.node else "argument"
            case ast.keyword():
                return "argument"
            case ast.Return() | ast.Yield() | ast.YieldFrom():
                return "returned"
            case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.NamedExpr():
                return "assigned"
            case ast.Compare():
                return "compared"
            case ast.BinOp() | ast.UnaryOp():
                return "operand"
            case ast.For() | ast.AsyncFor():
                return "iterated"
            case ast.List() | ast.Tuple() | ast.Set() | ast.Dict() | ast.ListComp() | ast.SetComp():
                return "element"
            case ast.GeneratorExp() | ast.DictComp():
                return "element"
            case ast.Attribute():
                return "object"
            case _:
                return "other"

    def _decides(self, node: ast.AST) -> bool:
        parent = self.source.parents[node]
        while isinstance(parent, ast.BoolOp):
            node, parent = parent, self.source.parents[parent]
        return isinstance(parent, ast.If | ast.While | ast.IfExp | ast.Assert | ast.comprehension) or (
            isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)
        )

    @property
    def decides(self) -> bool:
        """Whether a branch hangs on the whole expression."""
        return self.role == "condition" and not isinstance(self.parent, ast.BoolOp)

    def replaced(self, text: str, cost: float, operator: str) -> Edit:
        """This expression gives way to another, in parentheses where its place asks for them.

        What the code around says in the same words elsewhere is likelier to be meant.
        """
        familiar = self.scope.distances.get(text)
        if familiar is not None and operator not in _FROM_INGREDIENTS:
            cost -= 0.4 if familiar else 0.8
        exchange = Exchange(self.frame, self.statement.lineno, self.text, text) if self.frame else None
        if not self._fits(text) or self._shares_parentheses:
            text = f"({text})"
        return Edit(cost, operator, (Splice(*self.span, text),), exchange)

    @cached_property
    def frame(self) -> str:
        """Name of the function whose frame evaluates this expression each time its statement starts; "" where it
        is evaluated elsewhere or more often: in comprehensions, lambdas and loop conditions, or stored to."""
        if isinstance(self.statement, ast.While) or not isinstance(getattr(self.node, "ctx", ast.Load()), ast.Load):
            return ""
        node: ast.AST = self.node
        while node in self.source.parents:
            node = self.source.parents[node]
            if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                return ""
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                return node.name
        return ""

    def _fits(self, text: str) -> bool:
        needed = required(self.parent, self.node)
        if text.isdecimal() and isinstance(self.parent, ast.Attribute):
            return False  # `1.name` is no attribute
        if text.isidentifier() or text.isdecimal():
            return True
        if needed <= 0 and not _LOOSE.search(text):
            return True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a nonsensical candidate would be warned of is of no interest
            try:
                return precedence(ast.parse(text, mode="eval").body) >= needed or _enclosed(text)
            except SyntaxError:
                return not _parses(f"({text})")  # where lines may end, and names be bound, anywhere

    @cached_property
    def _shares_parentheses(self) -> bool:
        """`sum(x for x in y)`: the call's parentheses count as the generator's own."""
        if not isinstance(self.node, ast.GeneratorExp) or not isinstance(self.parent, ast.Call):
            return False
        return not self.source.text[self.source.end(self.parent.func) : self.source.start(self.node)].strip()

    @cached_property
    def span(self) -> tuple[int, int]:
        """Offsets of the expression."""
        return self.source.start(self.node), self.source.end(self.node)

    def inner(self, node: ast.expr, needed: int = 0) -> str:
        """The text of a part, in parentheses where it must bind at least as tightly as `needed`."""
        text = self.source.segment(node)
        return f"({text})" if precedence(node) < needed else text

    def operator_span(self, left: ast.expr, right: ast.expr) -> tuple[int, int]:
        """Offsets of the operator between two operands, without blanks and parentheses around it."""
        start, end = self.source.end(left), self.source.start(right)
        between = self.source.text[start:end]
        lead = len(between) - len(between.lstrip(" )\n\t\\"))
        trail = len(between) - len(between.rstrip(" (\n\t\\"))
        return start + lead, end - trail


def over(site: Site, node: ast.expr, text: str) -> Splice:
    """A text in the place of a part of the site."""
    return Splice(site.source.start(node), site.source.end(node), text)


def _enclosed(text: str) -> bool:
    """Whether an expression stands in parentheses of its own."""
    return text.startswith("(") and text.endswith(")") and _parses(text[1:-1].strip())  # not `(a) + (b)`


def _parses(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return False
    return True


def statements_in(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """All statements, nested ones after what holds them."""
    for statement in body:
        yield statement
        for block in blocks(statement):
            yield from statements_in(block)


def header_lines(statement: ast.stmt) -> range:
    """The lines that are a statement's own, without those of the statements it holds."""
    inner = [block[0].lineno for block in blocks(statement)]
    last = min(inner) - 1 if inner else (statement.end_lineno or statement.lineno)
    return range(statement.lineno, max(last, statement.lineno) + 1)


def expressions_of(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions a statement evaluates itself, outer before inner; annotations and decorators are left out."""
    skipped: set[int] = set()
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    if isinstance(statement, ast.AnnAssign):
        skipped.add(id(statement.annotation))
    waiting: list[ast.AST] = [
        child for child in ast.iter_child_nodes(statement) if not isinstance(child, ast.stmt | ast.ExceptHandler)
    ]
    while waiting:
        node = waiting.pop(0)
        if id(node) in skipped or isinstance(node, ast.match_case):
            continue
        if isinstance(node, ast.expr):
            yield node
            if isinstance(node, ast.JoinedStr) and sys.version_info < (3, 12):
                continue  # positions inside f-strings are only right from 3.12 on
            if isinstance(node, ast.Lambda):
                waiting.append(node.body)
                continue
        waiting.extend(ast.iter_child_nodes(node))
