"""A file of the repository as text with a syntax tree over it; edits are splices of the text."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_LITERALS = re.compile(r"""#[^\r\n]*|("{3}|'{3}|["'])(?:\\.|(?!\1)[^\\])*\1""", re.DOTALL)
"""Strings with their quotes as the group; comments are matched too, so that their apostrophes open none."""

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Splice(NamedTuple):
    """Replace the characters start..end by text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Function:
    """An outermost function: nested functions belong to it, classes around it are named."""

    node: FunctionNode
    classes: tuple[str, ...]
    start: int
    """Offset of the line that holds `def`."""
    end: int
    """Offset behind the line end of its last line."""

    @property
    def qualified_name(self) -> str:
        """Class path and name, dotted."""
        return ".".join((*self.classes, self.node.name))

    @property
    def first_line(self) -> int:
        """The line Python calls the first: that of the first decorator."""
        return min([self.node.lineno, *(d.lineno for d in self.node.decorator_list)])


@dataclass
class Source:
    """One Python file. Raises SyntaxError when it does not parse."""

    path: str
    text: str
    tree: ast.Module = field(init=False)

    def __post_init__(self) -> None:
        """Parse once."""
        self.tree = ast.parse(self.text)

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of each line's first character."""
        return [0, *(m.end() for m in _LINE_ENDS.finditer(self.text))]

    @cached_property
    def newline(self) -> str:
        """The line end the file uses."""
        found = _LINE_ENDS.search(self.text)
        return found.group() if found else "\n"

    @cached_property
    def _prefers_double_quotes(self) -> bool:
        """Whether most strings have them; docstrings, which have them nearly everywhere, speak where none else do."""
        used = Counter(found[1] for found in _LITERALS.finditer(self.text))
        return (used['"'], used['"""']) > (used["'"], used["'''"])

    @cached_property
    def _formatted(self) -> list[tuple[int, int]]:
        return [(self.start(n), self.end(n)) for n in ast.walk(self.tree) if isinstance(n, ast.JoinedStr)]

    def in_its_quotes(self, splices: tuple[Splice, ...]) -> tuple[Splice, ...]:
        """The splices with new strings in the quotes that the file prefers, where exchanging them is safe.

        What any of them replaces is not new, nor is a string of which a part stays. Inside of an f-string, whose
        quotes cannot occur in it before Python 3.12, nothing is exchanged.
        """
        if not self._prefers_double_quotes or not any("'" in splice.text for splice in splices):
            return splices
        old = "".join(self.text[start:end] for start, end, _ in splices)
        return tuple(self._requoted(splice, old) for splice in splices)

    def _requoted(self, splice: Splice, old: str) -> Splice:
        if any(start < splice.start < end for start, end in self._formatted):
            return splice
        kept = trimmed(self.text, splice)
        first = kept.start - splice.start
        last = first + len(kept.text)

        def requoted(found: re.Match[str]) -> str:
            literal = found[0]
            new = first <= found.start() and found.end() <= last and literal not in old
            plain = found[1] == "'" and '"' not in literal and "\\" not in literal
            return literal.replace("'", '"') if new and plain else literal

        return splice._replace(text=_LITERALS.sub(requoted, splice.text))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Each node's parent."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def functions(self) -> list[Function]:
        """Outermost functions in the order of the file."""
        return list(self._functions_in(self.tree.body, ()))

    def _functions_in(self, body: list[ast.stmt], classes: tuple[str, ...]) -> Iterator[Function]:
        for node in body:
            if isinstance(node, FunctionNode):
                start = self.line_starts[node.lineno - 1]
                last = node.end_lineno or node.lineno
                end = self.line_starts[last] if last < len(self.line_starts) else len(self.text)
                yield Function(node, classes, start, end)
            elif isinstance(node, ast.ClassDef):
                yield from self._functions_in(node.body, (*classes, node.name))
            else:
                for block in blocks(node):
                    yield from self._functions_in(block, classes)

    def offset(self, line: int, column: int) -> int:
        """Character offset of a position as `ast` counts it (columns in UTF-8 bytes)."""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.text)
        piece = self.text[start:end]
        if piece.isascii():
            return start + column
        return start + len(piece.encode()[:column].decode())

    def start(self, node: ast.expr | ast.stmt) -> int:
        """Offset of a node's first character."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        """Offset behind a node's last character."""
        return self.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def segment(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node."""
        return self.text[self.start(node) : self.end(node)]

    def indentation(self, statement: ast.stmt) -> str:
        """White space before a statement's line."""
        start = self.line_starts[statement.lineno - 1]
        line = self.text[start : self.start(statement)]
        return line[: len(line) - len(line.lstrip())]


def blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The statement lists of a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
            yield block
    for handler in getattr(node, "handlers", ()):
        yield handler.body
    for case in getattr(node, "cases", ()):
        yield case.body


def trimmed(text: str, splice: Splice) -> Splice:
    """The same splice without what it leaves as it was, so that equal edits look equal."""
    start, end, new = splice
    while start < end and new and text[start] == new[0]:
        start, new = start + 1, new[1:]
    while start < end and new and text[end - 1] == new[-1]:
        end, new = end - 1, new[:-1]
    return Splice(start, end, new)


def apply_splices(text: str, splices: tuple[Splice, ...]) -> str:
    """The text with all splices applied; they must not overlap."""
    for start, end, replacement in sorted(splices, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


def lines_of(text: str) -> list[str]:
    """Lines with their ends, as Python counts them: unlike for `splitlines`, a form feed ends none."""
    return list(io.StringIO(text, newline=""))


def decode(content: bytes) -> tuple[str, str]:
    """(text, encoding) of a source file, line ends untouched. Raises SyntaxError on a bad cookie or bytes."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError as bad:
        raise SyntaxError(str(bad)) from bad


# ── precedence: where replaced text needs parentheses ─────────────────────────────────────────────

_BINARY = {
    ast.BitOr: 5, ast.BitXor: 6, ast.BitAnd: 7, ast.LShift: 8, ast.RShift: 8, ast.Add: 9, ast.Sub: 9,
    ast.Mult: 10, ast.Div: 10, ast.FloorDiv: 10, ast.Mod: 10, ast.MatMult: 10, ast.Pow: 12,
}  # fmt: skip
_ATOM = 14


def precedence(node: ast.expr) -> int:
    """How tightly an expression binds; the Python reference, section 6.17, counted from 0.

    Below that: -1 for a tuple without parentheses, -2 for what stands in parentheses nearly everywhere.
    """
    match node:
        case ast.NamedExpr() | ast.Yield() | ast.YieldFrom():
            return -2
        case ast.Lambda() | ast.IfExp():
            return 0
        case ast.Tuple():
            return -1
        case ast.BoolOp(op=ast.Or()):
            return 1
        case ast.BoolOp():
            return 2
        case ast.UnaryOp(op=ast.Not()):
            return 3
        case ast.Compare():
            return 4
        case ast.BinOp():
            return _BINARY[type(node.op)]
        case ast.UnaryOp():
            return 11
        case ast.Await():
            return 13
        case _:
            return _ATOM


def required(parent: ast.AST, child: ast.AST) -> int:
    """The least precedence that can stand in a child's place without parentheses."""
    match parent:
        case ast.BinOp(op=op):
            level = _BINARY[type(op)]
            left = parent.left is child
            return level + (left if isinstance(op, ast.Pow) else not left)
        case ast.Compare():
            return 5
        case ast.BoolOp(op=ast.Or()):
            return 2
        case ast.BoolOp():
            return 3
        case ast.UnaryOp(op=ast.Not()):
            return 3
        case ast.UnaryOp():
            return 11
        case ast.Attribute() | ast.Await():
            return _ATOM
        case ast.Subscript():
            return _ATOM if parent.value is child else -1
        case ast.Call():
            return _ATOM if parent.func is child else 0
        case ast.IfExp():
            return 0 if parent.orelse is child else 1
        case ast.comprehension() | ast.Starred() | ast.FormattedValue():
            return 5
        case ast.Dict(keys=keys, values=values):
            unpacked = [value for key, value in zip(keys, values, strict=True) if key is None]
            return 5 if any(value is child for value in unpacked) else 0
        case ast.Slice():
            return 1
        case ast.Return() | ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Expr() | ast.For() | ast.AsyncFor():
            return -1
        case _:
            return 0
