"""Collecting: what is there, what cannot be, and what ends pytest before it has begun."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from grace.generation.repair.session import NotStarted, Session

Warm = Callable[..., AbstractContextManager[Session]]


def test_tests_and_modules_are_told(warm: Warm) -> None:
    files = {
        "pack/__init__.py": "",
        "pack/inner.py": "x = 1\n",
        "tests/test_a.py": "import pack.inner\n\ndef test_a(): pass\n\nclass TestB:\n    def test_c(self): pass\n",
    }
    with warm(files) as session:
        assert session.tests == ["tests/test_a.py::test_a", "tests/test_a.py::TestB::test_c"]
        assert session.modules["pack/inner.py"] == "pack.inner"
        assert session.uncollected == []


def test_ids_are_paths_below_the_root_wherever_the_configuration_lies(warm: Warm) -> None:
    files = {"tests/pytest.ini": "[pytest]\n", "tests/test_a.py": "def test_a(): pass\n"}
    with warm(files, "tests") as session:
        assert session.tests == ["tests/test_a.py::test_a"]


def test_what_cannot_be_collected_says_why_and_where(warm: Warm) -> None:
    files = {
        "broken.py": "def f(:\n",
        "test_imports.py": "import broken\n",
        "test_raises.py": "x = 1\nraise KeyError('k')\n",
        "test_fine.py": "def test_fine(): pass\n",
    }
    with warm(files) as session:
        assert session.tests == ["test_fine.py::test_fine"]
        syntax, key = sorted(session.uncollected, key=lambda u: u.test_id)
        assert (syntax.test_id, syntax.exception) == ("test_imports.py", "SyntaxError")
        assert syntax.frames[-1] == ("broken.py", 1)
        assert (key.exception, key.message, key.frames) == ("KeyError", "'k'", (("test_raises.py", 2),))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"conftest.py": "raise OSError('no disk')\n"}, "no disk"),
        ({"pytest.ini": "[pytest]\naddopts = --nonsense\n"}, "nonsense"),
        ({"test_a.py": "import os\nos._exit(7)\n"}, "^$"),
        ({"test_a.py": "raise SystemExit('went away')\n"}, "went away"),
    ],
)
def test_an_end_before_the_collection_is_told(warm: Warm, files: dict[str, str], said: str) -> None:
    with pytest.raises(NotStarted, match=said), warm(files):
        pass


@pytest.mark.parametrize("options", ["-x --ff --nf --maxfail=1", "--lf --sw", "-p no:cacheprovider"])
def test_options_of_the_project_that_stop_or_reorder_do_no_harm(warm: Warm, options: str) -> None:
    files = {
        "pytest.ini": f"[pytest]\naddopts = {options}\n",
        "test_a.py": "raise KeyError\n",
        "test_b.py": "def test_b(): assert 0\n\ndef test_c(): pass\n",
    }
    with warm(files) as session:
        assert session.tests == ["test_b.py::test_b", "test_b.py::test_c"]
        outcomes = [a["outcome"] for a in session.order("run", tests=[0, 1], seconds=1)]
        assert outcomes == ["failed", "passed"]


def test_an_import_without_end_is_an_error_of_its_file(warm: Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grace.generation.repair.session.COLLECTING_SECONDS", 1.5)
    files = {"slow.py": "while True:\n    x = 1\n", "test_a.py": "import slow\n", "test_b.py": "def test_b(): pass\n"}
    with warm(files) as session:
        (endless,) = session.uncollected
        assert (endless.test_id, endless.exception, endless.frames[-1][0]) == ("test_a.py", "OutOfTime", "slow.py")
        assert [a["outcome"] for a in session.order("run", tests=[0], seconds=1)] == ["passed"]


def test_nothing_is_written_into_the_project(warm: Warm) -> None:
    with warm({"test_a.py": "def test_a(): assert 0\n"}) as session:
        assert [a["outcome"] for a in session.order("run", tests=[0], seconds=1)] == ["failed"]
        root = session.root
    assert [p.name for p in root.iterdir()] == ["test_a.py"]
