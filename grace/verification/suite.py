"""The user's test command as GRACE runs it, and what it says about its tests."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TypedDict

from grace.contracts import Interpreter
from grace.ports import CommandResult, CommandRunner, Confinement, Limits
from grace.verification.interpreter import target_environment
from grace.verification.pytest_loan import pytest_loan

COMMAND_NOT_FOUND = 127
"""Exit code when the first word of a command is not there, as of a shell."""

_PLUGIN = Path(__file__).with_name("report_plugin.py")
_MAX_REPORT_BYTES = 64 * 2**20
_RUNS_IN_AN_ENVIRONMENT = (("uv", "run"), ("poetry", "run"), ("pipenv", "run"), ("pdm", "run"))


class PytestReport(TypedDict):
    """What `report_plugin` writes."""

    exit_status: int
    selected: int
    deselected: int
    not_finished: list[str]
    uncollected: list[str]
    outcomes: dict[str, str]
    entered: "EnteredFunctions"


class EnteredFunctions(TypedDict):
    """Which of the project's functions each test entered."""

    functions: list[tuple[str, int]]
    """Path and first line, decorators included."""
    tests: dict[str, list[int]]
    """pytest's id without parameters -> numbers of functions."""


@dataclass(frozen=True)
class SuiteRun:
    """One run of a test command."""

    argv: tuple[str, ...]
    result: CommandResult
    report: PytestReport | None
    """What pytest told, signed; None when the command is not pytest or ended before it could."""


def resolve_command(test_command: Sequence[str], tests: Sequence[str], interpreter: Interpreter) -> tuple[str, ...]:
    """The command with the target's interpreter in it; empty means pytest on `tests`."""
    python = interpreter.executable
    if not test_command:
        return (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    words = tuple(test_command)
    for prefix in _RUNS_IN_AN_ENVIRONMENT:  # they would fetch what is missing; there is no network
        if words[:2] == prefix and len(words) > 2 and not words[2].startswith("-"):
            words = words[2:]
    name = PurePath(words[0]).name
    if name in ("pytest", "py.test"):
        return (python, "-m", "pytest", *words[1:])
    if name == "-m":
        return (python, *words)
    if words[0] == name and re.fullmatch(r"python(\d(\.\d+)?)?", name):
        return (python, *words[1:])
    return words


def is_pytest(argv: Sequence[str]) -> bool:
    """Whether a resolved command is pytest itself."""
    return tuple(argv[1:3]) == ("-m", "pytest")


def run_tests(
    argv: Sequence[str],
    *,
    workspace: Path,
    scratch: Path,
    runner: CommandRunner,
    interpreter: Interpreter,
    limits: Limits,
    environment: Mapping[str, str] | None = None,
    note_entered: bool = False,
) -> SuiteRun:
    """Run a resolved test command in the sandbox; `scratch` is an empty folder outside the workspace.

    With `note_entered` pytest's report says which functions each test entered; that takes up to half as long again.

    Raises EnvironmentLacking when the sandbox cannot be set up.
    """
    loan = pytest_loan(interpreter, scratch)
    variables = target_environment(interpreter, workspace, also=(loan,))
    command = tuple(argv)
    key, report_file = secrets.token_bytes(32), _report_file(workspace)
    if is_pytest(argv):
        plugin = f"grace_report_{secrets.token_hex(4)}"
        (scratch / f"{plugin}.py").write_bytes(_PLUGIN.read_bytes())
        report_file.write_bytes(key)
        variables["GRACE_REPORT"] = str(report_file)
        if note_entered:
            variables["GRACE_REPORT_ENTERED"] = "1"
        command = (*argv[:3], "-p", plugin, *argv[3:])
    readable = (*map(Path, interpreter.readable), loan)
    confinement = Confinement(workspace, readable, {**variables, **(environment or {})})
    try:
        result = runner.run(command, confinement, limits)
        return SuiteRun(tuple(argv), result, _read_report(report_file, key) if is_pytest(argv) else None)
    finally:
        report_file.unlink(missing_ok=True)


def why_failed(suite_run: SuiteRun) -> str:
    """Why a run does not count as passed; empty when it does."""
    result, report = suite_run.result, suite_run.report
    if result.timed_out:
        return f"it ran longer than {result.seconds:.0f} s"
    if result.exit_code < 0:
        return f"it was killed by signal {-result.exit_code}"
    failed = [test for test, outcome in report["outcomes"].items() if outcome == "failed"] if report else []
    if failed:
        return f"{len(failed)} failed: {', '.join(failed[:5])}{', ...' if len(failed) > 5 else ''}"
    if result.exit_code != 0:
        return f"exit code {result.exit_code}"
    if is_pytest(suite_run.argv) and report is None:
        return "the test process ended before reporting"
    if report and report["exit_status"] != 0:
        return f"pytest's own exit status was {report['exit_status']}, yet the process said 0"
    if not report and ran_nothing(result.output):
        return "not a single test ran"
    return ""


def ran_nothing(output: str) -> bool:
    """Whether unittest's summaries say that not a single test ran."""
    counts = [int(count) for count in re.findall(r"^Ran (\d+) tests? in ", output, re.MULTILINE)]
    return bool(counts) and not any(counts)


def _report_file(workspace: Path) -> Path:
    """A new name in the workspace, where the sandbox can write, but not among the project's files."""
    folder = workspace / ".git" if (workspace / ".git").is_dir() else workspace
    return folder / f"grace-{secrets.token_hex(8)}"


def _read_report(path: Path, key: bytes) -> PytestReport | None:
    """The report if it is there and signed with the key."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_REPORT_BYTES:
        return None
    signature, _, body = path.read_bytes().partition(b"\n")
    if not hmac.compare_digest(signature, hmac.new(key, body, hashlib.sha256).hexdigest().encode()):
        return None
    report: PytestReport = json.loads(body)
    return report
