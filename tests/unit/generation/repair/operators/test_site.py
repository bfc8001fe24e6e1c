"""An expression gives way to another without changing how the code around it groups."""

import ast

import pytest

from grace.generation.repair.operators.site import Site, expressions_of, header_lines, statements_in
from grace.generation.repair.scope import Scope
from grace.generation.repair.source import Source, apply_splices

PLACES = [
    "hole + b", "b - hole", "hole ** b", "b ** hole", "hole @ b", "b << hole", "b | hole", "hole & b", "-hole",
    "~hole", "not hole", "hole and b", "b or hole", "a < hole", "hole in b < c", "hole.name", "hole[0]", "b[hole]",
    "b[hole:1]", "b[0, hole]", "f(hole)", "f(1, hole)", "f(k=hole)", "f(*hole)", "f(**hole)", "hole(1)", "[hole]",
    "[1, *hole]", "(hole, 1)", "{hole}", "{hole: 1}", "{1: hole}", "{**hole}", "[x for x in hole]",
    "[x for x in y if hole]", "[hole for x in y]", "{hole: 1 for x in y}", "b if hole else c", "hole if b else c",
    "b if c else hole", "lambda: hole", "await hole", "(z := hole)", "f(hole for x in y)",
    "hole",
]  # fmt: skip
STATEMENTS = [
    "y = {}", "return {}", "if {}:\n        pass", "while {}:\n        pass", "y += {}", "for i in {}:\n        pass",
    "assert {}, b", "assert b, {}", "y: int = {}", "raise {}", "with {} as y:\n        pass", "{}", "del y[{}]",
]  # fmt: skip
NEW = [
    "p", "1", "-1", "p.q", "p ** q", "-p", "not p", "p * q", "p + q", "p | q", "p < q", "p and q", "p or q",
    "p if q else r", "lambda: p", "p, q", "(p, q)", "(p) + (q)", "(p or q)", "(z := p)", "z := p", "await p",
    "yield p", "(yield)", "[p, q]", "f(p, q)", "p +\n    q", "p[q, r]", "'a, b'", "{p: q}",
]  # fmt: skip


def hole_of(program: str) -> tuple[Source, Site]:
    source = Source("a.py", program)
    (function,) = source.functions
    for statement in statements_in(function.node.body):
        for node in expressions_of(statement):
            if isinstance(node, ast.Name) and node.id == "hole":
                return source, Site(source, Scope(source, function), node, statement)
    raise LookupError(program)


class Fill(ast.NodeTransformer):
    """Puts an expression in the hole's place."""

    def __init__(self, new: str) -> None:
        self.new = ast.parse(f"({new})", mode="eval").body

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self.new if node.id == "hole" else node


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_tree_is_as_intended_in_every_place(statement: str) -> None:
    for place in PLACES:
        program = f"async def f():\n    {statement.format(place)}\n"
        _, site = hole_of(program)
        for new in NEW:
            changed = apply_splices(program, site.replaced(new, 1.0, "test").splices)
            intended = ast.dump(Fill(new).visit(ast.parse(program)))
            assert ast.dump(ast.parse(changed)) == intended, (program, new, changed)


@pytest.mark.parametrize(
    ("place", "new", "expected"),
    [
        ("hole + 1", "(p or q)", "(p or q) + 1"),
        ("f(hole)", "(p, q)", "f((p, q))"),
        ("hole * 2", "p * q", "p * q * 2"),
        ("hole", "p, q", "p, q"),
        ("hole.x", "p.y", "p.y.x"),
    ],
)
def test_no_parentheses_that_are_not_needed(place: str, new: str, expected: str) -> None:
    program = f"def f():\n    return {place}\n"
    _, site = hole_of(program)
    assert apply_splices(program, site.replaced(new, 1.0, "test").splices) == f"def f():\n    return {expected}\n"


def test_a_generator_gives_way_without_its_calls_parentheses() -> None:
    program = "def f(xs):\n    return sum(x for x in xs)\n"
    source = Source("a.py", program)
    (function,) = source.functions
    (statement,) = function.node.body
    (node,) = (n for n in expressions_of(statement) if isinstance(n, ast.GeneratorExp))
    edit = Site(source, Scope(source, function), node, statement).replaced("xs", 1.0, "test")
    assert apply_splices(program, edit.splices) == "def f(xs):\n    return sum(xs)\n"


@pytest.mark.parametrize(
    ("code", "role"),
    [
        ("if hole: pass", "condition"), ("while a and hole: pass", "condition"), ("y = a and hole", "operand"),
        ("y = hole[0]", "object"), ("y = a[hole]", "index"), ("y = a[hole:]", "bound"), ("hole()", "callee"),
        ("f(hole)", "argument"), ("f(k=hole)", "argument"), ("return hole", "returned"), ("y = hole", "assigned"),
        ("y += hole", "assigned"), ("a < hole", "compared"), ("a + hole", "operand"),
        ("for i in hole: pass", "iterated"),
        ("[i for i in hole]", "iterated"), ("[i for i in a if hole]", "condition"), ("[hole]", "element"),
        ("hole.x", "object"), ("not hole", "condition"), ("raise hole", "other"),
    ],
)  # fmt: skip
def test_an_expression_has_a_role(code: str, role: str) -> None:
    assert hole_of(f"def f():\n    {code}\n")[1].role == role


def test_header_lines_leave_out_what_a_statement_holds() -> None:
    tree = ast.parse("if (a and\n    b):\n    c\nelse:\n    d\n\nx = (1,\n     2)\n")
    assert [list(header_lines(s)) for s in tree.body] == [[1, 2], [7, 8]]
