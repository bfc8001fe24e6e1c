"""What the exception says is answered directly, before anything is guessed."""

from collections.abc import Callable
from typing import Any

import pytest

from grace.contracts import Location
from grace.generation.repair.operators.crashes import expected_errors

Propose = Callable[..., Any]


def rank_of(propose: Propose, before: str, after: str, line: int, exception: str, message: str = "") -> int:
    """How many candidates come before the wanted one."""
    frame = Location(path="code.py", line=line, end_line=line)
    proposals = propose(before, exception=exception, message=message, frames=(frame,))
    for k, (_, changed) in enumerate(proposals.texts()):
        if changed == after:
            return k
    raise LookupError(after)


@pytest.mark.parametrize(
    ("before", "after", "line", "exception", "message", "most"),
    [
        (
            "def f(names):\n    return sorted(nmaes)\n", "def f(names):\n    return sorted(names)\n", 2,
            "NameError", "name 'nmaes' is not defined", 3,
        ),
        (
            "class A:\n    def f(self):\n        self.size = 1\n        return size\n",
            "class A:\n    def f(self):\n        self.size = 1\n        return self.size\n", 4,
            "NameError", "name 'size' is not defined", 3,
        ),
        (
            '"""Doc."""\n\n\ndef f(x):\n    return math.floor(x)\n',
            '"""Doc."""\nimport math\n\n\ndef f(x):\n    return math.floor(x)\n', 5,
            "NameError", "name 'math' is not defined", 3,
        ),
        (
            "import os\n\n\ndef f():\n    return defaultdict(int)\n",
            "import os\nfrom collections import defaultdict\n\n\ndef f():\n    return defaultdict(int)\n", 5,
            "NameError", "name 'defaultdict' is not defined", 3,
        ),
        (
            "def f(d):\n    return pick(d.keys())\n", "def f(d):\n    return pick(list(d.keys()))\n", 2,
            "TypeError", "Population must be a sequence.  For dicts or sets, use sorted(d).", 40,
        ),
        (
            "def f(d):\n    return list(iterkeys(d))\n", "def f(d):\n    return list(d.keys())\n", 2,
            "NameError", "name 'iterkeys' is not defined", 10,
        ),
        (
            "def f():\n    return u('a')\n", "def f():\n    return 'a'\n", 2,
            "NameError", "name 'u' is not defined", 10,
        ),
        (
            "def f(x):\n    return x.strp()\n", "def f(x):\n    return x.strip()\n", 2,
            "AttributeError", "'str' object has no attribute 'strp'", 3,
        ),
        (
            "def f(x):\n    return x.name\n",
            "def f(x):\n    return (x.name if x is not None else None)\n", 2,
            "AttributeError", "'NoneType' object has no attribute 'name'", 20,
        ),
        (
            "def f(x):\n    y = x.name\n    return y\n",
            "def f(x):\n    if x is None:\n        return None\n    y = x.name\n    return y\n", 2,
            "AttributeError", "'NoneType' object has no attribute 'name'", 300,
        ),
        (
            "def f(x, n):\n    return x + n\n", "def f(x, n):\n    return x + str(n)\n", 2,
            "TypeError", 'can only concatenate str (not "int") to str', 60,
        ),
        (
            "def f(x, n):\n    return x + n\n", "def f(x, n):\n    return x + (n or 0)\n", 2,
            "TypeError", "unsupported operand type(s) for +: 'int' and 'NoneType'", 60,
        ),
        (
            "def g(a, b):\n    return a\n\n\ndef f(x, y):\n    return g(x)\n",
            "def g(a, b):\n    return a\n\n\ndef f(x, y):\n    return g(x, y)\n", 6,
            "TypeError", "g() missing 1 required positional argument: 'b'", 60,
        ),
        (
            "async def g():\n    return 1\n\n\nasync def f(x):\n    x = g()\n    return x + 1\n",
            "async def g():\n    return 1\n\n\nasync def f(x):\n    x = g()\n    return await x + 1\n", 7,
            "TypeError", "unsupported operand type(s) for +: 'coroutine' and 'int'", 60,
        ),
        (
            "def f(d, k):\n    return d[k]\n", "def f(d, k):\n    return d.get(k, 0)\n", 2, "KeyError", "'a'", 60,
        ),
        (
            "def f(d, k):\n    d = d[k]\n    return d\n",
            "def f(d, k):\n    if k not in d:\n        return None\n    d = d[k]\n    return d\n", 2,
            "KeyError", "'a'", 300,
        ),
        (
            "def f(xs):\n    return sum(xs) / len(xs)\n",
            "def f(xs):\n    if not xs:\n        return 0\n    return sum(xs) / len(xs)\n", 2,
            "ZeroDivisionError", "division by zero", 500,
        ),
        (
            "def f(xs):\n    return sum(xs) / len(xs)\n",
            "def f(xs):\n    return (sum(xs) / len(xs) if len(xs) else 0)\n", 2,
            "ZeroDivisionError", "division by zero", 60,
        ),
        (
            "def f(xs):\n    x = xs[0]\n    return x\n",
            "def f(xs):\n    if not xs:\n        return None\n    x = xs[0]\n    return x\n", 2,
            "IndexError", "list index out of range", 300,
        ),
        (
            "def f(n):\n    return f(n - 1)\n", "def f(n):\n    if n <= 0:\n        return 0\n    return f(n - 1)\n", 2,
            "RecursionError", "maximum recursion depth exceeded", 300,
        ),
        (
            "def f(xs):\n    for x in xs:\n        n = x\n    return n\n",
            "def f(xs):\n    n = None\n    for x in xs:\n        n = x\n    return n\n", 4,
            "UnboundLocalError", "cannot access local variable 'n' where it is not associated with a value", 300,
        ),
    ],
)  # fmt: skip
def test_the_answer_comes_early(
    propose: Propose, before: str, after: str, line: int, exception: str, message: str, most: int
) -> None:
    assert rank_of(propose, before, after, line, exception, message) < most


