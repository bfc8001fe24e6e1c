import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import Finding, Location, Severity
from grace.hunter.baseline import difference
from grace.hunter.fingerprint import fingerprint


def at(source: str, line: int, rule: str = "B1") -> str:
    return fingerprint(rule, ast.parse(source), line)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("f( 1 )", 1), ("# c\n\nf(1)  # c", 3)),
        (("with f():\n  x = 1", 1), ("with f():\n    y = 2", 1)),
        (("try:\n  pass\nexcept E:\n  f()", 4), ("try:\n  g()\nexcept E:\n  f()", 4)),
        (("def a(x=1):\n  pass", 1), ("@d\ndef b(): pass\ndef a(x=1):\n  return 2", 3)),
        (("match x:\n  case 1:\n    f()", 3), ("match x:\n  case 1:\n    g()\n    f()", 4)),
        (("def f(a):\n  b = a\n  g(b, a, b)", 3), ("def f(x):\n  y = x\n  g(y, x, y)", 3)),
        (("def f():\n  with a as b:\n    g(b)", 2), ("def f():\n  with a as c:\n    h(c)", 2)),
        (("def f():\n  def g(a):\n    h(a, x)\n  x = 1", 3), ("def f():\n  def g(b):\n    h(b, y)\n  y = 1", 3)),
        (("f([a for a in X if a])", 1), ("f([b for b in X if b])", 1)),
        (("f(lambda a, *b: a + b)", 1), ("f(lambda c, *d: c + d)", 1)),
        (("def f(a=1, *, b: T): pass", 1), ("def f(x=1, *, y: T): pass", 1)),
    ],
)
def test_the_same_finding_after_a_move(one, other):
    assert at(*one) == at(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("f(1)", 1), ("f(2)", 1)),
        (("def a():\n  f()", 2), ("def b():\n  f()", 2)),
        (("f()\n", 1), ("f()\n", 9)),
        (("a = 1\nf(a)", 2), ("b = 1\nf(b)", 2)),
        (("def f(a, b):\n  g(a, b)", 2), ("def f(a, b):\n  g(a, a)", 2)),
        (("def f():\n  import os\n  os.g()", 3), ("def f():\n  import sys\n  sys.g()", 3)),
        (("def f():\n  global a\n  a = 1\n  g(a)", 4), ("def f():\n  global b\n  b = 1\n  g(b)", 4)),
        (("def f(a):\n  g(a, 'x')", 2), ("def f(a):\n  g(a, 'y')", 2)),
    ],
)
def test_different_findings(one, other):
    assert at(*one) != at(*other)
    assert at(*one) != at(*one, rule="B2")


@pytest.mark.parametrize(
    "source",
    [
        "try:\n  f()\nfinally:\n  g()",
        "try:\n  f()\nexcept* E:\n  g()",
        "class A(B): x = 1",
        "if a:\n  b\nelse:\n  c",
    ],
)
def test_every_statement_has_a_header(source):
    assert len(at(source, 1)) == 64


FINGERPRINTS = st.lists(st.sampled_from("abc"), max_size=8)


@given(FINGERPRINTS, FINGERPRINTS)
def test_new_findings_are_the_multiset_difference(before, after):
    def found(prints):
        where = Location(path="a.py", line=1, end_line=1)
        low = Severity.LOW
        return [
            Finding(
                rule_id="r",
                title="",
                severity=low,
                confidence=low,
                location=where,
                detector="d",
                fingerprint=p,
            )
            for p in prints
        ]

    new = [finding.fingerprint for finding in difference(found(before), found(after)).new]
    assert {p: new.count(p) for p in "abc"} == {p: max(0, after.count(p) - before.count(p)) for p in "abc"}


def test_the_kind_of_source_tells_flows_apart():
    tree = ast.parse("f(x)")
    assert fingerprint("r", tree, 1, "web") != fingerprint("r", tree, 1, "arguments")


def test_the_tree_is_as_it_was_before():
    tree = ast.parse("def f(a):\n  b = a\n  g(b, lambda c: c)")
    before = ast.dump(tree)
    fingerprint("r", tree, 3)
    assert ast.dump(tree) == before


def test_an_expression_of_any_length_has_one():
    long = "x = " + " + ".join(f"a{n}" for n in range(900))
    assert at(long, 1) == at(f"# moved\n{long}", 2) != at(long + " + b", 1)
