"""A file of the repository as text with a syntax tree over it; edits are splices of the text."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

_LINE_ENDS = re.compile(r"\r\n|\r|\n")

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
        return self.text.count('"') > self.text.count("'")

    def in_its_quotes(self, text: str) -> str:
        """New text with the quotes that the file prefers, where exchanging them is safe."""
        if self._prefers_double_quotes and '"' not in text and "\\" not in text:
            return text.replace("'", '"')
        return text

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


def apply_splices(text: str, splices: tuple[Splice, ...]) -> str:
    """The text with all splices applied; they must not overlap."""
    for start, end, replacement in sorted(splices, reverse=True):
        text = text[:start] + replacement + text[end:]
    return text


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
