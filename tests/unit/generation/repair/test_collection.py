"""What keeps tests from being collected is mended one error after the other, or nothing is written."""

import ast
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import Location, RedTest
from grace.generation.repair.collection import Answer, answers, mend_collection, variants
from grace.generation.repair.reproduce import collection_red
from grace.generation.repair.session import Session
from grace.generation.repair.source import lines_of

Warm = Callable[..., AbstractContextManager[Session]]

CODE = st.text("abx =:()[]{},.'\"\n\r\t\x0c#01") | st.lists(
    st.sampled_from(
        ["def f(x)", "if a = 1:", "    return x", "x = max(1, 2", "else if b", "\tpass", "", "\x0c", "y = 'a"]
    )
).map("\n".join)


@given(CODE, st.integers(1, 12))
def test_each_variant_differs_in_one_line_at_or_shortly_before_the_error(text: str, line: int) -> None:
    before, seen = lines_of(f"{text}."), set()
    for variant in variants(text, line):
        assert variant not in seen and variant != text
        seen.add(variant)
        after = lines_of(f"{variant}.")
        assert len(after) == len(before)
        (changed,) = [k for k, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]]
        assert line - 4 < changed <= line


@pytest.mark.parametrize(
    ("broken", "line", "mended"),
    [
        ("def f(x)\n    return x\n", 1, "def f(x):\n    return x\n"),
        ("def f(x)  # why\n    return x\n", 1, "def f(x):  # why\n    return x\n"),
        ("x = (1,\ny = 2\n", 2, "x = (1),\ny = 2\n"),
        ("if x:\n    pass\nelse if y:\n    pass\n", 3, "if x:\n    pass\nelif y:\n    pass\n"),
        ("x = 1\r\n  y = 2\r\n", 2, "x = 1\r\ny = 2\r\n"),
        ("def f():\n    x = 1\n\n        return x\n", 4, "def f():\n    x = 1\n\n    return x\n"),
        ("x = 1\n\x0c\ndef f()\n    pass\n", 3, "x = 1\n\x0c\ndef f():\n    pass\n"),
    ],
)
def test_usual_slips_are_among_the_first_that_parse(broken: str, line: int, mended: str) -> None:
    assert mended in [text for text in variants(broken, line) if parses(text)][:3]


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


class Shown(NamedTuple):
    """An error, what it is about, and the place that it names."""

    exception: str
    message: str
    path: str = "code.py"
    line: int = 1

    def red(self) -> RedTest:
        place = Location(path=self.path, line=self.line, end_line=self.line)
        return RedTest(
            test_id="test_code.py", outcome="error", exception=self.exception, message=self.message, frames=(place,)
        )


FILES = {
    "pkg/__init__.py": "",
    "pkg/near.py": "LIMIT: int = 3\n\n\ndef shout(): ...\n",
    "test_code.py": "import code\n",
}


@pytest.mark.parametrize(
    ("code", "shown", "mended"),
    [
        ("print(json)\n", Shown("NameError", "name 'json' is not defined"), "import json\nprint(json)\n"),
        (
            "from pkg.near import shuot\n",
            Shown("ImportError", "cannot import name 'shuot' from 'pkg.near' (/x/pkg/near.py)"),
            "from pkg.near import shout\n",
        ),
        (
            "from pkg.near import LIMITS\n",
            Shown("ImportError", "cannot import name 'LIMITS' from 'pkg.near' (/x/pkg/near.py)"),
            "from pkg.near import LIMIT\n",
        ),
        (
            "import pkg.naer as n\n",
            Shown("ModuleNotFoundError", "No module named 'pkg.naer'"),
            "import pkg.near as n\n",
        ),
        (
            "from .naer import shout\n",
            Shown("ModuleNotFoundError", "No module named 'pkg.naer'"),
            "from .near import shout\n",
        ),
        ("def f()\n    pass\n", Shown("SyntaxError", "expected ':'"), "def f():\n    pass\n"),
    ],
)  # fmt: skip
def test_the_usual_answer_to_each_kind_of_error_is_offered(
    tmp_path: Path, code: str, shown: Shown, mended: str
) -> None:
    write(tmp_path, {**FILES, "code.py": code})
    offered = list(answers(tmp_path, shown.red()))
    assert mended in [answer.text for answer in offered]
    assert {answer.path for answer in offered} == {"code.py"}
    assert code not in [answer.text for answer in offered]


