"""Candidates are judged in forks, by the letter, and do not see each other."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from grace.generation.repair.session import Session

Warm = Callable[..., AbstractContextManager[Session]]


def function_unit(source: str, name: str, path: str = "code.py", classes: tuple[str, ...] = ()) -> dict[str, Any]:
    """The unit of one function, described as the zygote reads it."""
    lines = source.splitlines(keepends=True)
    first = next(k for k, line in enumerate(lines) if line.lstrip().startswith(f"def {name}("))
    depth = len(lines[first]) - len(lines[first].lstrip())
    last = first + 1
    while last < len(lines) and (not lines[last].strip() or lines[last].startswith(" " * (depth + 1))):
        last += 1
    return {
        "kind": "function", "path": path, "source": "".join(lines[first:last]), "name": name,
        "classes": list(classes), "line": first + 1, "first_line": first + 1,
    }  # fmt: skip


def module_unit(source: str, path: str = "code.py") -> dict[str, Any]:
    return {"kind": "module", "path": path, "source": source}


def edit(unit: dict[str, Any], old: str, new: str) -> list[Any]:
    """The first `old` of unit 0 gives way to `new`."""
    start = unit["source"].index(old)
    return [[0, [[start, start + len(old), new]]]]


def tried(session: Session, unit: dict[str, Any], edits: list[list[Any]], **more: Any) -> list[str]:
    """The letter of each edit; candidates are numbered from 0."""
    order: dict[str, Any] = {
        "test": 0, "seconds": 0.1, "direct": True, "light": True, "isolated": False, "jobs": 2, **more
    }  # fmt: skip
    answers = session.order("try", units=[[0, unit]], candidates=[[k, e] for k, e in enumerate(edits)], **order)
    letters = dict(answer["tried"] for answer in answers)
    return [letters[k] for k in range(len(edits))]


HALF = "def half(n):\n    return n // 3\n"
TEST = "from code_ import half\n\ndef test_half():\n    assert half(10) == 5\n"
WAYS = pytest.mark.parametrize("way", [{}, {"direct": False}, {"direct": False, "light": False}, {"isolated": True}])


@WAYS
def test_each_candidate_gets_its_letter(warm: Warm, way: dict[str, bool]) -> None:
    unit = function_unit(HALF, "half", "code_.py")
    news = ["n // 2", "n //", "n // 4", "(lambda: 1 / 0)()", "half(n)", "exit()", "n // 2"]
    edits = [edit(unit, "n // 3", new) for new in news]
    edits += [
        edit(unit, "return", "while True: n ="),
        edit(unit, "return", "import os; os._exit(0); return"),
        edit(unit, "return", "import ctypes; ctypes.string_at(0); return"),
    ]
    with warm({"code_.py": HALF, "test_code.py": TEST}) as session:
        letters = tried(session, unit, edits, **way)
        assert "".join(letter[0] for letter in letters) == "psffffphcc"
        assert letters[2] != letters[3], "another failure has another signature"
        assert tried(session, unit, [[], edits[0]], **way)[0][0] == "f", "the original is there again"


def test_code_that_waits_is_interrupted_and_its_process_goes_on(warm: Warm) -> None:
    unit = function_unit(HALF, "half", "code_.py")
    waiting = edit(unit, "return n // 3", "import threading; threading.Event().wait()")
    with warm({"code_.py": HALF, "test_code.py": TEST}) as session:
        letters = tried(session, unit, [edit(unit, "3", "4"), waiting, edit(unit, "3", "2")], seconds=0.01, jobs=1)
        assert "".join(letter[0] for letter in letters) == "fhp"


def test_a_test_that_only_fails_under_pytest_is_not_called_directly(warm: Warm) -> None:
    """Asked directly first, then not: the answer to the first question must not stay."""
    files = {
        "code_.py": HALF,
        "conftest.py": "def pytest_pyfunc_call(pyfuncitem):\n    raise UserWarning\n",
        "test_code.py": "def test_it(): pass\n",
    }
    with warm(files) as session:
        unit = function_unit(HALF, "half", "code_.py")
        assert tried(session, unit, [[]], direct=True) == ["p"]
        assert tried(session, unit, [[]], direct=False, light=False)[0].startswith("fUserWarning")


CASE = """import unittest
from code_ import half

class Half(unittest.TestCase):
    CLASS
    def setUp(self): self.wanted = 5
    def test_half(self):
        self.addCleanup(half, 0)
        self.assertEqual(half(10), self.wanted)
    def tearDown(self): assert self.wanted == 5
