"""Warm test processes over small projects."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from grace.contracts import Interpreter, Isolation
from grace.generation.repair.session import Session, warm_session
from grace.ports import CommandRunner
from grace.verification.interpreter import find_interpreter
from grace.verification.sandbox import runner_for

Warm = Callable[..., AbstractContextManager[Session]]


@pytest.fixture(scope="session")
def runner() -> CommandRunner:
    """The quickest; what the sandbox keeps apart has its own tests."""
    return runner_for(Isolation.NONE)


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory, runner: CommandRunner) -> Interpreter:
    """The Python of this test run, or another one that GRACE_TEST_PYTHON names."""
    other = os.environ.get("GRACE_TEST_PYTHON") or None
    return find_interpreter(tmp_path_factory.mktemp("nothing"), other, runner=runner)


@pytest.fixture
def warm(tmp_path: Path, runner: CommandRunner, interpreter: Interpreter) -> Warm:
    """Start a warm process over a project made of files."""

    @contextmanager
    def start(files: Mapping[str, str], *arguments: str, interpreter: Interpreter = interpreter) -> Iterator[Session]:
        root = tmp_path / "project"
        for path, content in files.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        with warm_session(
            root, interpreter=interpreter, runner=runner, arguments=arguments, wall_seconds=60
        ) as session:
            yield session

    return start
