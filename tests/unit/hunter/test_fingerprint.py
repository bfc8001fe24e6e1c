import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import Finding, Location, Severity
from grace.hunter.fingerprint import fingerprint, only_new


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

    new = [finding.fingerprint for finding in only_new(found(before), found(after))]
    assert {p: new.count(p) for p in "abc"} == {p: max(0, after.count(p) - before.count(p)) for p in "abc"}