def test_an_import_goes_behind_the_future_and_in_the_files_line_ends(propose: Propose) -> None:
    before = '"""Doc."""\r\nfrom __future__ import annotations\r\n\r\n\r\ndef f():\r\n    return re\r\n'
    after = before.replace("annotations\r\n", "annotations\r\nimport re\r\n")
    assert rank_of(propose, before, after, 6, "NameError", "name 're' is not defined") < 5


@pytest.mark.parametrize(
    ("test", "names"),
    [
        ("with pytest.raises(ValueError):\n    f()", ("ValueError",)),
        ("with self.assertRaises(errors.Broken) as e:", ("Broken",)),
        ("self.assertRaisesRegex(KeyError, 'x', f)\nwith raises( OSError, match='y'): ...", ("KeyError", "OSError")),
        ("assert f() == 1", ()),
    ],
)
def test_expected_errors_are_read_from_the_test(test: str, names: tuple[str, ...]) -> None:
    assert expected_errors(test) == names


def test_what_the_test_expects_to_be_raised_is_raised(propose: Propose) -> None:
    before = "def f(n):\n    return n\n"
    proposals = propose(before, test="with raises(ValueError): f(1)", exception="Failed")
    assert proposals.offer("def f(n):\n    if n < 0:\n        raise ValueError(n)\n    return n\n")


def test_an_attribute_that_may_be_missing_is_asked_for_with_what_the_test_expects(propose: Propose) -> None:
    before, after = "def f(x):\n    return x.name\n", "def f(x):\n    return getattr(x, 'name', 'nobody')\n"
    red = {"exception": "AttributeError", "message": "'X' object has no attribute 'name'"}
    test = "def test():\n    assert f(1) == 'nobody'\n"
    frames = (Location(path="code.py", line=2, end_line=2),)
    assert propose(before, test=test, frames=frames, **red).offer(after) is not None
    assert propose(before, frames=frames, **red).offer(after) is None