"""


def test_a_unittest_case_is_called_directly_unless_its_class_is_set_up(warm: Warm) -> None:
    files = {"code_.py": HALF, "conftest.py": "def pytest_runtest_setup(item):\n    raise UserWarning\n"}
    unit = function_unit(HALF, "half", "code_.py")
    right = edit(unit, "3", "2")
    with warm({**files, "test_code.py": CASE.replace("CLASS", "pass")}) as session:
        assert [letter[0] for letter in tried(session, unit, [right, edit(unit, "3", "4"), right])] == ["p", "f", "p"]
        assert tried(session, unit, [right], direct=False, light=False)[0].startswith("fUserWarning")
    set_up = "@classmethod\n    def setUpClass(cls): cls.ready = True"
    with warm({**files, "test_code.py": CASE.replace("CLASS", set_up)}) as session:
        assert tried(session, unit, [right], light=False)[0].startswith("fUserWarning")


def test_a_test_that_strangely_passes_has_a_letter_too(warm: Warm) -> None:
    files = {
        "code_.py": HALF,
        "test_code.py": "import pytest\n\n@pytest.mark.xfail(strict=True)\ndef test_x(): pass\n",
    }
    with warm(files) as session:
        assert tried(session, function_unit(HALF, "half", "code_.py"), [[], []]) == ["ffailed", "ffailed"]


STATEFUL = "seen = []\n\n\ndef note(name):\n    seen.append(name.upper())\n    return seen\n"
STATEFUL_TEST = "from code_ import note\n\ndef test_note():\n    assert note('a') == ['a']\n"


def test_what_candidates_leave_behind_shows_in_the_explanation_of_the_original(warm: Warm) -> None:
    unit = function_unit(STATEFUL, "note", "code_.py")
    fixing = edit(unit, ".upper()", "")
    with warm({"code_.py": STATEFUL, "test_code.py": STATEFUL_TEST}) as session:
        order: dict[str, Any] = {"test": 0, "seconds": 0.1, "direct": True, "light": True, "explain": True, "jobs": 1}
        candidates: list[Any] = [[-1, []], [0, fixing], [-2, []]]
        together = list(session.order("try", units=[[0, unit]], candidates=candidates, isolated=False, **order))
        apart = list(session.order("try", candidates=candidates, isolated=True, **order))
        assert [a["tried"][1][0] for a in together] == ["f", "f", "f"]
        assert together[0]["explained"] != together[2]["explained"]
        assert [a["tried"][1][0] for a in apart] == ["f", "p", "f"]
        assert apart[0]["explained"] == apart[2]["explained"]


def test_each_candidate_starts_in_the_project_with_empty_caches_and_its_own_arguments(warm: Warm) -> None:
    code = (
        "import functools, os\n\n\n@functools.lru_cache()\ndef slow(n):\n    return n + 1\n\n\n"
        "def f(xs):\n    os.chdir('/')\n    xs.append(slow(1))\n    return xs\n"
    )
    test = (
        "import os, pytest\nfrom code_ import f\n\n@pytest.mark.parametrize('xs', [[1]])\n"
        "def test_f(xs):\n    assert os.getcwd() != '/'\n    assert f(xs) == [1, 2, 3]\n"
    )
    unit = function_unit(code, "f", "code_.py")
    edits = [edit(unit, "slow(1)", "slow(2)"), edit(unit, "return xs", "xs.append(3); return xs")] * 2
    with warm({"code_.py": code, "test_code.py": test}) as session:
        assert "".join(letter[0] for letter in tried(session, unit, edits, jobs=1)) == "fpfp"


METHODS = """\
class Base:
    def size(self):
        return 1

class Box(Base):
    class Inner:
        def __value(self):
            return 2

        def value(self):
            return self.__value()

    def size(self):
        return super().size() + 2

    @staticmethod
    def fixed(x=[7]):
        return x[0]

if True:
    def indented():
        return 9

def outer(k):
    def inner():
        return k
    return inner
"""


EXCHANGES: list[tuple[str, tuple[str, ...], str, str, str]] = [
    ("size", ("Box",), "+ 2", "+ 3", "Box().size() == alias(Box()) == 4"),
    ("value", ("Box", "Inner"), "self.__value()", "-self.__value()", "Box.Inner().value() == -2"),
    ("indented", (), "9", "8", "indented() == 8"),
    ("outer", (), "return k", "return k + 1", "outer(1)() == 2"),
]


def test_functions_are_exchanged_where_they_are(warm: Warm) -> None:
    tests = [f"def test_{k}():\n    assert {how[4]}\n" for k, how in enumerate(EXCHANGES)]
    code = "from code_ import *\nalias = Box.size\n" + "".join(tests)
    with warm({"code_.py": METHODS, "test_code.py": code}) as session:
        for k, (name, classes, old, new, _) in enumerate(EXCHANGES):
            start = METHODS.index(f"class {classes[0]}") if classes else 0
            above = "\n" * METHODS[:start].count("\n")
            unit = function_unit(above + METHODS[start:], name, "code_.py", classes)
            letters = tried(session, unit, [[], edit(unit, old, new)], test=k)
            assert (letters[0][0], letters[1]) == ("f", "p"), name


def test_an_edit_that_changes_the_closure_is_not_swappable(warm: Warm) -> None:
    unit = function_unit("\n" * 4 + METHODS[METHODS.index("class Box") :], "size", "code_.py", ("Box",))
    code = "from code_ import Box\n\ndef test_it():\n    assert Box().size() == 2\n"
    with warm({"code_.py": METHODS, "test_code.py": code}) as session:
        assert tried(session, unit, [edit(unit, "super().size() + 2", "2")]) == ["n"]
        whole = module_unit(METHODS, "code_.py")
        assert tried(session, whole, [edit(whole, "super().size() + 2", "2")]) == ["p"]