def test_the_projects_definition_takes_the_name_that_a_test_imports(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    message = f"cannot import name 'shouts' from 'pkg.near' ({tmp_path}/pkg/near.py)"
    (offered,) = answers(tmp_path, Shown("ImportError", message, path="test_code.py").red())
    assert offered == Answer("pkg/near.py", FILES["pkg/near.py"].replace("shout", "shouts"), "definition renamed")


@pytest.mark.parametrize(
    "shown",
    [
        Shown("SyntaxError", "invalid syntax", path="test_code.py"),
        Shown("NameError", "name 'json' is not defined", path="missing.py"),
        Shown("ImportError", "cannot import name 'x' from 'os' (/usr/lib/python3/os.py)", path="test_code.py"),
        Shown("ImportError", "cannot import name 'x' from 'pkg' (unknown location)", path="test_code.py"),
    ],
)
def test_nothing_is_offered_for_what_is_not_the_projects_own_code(tmp_path: Path, shown: Shown) -> None:
    write(tmp_path, FILES)
    assert list(answers(tmp_path, shown.red())) == []


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture
def mend(tmp_path: Path, warm: Warm) -> Callable[..., list[Answer]]:
    """Make a project of these files collectable, with real collections by new processes."""
    root = tmp_path / "project"

    def errors() -> Sequence[RedTest]:
        with warm({}) as session:
            return [collection_red(failure) for failure in session.uncollected]

    def start(files: Mapping[str, str | bytes], most_steps: int = 4) -> list[Answer]:
        write(root, files)
        return mend_collection(root, errors, errors(), most_steps)

    return start


def test_one_error_after_the_other_is_mended(mend: Callable[..., list[Answer]], tmp_path: Path) -> None:
    written = mend(
        {
            "work.py": "import os\n\n\ndef size(x)\n    return x\n\n\nHERE = os.getcwd() + sys.prefix\n",
            "test_work.py": "import work\n\n\ndef test_work(): ...\n",
        }
    )
    mended = "import os\nimport sys\n\n\ndef size(x):\n    return x\n\n\nHERE = os.getcwd() + sys.prefix\n"
    assert [answer.operator for answer in written] == ["syntax", "import added"]
    assert (tmp_path / "project/work.py").read_text() == written[-1].text == mended


def test_a_file_that_parses_again_may_fail_further_up(mend: Callable[..., list[Answer]]) -> None:
    work = "HERE = sys.prefix\n\n\ndef size(x)\n    return x\n"
    written = mend({"work.py": work, "test_work.py": "import work\n"})
    assert written[-1].text == "import sys\nHERE = sys.prefix\n\n\ndef size(x):\n    return x\n"


def test_the_same_error_in_another_file_is_the_next_one(mend: Callable[..., list[Answer]]) -> None:
    files = {f"{name}.py": "HERE = sys.prefix\n" for name in ("one", "other")}
    tests = {f"test_{name}.py": f"import {name}\n" for name in ("one", "other")}
    assert [answer.path for answer in mend({**files, **tests})] == ["one.py", "other.py"]


def test_nothing_is_left_written_when_the_errors_do_not_come_to_an_end(
    mend: Callable[..., list[Answer]], tmp_path: Path
) -> None:
    work = "def size(x)\n    return x\n\n\nHERE = sys.prefix\n"
    assert mend({"work.py": work, "test_work.py": "import work\n"}, most_steps=1) == []
    assert (tmp_path / "project/work.py").read_text() == work


def test_encoding_and_line_ends_of_a_mended_file_stay(mend: Callable[..., list[Answer]], tmp_path: Path) -> None:
    work = "# coding: latin-1\r\nNAME = 'ä'\r\n\r\n\r\ndef size(x)\r\n    return x\r\n"
    assert mend({"work.py": work.encode("latin-1"), "test_work.py": "import work\n"})
    assert (tmp_path / "project/work.py").read_bytes() == work.replace("(x)", "(x):").encode("latin-1")


def test_a_name_that_a_files_encoding_does_not_have_is_no_answer(
    mend: Callable[..., list[Answer]], tmp_path: Path
) -> None:
    work = "# coding: ascii\ndef grosse(): ...\n"
    assert mend({"work.py": work, "test_work.py": "from work import große\n"}) == []
    assert (tmp_path / "project/work.py").read_text() == work


def test_no_answer_is_written_through_a_link(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside.py", tmp_path / "project"
    outside.write_text("def f()\n    pass\n")
    root.mkdir()
    (root / "code.py").symlink_to(outside)
    error = Shown("SyntaxError", "expected ':'").red()
    assert mend_collection(root, lambda: [], [error]) == []
    assert outside.read_text() == "def f()\n    pass\n"
