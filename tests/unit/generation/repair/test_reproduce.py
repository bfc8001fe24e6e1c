"""What running the tests of a real repository shows."""

from collections.abc import Callable
from typing import Any

import pytest

from grace.contracts import Interpreter, Reproduction, ReproductionStatus, Request
from grace.errors import InputError
from grace.generation.repair.reproduce import reproduce
from grace.git import GitRepository
from grace.ports import CommandRunner

CODE = "def half(n):\n    return n // 3\n"
RED = """\
from code_ import half

def test_half():
    assert half(10) == 5

def test_zero():
    assert half(0) == 0
"""
CHANCE = """\
import random

def test_chance():
    assert random.random() < 0.5

def test_luck():
    assert 0.5 < random.random()
"""


@pytest.fixture
def shown(
    make_repository: Callable[..., GitRepository],
    ask: Callable[..., Request],
    runner: CommandRunner,
    interpreter: Interpreter,
) -> Callable[..., Reproduction]:
    """Reproduce on a repository of these files."""

    def show(files: dict[str, str | bytes], **how: Any) -> Reproduction:
        repository = make_repository(files)
        return reproduce(ask(repository, **how), repository=repository, runner=runner, interpreter=interpreter)

    return show


def test_all_green(shown: Callable[..., Reproduction]) -> None:
    found = shown({"test_a.py": "import pytest\n\ndef test_a(): pass\n\n@pytest.mark.skip\ndef test_b(): pass\n"})
    assert (found.status, found.red) == (ReproductionStatus.GREEN, ())
    assert (found.collected, found.passed, found.skipped) == (2, 1, 1)


def test_a_red_test_comes_with_what_it_raised_and_where(shown: Callable[..., Reproduction]) -> None:
    found = shown({"code_.py": CODE, "test_code.py": RED})
    assert (found.status, found.collected, found.passed) == (ReproductionStatus.RED, 2, 1)
    (red,) = found.red
    assert (red.test_id, red.outcome, red.exception) == ("test_code.py::test_half", "failed", "AssertionError")
    assert "assert 3 == 5" in red.message
    assert [(frame.path, frame.line) for frame in red.frames] == [("test_code.py", 4)]


def test_secrets_in_what_was_raised_are_not_kept(shown: Callable[..., Reproduction]) -> None:
    raising = "raise RuntimeError('no answer from https://ann:hunter2@host/')"
    (red,) = shown({"test_a.py": f"def test_a():\n    {raising}\n"}).red
    assert red.message == "no answer from https://[redacted]@host/"


def test_secrets_of_a_command_and_its_output_are_not_kept(
    make_repository: Callable[..., GitRepository],
    ask: Callable[..., Request],
    runner: CommandRunner,
    interpreter: Interpreter,
) -> None:
    repository = make_repository({"test_a.py": "def test_a(): pass\n"})
    ports: dict[str, Any] = {"repository": repository, "runner": runner, "interpreter": interpreter}
    script = "import sys; print('https://ann:hunter2@host/'); sys.exit(len(sys.argv[2]) - 3)"
    for given, status in (("abc", ReproductionStatus.GREEN), ("wxyz", ReproductionStatus.RED)):
        request = ask(repository, test_command=("python", "-c", script, "--token", given))
        found = reproduce(request, **ports)
        assert found.status is status
        assert "--token '[redacted]'` " in found.reason
        assert "hunter2" not in found.reason and given not in found.reason
    with pytest.raises(InputError) as raised:
        reproduce(ask(repository, test_command=("API_KEY=abc", "make")), **ports)
    assert "abc" not in str(raised.value)


def test_only_the_tests_asked_for_are_run(shown: Callable[..., Reproduction]) -> None:
    found = shown({"code_.py": CODE, "test_code.py": RED}, tests=("test_code.py::test_zero",))
    assert (found.status, found.collected) == (ReproductionStatus.GREEN, 1)


def test_a_test_that_depends_on_chance_is_flaky(shown: Callable[..., Reproduction]) -> None:
    found = shown({"test_chance.py": CHANCE})
    assert found.status is ReproductionStatus.FLAKY
    assert set(found.flaky) <= {"test_chance.py::test_chance", "test_chance.py::test_luck"}
    assert found.red == ()


def test_flaky_tests_do_not_hide_a_bug(shown: Callable[..., Reproduction]) -> None:
    found = shown({"code_.py": CODE, "test_code.py": RED, "test_chance.py": CHANCE})
    assert found.status is ReproductionStatus.RED
    assert [red.test_id for red in found.red] == ["test_code.py::test_half"]
    assert found.flaky


@pytest.mark.parametrize("files", [{"code_.py": CODE}, {"README.md": "Nothing yet\n"}, {"test_code.py": "x = 1\n"}])
def test_no_tests(shown: Callable[..., Reproduction], files: dict[str, str]) -> None:
    assert shown(files).status is ReproductionStatus.NO_TESTS


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"code_.py": "def half(n:\n", "test_code.py": RED}, "SyntaxError"),
        ({"test_code.py": RED}, "No module named 'code_'"),
        ({"code_.py": b"x = '\xff'\n", "test_code.py": RED}, "utf-8"),
        ({"conftest.py": "import missing\n", "test_a.py": "def test_a(): pass\n"}, "missing"),
        ({"test_a.py": "import sys\nsys.exit('stopped')\n"}, "stopped"),
    ],
)
def test_what_cannot_be_collected_says_why(
    shown: Callable[..., Reproduction], files: dict[str, str], said: str
) -> None:
    found = shown(files)
    assert found.status is ReproductionStatus.UNCOLLECTABLE
    assert said in found.reason


def test_a_test_without_end_is_red(shown: Callable[..., Reproduction]) -> None:
    code = "def count(n):\n    while n:\n        n += 1\n"
    test = "from code_ import count\n\ndef test_count():\n    count(3)\n\ndef test_none():\n    count(0)\n"
    found = shown({"code_.py": code, "test_code.py": test})
    assert (found.status, found.passed) == (ReproductionStatus.RED, 1)
    (red,) = found.red
    assert (red.test_id, red.outcome, red.exception) == ("test_code.py::test_count", "hung", "")
    assert red.frames[-1].path == "code_.py"


def test_a_slow_test_is_not_taken_for_an_endless_one(shown: Callable[..., Reproduction]) -> None:
    code = (
        "from time import process_time as now\n\ndef test_slow():\n"
        "    began = now()\n    while now() - began < 1.2: pass\n"
    )
    found = shown({"test_slow.py": code})
    assert (found.status, found.passed) == (ReproductionStatus.GREEN, 1)


def test_nothing_of_the_run_shows_in_the_repository(
    make_repository: Callable[..., GitRepository],
    ask: Callable[..., Request],
    runner: CommandRunner,
    interpreter: Interpreter,
) -> None:
    test = "from pathlib import Path\n\ndef test_writes():\n    Path('left.txt').write_text('x')\n    assert 0\n"
    repository = make_repository({"test_writes.py": test})
    found = reproduce(ask(repository), repository=repository, runner=runner, interpreter=interpreter)
    assert found.status is ReproductionStatus.RED
    assert repository.uncommitted() == ()
