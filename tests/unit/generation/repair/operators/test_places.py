"""Statements are inserted, moved and dropped whole, in the file's own line ends and indentation."""

from collections.abc import Callable
from typing import Any

import pytest

from grace.contracts import Location

Propose = Callable[..., Any]


def offered(propose: Propose, before: str, after: str, **how: Any) -> bool:
    """Whether a file of the one text may become the other."""
    return propose(before, **how).offer(after) is not None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(xs):\n    xs.sort()\n", "def f(xs):\n    xs.sort()\n    return xs\n"),
        ("def f(xs):\n    xs.sort()", "def f(xs):\n    xs.sort()\n    return xs"),
        ("def f(xs):\r\n    xs.sort()\r\n", "def f(xs):\r\n    xs.sort()\r\n    return xs\r\n"),
        ("def f(xs):\n\txs.sort()\n", "def f(xs):\n\txs.sort()\n\treturn xs\n"),
        (
            "def f(xs):\n    n = 0\n    for x in xs:\n        print(x)\n    return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        print(x)\n        n += 1\n    return n\n",
        ),
        (
            "def f(xs):\n    for x in xs:\n        print(x)  # ä\n    y = 1\n    return y\n",
            "def f(xs):\n    for x in xs:\n        print(x)  # ä\n        break\n    y = 1\n    return y\n",
        ),
        (
            "class A:\n    def go(self, n):\n        self.n = n\n        self.seen.add(n)\n\n    def back(self, n):\n"
            "        return n\n",
            "class A:\n    def go(self, n):\n        self.n = n\n        self.seen.add(n)\n\n    def back(self, n):\n"
            "        self.seen.add(n)\n        return n\n",
        ),
    ],
)  # fmt: skip
def test_statements_are_inserted(propose: Propose, before: str, after: str) -> None:
    assert offered(propose, before, after)


LOOP = "def f(xs, most):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n"


