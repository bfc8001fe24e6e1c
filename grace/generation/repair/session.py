"""The other end of the warm test process: start it over a checkout and give it orders."""

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grace.contracts import Interpreter
from grace.errors import InputError, TransientError
from grace.git.workspaces import workspace
from grace.ports import CommandRunner, Confinement, Limits, RunningCommand
from grace.redaction import redact
from grace.verification.interpreter import target_environment
from grace.verification.pytest_loan import pytest_loan

OUT_OF_TIME = "[the sandbox: limit time]"
"""What a process whose wall-clock time was used up leaves as its last words."""
ZYGOTE = Path(__file__).parent / "zygote"
COLLECTING_SECONDS = 120.0
"""CPU seconds that importing project and tests may take; an import that does not end is then an error of its file."""
_START = (
    "import importlib.util as u, sys; p = sys.argv.pop(); "
    "s = u.spec_from_file_location('grace_zygote', p + '/__init__.py', submodule_search_locations=[p]); "
    "m = u.module_from_spec(s); sys.modules['grace_zygote'] = m; s.loader.exec_module(m); m.main()"
)


@dataclass(frozen=True)
class Uncollected:
    """A test file that could not be collected."""

    test_id: str
    exception: str
    message: str
    frames: tuple[tuple[str, int], ...]
    report: str


class NotStarted(Exception):
    """pytest ended before any test was collected; the text says why."""


class Session:
    """A warm process with all tests collected."""

    def __init__(self, process: RunningCommand, root: Path):
        self._process = process
        self.root = root
        self.tests: list[str] = []
        self.uncollected: list[Uncollected] = []
        self.modules: dict[str, str] = {}
        self.version: tuple[int, ...] = ()
        self.out_of_time = False
        """The process was ended because its wall-clock time was used up."""

    def collect(self, arguments: Sequence[str], lent: Sequence[Path]) -> None:
        """Start pytest and wait for the collection. Raises NotStarted when there is none."""
        folders = [str(folder) for folder in lent]
        self._send(
            {
                "root": str(self.root),
                "arguments": list(arguments),
                "lent": folders,
                "collecting_seconds": COLLECTING_SECONDS,
            }
        )
        answer = self._receive()
        if "fatal" in answer:
            raise NotStarted(f"{answer['fatal']}\n{redact(self._process.stop())[-3000:]}")
        self.tests = answer["ready"]
        self.modules = answer["modules"]
        self.version = tuple(answer["version"])
        self.uncollected = [
            Uncollected(name, exception, message, tuple((p, n) for p, n in frames), report)
            for name, exception, message, frames, report in answer["uncollected"]
        ]

    def order(self, op: str, **what: Any) -> Iterator[dict[str, Any]]:
        """Give one order; yield its answers as they come. Raises TransientError when the process is gone.

        Whoever stops listening early still has the rest read: the next order must not meet old answers.
        """
        self._send({"op": op, **what})
        answer = self._receive()
        try:
            while "done" not in answer:
                yield answer
                answer = self._receive()
        finally:
            while "done" not in answer:
                answer = self._receive()

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as gone:
            raise TransientError(f"the test process ended early: {self._last_words()}") from gone

    def _last_words(self) -> str:
        said = self._process.stop()
        self.out_of_time = self.out_of_time or OUT_OF_TIME in said
        return redact(said)[-2000:]

    def _receive(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            said = self._last_words()
            if not self.tests:
                raise NotStarted(said)
            raise TransientError(f"the test process ended early, during its work: {said}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def warm_session(
    root: Path,
    *,
    interpreter: Interpreter,
    runner: CommandRunner,
    arguments: Sequence[str],
    hash_seed: int = 0,
    wall_seconds: float = 3600.0,
) -> Iterator[Session]:
    """A session over the checkout at root; the process and all its children are gone on leaving.

    Raises NotStarted when pytest cannot collect at all, EnvironmentLacking when the sandbox cannot start.
    """
    with workspace() as folder:
        lent = _lent(interpreter, folder)
        confinement = Confinement(
            workspace=root,
            readable=(*(Path(p) for p in interpreter.readable), ZYGOTE, *lent, *_targets(lent)),
            environment={
                **target_environment(interpreter, root, also=lent),
                "PYTHONHASHSEED": str(hash_seed),
            },
        )
        limits = Limits(wall_seconds=wall_seconds, cpu_seconds=int(wall_seconds) + 1)
        command = [interpreter.executable, "-c", _START, str(ZYGOTE)]
        with runner.start(command, confinement, limits) as process:
            session = Session(process, root)
            session.collect(arguments, lent)
            yield session


def _lent(interpreter: Interpreter, folder: Path) -> list[Path]:
    """Folders whose packages the target may import after its own: pytest, and coverage where ours fits."""
    lent = []
    if interpreter.lends_pytest:
        lent.append(pytest_loan(interpreter, folder / "pytest-loan"))
    same = interpreter.version[:2] == sys.version_info[:2] and interpreter.version < (3, 12)
    if (
        same
        and not interpreter.found_as.startswith("own")
        and (spec := importlib.util.find_spec("coverage"))
        and spec.origin
    ):
        place = folder / "coverage-loan"
        shutil.copytree(
            Path(spec.origin).parent,
            place / "coverage",
            ignore=shutil.ignore_patterns("htmlfiles", "__pycache__"),
        )
        lent.append(place)
    return lent


def _targets(lent: Sequence[Path]) -> list[Path]:
    """Where the symlinks of a loan lead."""
    return [entry.resolve() for folder in lent for entry in folder.iterdir() if entry.is_symlink()]


def pytest_arguments(test_command: Sequence[str], tests: Sequence[str]) -> list[str]:
    """What pytest is to collect: the given tests, else what the project's own command names.

    Options that stop early, distribute, print or measure are left out. Raises InputError for an option cut short.
    """
    words = list(test_command)
    while words and "pytest" not in Path(words[0]).name and words[0] != "py.test":
        words.pop(0)
    kept = _kept_options(words[1:])
    if tests:
        kept = [w for k, w in enumerate(kept) if w.startswith("-") or (k and kept[k - 1] in _WITH_VALUE)]
        kept += tests
    if words == [] and test_command:
        kept = ["-o", "python_files=test*.py *_test.py", *kept]
    return kept


_WITH_VALUE = {
    "-k",
    "-m",
    "-c",
    "-o",
    "-p",
    "-W",
    "--rootdir",
    "--ignore",
    "--deselect",
    "--import-mode",
    "--confcutdir",
}
_DROPPED_WITH_VALUE = {
    "-n",
    "--maxfail",
    "--tb",
    "--durations",
    "--junitxml",
    "--junit-xml",
    "--cov-report",
    "-r",
    "--color",
}


_DROPPED = frozenset(
    [
        "-x",
        "-q",
        "-qq",
        "-v",
        "-vv",
        "-s",
        "--exitfirst",
        "--quiet",
        "--verbose",
        "--lf",
        "--ff",
        "--nf",
        "--sw",
        "--last-failed",
        "--failed-first",
        "--stepwise",
    ]
)


def _kept_options(words: list[str]) -> list[str]:
    kept: list[str] = []
    waiting = iter(words)
    for word in waiting:
        name = word.partition("=")[0]
        if word in _WITH_VALUE:
            value = next(waiting, None)
            if value is None:
                raise InputError(f"The test command ends with {word}, which needs a value.")
            kept += [word, value]
        elif word in _DROPPED_WITH_VALUE:
            next(waiting, None)
        elif name not in _DROPPED and name not in _DROPPED_WITH_VALUE and not name.startswith("--cov"):
            kept.append(word)
    return kept
