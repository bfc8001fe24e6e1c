"""Warm test processes over small projects, candidates for small files, requests for small repositories."""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from grace.contracts import Budget, FixOptions, Interpreter, Isolation, RedTest, Request, WorkflowKind
from grace.generation.repair.candidates import Candidate, CandidateSpace
from grace.generation.repair.session import Session, warm_session
from grace.generation.repair.source import Source
from grace.git import GitRepository
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


@dataclass(frozen=True)
class Proposals:
    """Everything the engine would try on one file whose every line is suspected."""

    source: Source
    space: CandidateSpace

    def texts(self, most: int = 200_000) -> Iterator[tuple[Candidate, str]]:
        """Candidates in order, each with the new text of the file."""
        for candidate in itertools.islice(self.space, most):
            yield candidate, candidate.applied(self.source.text)

    def offer(self, text: str) -> Candidate | None:
        """The first candidate that makes the file this text."""
        return next((candidate for candidate, changed in self.texts() if changed == text), None)


@pytest.fixture
def propose() -> Callable[..., Proposals]:
    """Candidates for one file; `red` fields say how the failing test ended."""

    def make(text: str, *, lines: Iterable[int] = (), test: str = "", **red: Any) -> Proposals:
        source = Source("code.py", text)
        scores = {("code.py", n): 1.0 for n in lines or range(1, len(source.line_starts) + 1)}
        red_test = RedTest(test_id="test_code.py::test", outcome="failed", **red)
        return Proposals(source, CandidateSpace({"code.py": source}, scores, red_test, test))

    return make


@pytest.fixture
def ask() -> Callable[..., Request]:
    """A request to fix what is at a repository's HEAD."""

    def make(repository: GitRepository, *, seconds: float = 40, **options: Any) -> Request:
        return Request(
            id="a" * 12,
            kind=WorkflowKind.FIX_BUG,
            repository=str(repository.root),
            base_revision=repository.resolve("HEAD"),
            requested_by="ann",
            requested_at=datetime(2026, 1, 2, tzinfo=UTC),
            options=FixOptions(**options),
            budget=Budget(seconds=seconds, tokens=0),
        )

    return make
