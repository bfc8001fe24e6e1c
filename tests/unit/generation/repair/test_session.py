"""What of a test command reaches pytest, and how a session ends."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.errors import InputError, TransientError
from grace.generation.repair.session import Session, pytest_arguments

Warm = Callable[..., AbstractContextManager[Session]]


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("", []),
        ("pytest", []),
        ("pytest tests/unit -k fast", ["tests/unit", "-k", "fast"]),
        ("python -m pytest -x -q tests", ["tests"]),
        ("python3 -m pytest -vv --maxfail 2 --tb=short -n 4 tests", ["tests"]),
        ("uv run pytest --cov=pkg --cov-report term --durations=5", []),
        ("poetry run py.test -p no:doctest --import-mode=importlib", ["-p", "no:doctest", "--import-mode=importlib"]),
        ("/venv/bin/pytest -m 'a' --lf --junitxml=out.xml", ["-m", "'a'"]),
        ("coverage run -m pytest tests", ["tests"]),
    ],
)  # fmt: skip
def test_options_that_stop_distribute_or_measure_are_left_out(command: str, arguments: list[str]) -> None:
    assert pytest_arguments(command.split(), ()) == arguments


def test_tests_that_are_named_take_the_place_of_the_commands_own() -> None:
    command = ["pytest", "-k", "fast", "tests/unit", "--import-mode=importlib", "more"]
    assert pytest_arguments(command, ["a.py::test_b"]) == ["-k", "fast", "--import-mode=importlib", "a.py::test_b"]
    assert pytest_arguments([], ["a.py"]) == ["a.py"]


def test_another_runners_tests_are_looked_for_by_any_usual_name() -> None:
    assert pytest_arguments(["python", "-m", "unittest"], ())[:2] == ["-o", "python_files=test*.py *_test.py"]


@pytest.mark.parametrize("option", ["-k", "-m", "-c", "--rootdir"])
def test_an_option_cut_short_is_the_users_mistake(option: str) -> None:
    with pytest.raises(InputError, match=option):
        pytest_arguments(["pytest", "tests", option], ())


WORDS = st.sampled_from(
    ["pytest", "python", "-m", "-k", "-x", "-n", "4", "--cov", "tests", "-c", "", "=", "--", "-", "--tb"]
)


@given(st.lists(WORDS | st.text(max_size=5), max_size=8), st.lists(st.text(max_size=5), max_size=2))
def test_any_command_is_read_or_refused(command: list[str], tests: list[str]) -> None:
    try:
        arguments = pytest_arguments(command, tests)
    except InputError:
        return
    assert all(isinstance(word, str) for word in arguments)
    assert arguments[len(arguments) - len(tests) :] == tests


def test_answers_nobody_listened_to_are_not_taken_for_those_of_the_next_order(warm: Warm) -> None:
    code = "def test_a(): pass\ndef test_b(): assert 0\ndef test_c(): pass\n"
    with warm({"test_abc.py": code}) as session:
        answers = session.order("run", tests=[0, 1, 2], seconds=1)
        assert next(answers)["test"] == 0
        answers.close()  # type: ignore[attr-defined]  # it is a generator
        assert [a["test"] for a in session.order("run", tests=[2], seconds=1)] == [2]


def test_a_process_that_is_gone_is_said_to_be(warm: Warm) -> None:
    with warm({"test_a.py": "def test_a(): pass\n"}) as session:
        session._process.stop()
        with pytest.raises(TransientError, match="ended early"):
            list(session.order("run", tests=[0], seconds=1))