@pytest.mark.parametrize(
    ("where", "guard"),
    [
        ("        n += x\n", "        if x is None:\n            continue\n"),
        ("        n += x\n", "        if n > most:\n            break\n"),
        ("    for x in xs:\n", "    if not xs:\n        return 0\n"),
        ("    return n\n", "    if n == 0:\n        return None\n"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_guards_are_inserted(propose: Propose, where: str, guard: str, newline: str) -> None:
    before = LOOP.replace("\n", newline)
    after = LOOP.replace(where, guard + where).replace("\n", newline)
    assert offered(propose, before, after)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (  # out of its block
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n        return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n",
        ),
        (  # into the block before
            "def f(xs):\n    n = 0\n    for x in xs:\n        print(x)\n    n += x\n    return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        print(x)\n        n += x\n    return n\n",
        ),
        (  # before its block
            "def f(xs):\n    for x in xs:\n        n = 0\n        n += x\n    return n\n",
            "def f(xs):\n    n = 0\n    for x in xs:\n        n += x\n    return n\n",
        ),
        (  # past its neighbour, comments and all
            "def f(a, b):\n    # first\n    a = b  # one\n    b = a\n    return a, b\n",
            "def f(a, b):\n    # first\n    b = a\n    a = b  # one\n    return a, b\n",
        ),
        (  # dropped
            "def f(xs):\n    xs.sort()\n    xs.pop()\n    return xs\n",
            "def f(xs):\n    xs.sort()\n    return xs\n",
        ),
        ("def f(xs):\n    xs.pop()\n", "def f(xs):\n    pass\n"),
        (  # only its condition dropped
            "def f(n):\n    if n:\n        n += 1\n        n += 2\n    return n\n",
            "def f(n):\n    n += 1\n    n += 2\n    return n\n",
        ),
        (  # put under a condition
            "def f(n):\n    n += 1\n    return n\n",
            "def f(n):\n    if n < 0:\n        n += 1\n    return n\n",
        ),
        (
            "def f(n):\n    if n:\n        n = 1\n    return n\n",
            "def f(n):\n    while n:\n        n = 1\n    return n\n",
        ),
        (
            "def f(n):\n    if n:\n        n = 1\n    if n > 1:\n        n = 2\n    return n\n",
            "def f(n):\n    if n:\n        n = 1\n    elif n > 1:\n        n = 2\n    return n\n",
        ),
    ],
)
def test_statements_are_moved_dropped_and_rewritten(propose: Propose, before: str, after: str, newline: str) -> None:
    assert offered(propose, before.replace("\n", newline), after.replace("\n", newline))


def test_what_stands_outside_of_the_edit_stays_as_it_is(propose: Propose) -> None:
    before = "x  =  1 # odd\n\n\ndef f( a,b ):   # kept\n    return  a<b\n\n\n\ny = [ 1,\n 2 ]"
    count = 0
    for candidate, after in propose(before, lines=[4, 5]).texts():
        first = min(s.start for s in candidate.splices)
        last = max(s.end for s in candidate.splices)
        assert after.startswith(before[:first])
        assert after.endswith(before[last:])
        if candidate.unit.function is not None:
            assert after.startswith("x  =  1 # odd\n\n\ndef f( a,b ):   # kept\n")
            assert after.endswith("\n\n\n\ny = [ 1,\n 2 ]")
            count += 1
    assert count > 100


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(x):\n    return x.y\n", "def f(x):\n    if x is None:\n        x = []\n    return x.y\n"),
        ("def f(x):\n    g(x)\n", "def f(x):\n    if isinstance(x, bytes):\n        x = x.decode()\n    g(x)\n"),
        (
            "def f(x):\n    if x:\n        x += 1\n    else:\n        x -= 1\n    return x\n",
            "def f(x):\n    x += 1\n    return x\n",
        ),
        (
            "def f(x):\n    if x:\n        x += 1\n    else:\n        x -= 1\n    return x\n",
            "def f(x):\n    x -= 1\n    return x\n",
        ),
    ],
)  # fmt: skip
def test_values_and_branches_under_a_condition(propose: Propose, before: str, after: str, newline: str) -> None:
    assert offered(propose, before.replace("\n", newline), after.replace("\n", newline))


def test_a_branch_that_an_elif_goes_on_is_not_taken_alone(propose: Propose) -> None:
    before = "def f(x):\n    if x:\n        x += 1\n    elif x == 0:\n        x -= 1\n    return x\n"
    assert not offered(propose, before, "def f(x):\n    elif x == 0:\n        x -= 1\n    return x\n")


RAISING = "def f(xs, k):\n    for x in xs:\n        n = x[k]\n    return n\n"
TRIED = """\
def f(xs, k):
    for x in xs:
        try:
            n = x[k]
        except KeyError:
            continue
    return n
"""
CAUGHT = "def f(xs, k):\n    try:\n        return xs[k]\n    except {}:\n        return None\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (RAISING, TRIED),
        (RAISING, TRIED.replace("continue", "n = None")),
        (CAUGHT.format("IndexError"), CAUGHT.format("KeyError")),
        (CAUGHT.format("IndexError"), CAUGHT.format("(IndexError, KeyError)")),
        (CAUGHT.format("(IndexError, OSError,)"), CAUGHT.format("(IndexError, OSError, KeyError)")),
    ],
)
def test_what_raised_is_tried_and_caught(propose: Propose, before: str, after: str, newline: str) -> None:
    red = {"exception": "KeyError", "message": "'k'", "frames": (Location(path="code.py", line=3, end_line=3),)}
    assert offered(propose, before.replace("\n", newline), after.replace("\n", newline), **red)


def test_an_assertion_that_fails_is_not_caught(propose: Propose) -> None:
    red = {"exception": "AssertionError", "message": "", "frames": (Location(path="code.py", line=3, end_line=3),)}
    assert all("except" not in text for _, text in propose(RAISING, **red).texts())
