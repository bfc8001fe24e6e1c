import hashlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from grace.contracts import Change, CheckStatus, FileEdit, Interpreter, Provenance, Verification
from grace.git import GitRepository
from grace.ports import CommandResult, CommandRunner, Confinement, Limits
from grace.verification.checks import verify_change
from grace.verification.interpreter import find_interpreter
from grace.verification.sandbox import best_runner
from grace.verification.suite import EnteredFunctions

BUGGY = "def double(x):\n    return x + 2\n"
FIXED = "def double(x):\n    return x * 2\n"
TEST = """
from calc import double

def test_two():
    assert double(2) == 4

def test_three():
    assert double(3) == 6
"""
UNITTEST = """
import unittest
from calc import double

class Doubling(unittest.TestCase):
    def test(self):
        self.assertEqual(double(3), 6)
"""
RED = ("test_calc.py::test_three",)


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    return find_interpreter(tmp_path_factory.mktemp("empty"), None)


def repository(folder: Path, files: dict[str, str]) -> GitRepository:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    for words in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return GitRepository.open(folder)


def change(repo: GitRepository, after: dict[str, str | None], patch: str | None = None) -> Change:
    base = repo.resolve("HEAD")
    edits = []
    for path, content in after.items():
        before = repo.read(base, path)
        edits.append(
            FileEdit(
                path=path,
                before_hash=None if before is None else hashlib.sha256(before).hexdigest(),
                after=None if content is None else content.encode(),
            )
        )
    return Change(
        base_revision=base,
        edits=tuple(edits),
        patch=repo.patch(base, edits) if patch is None else patch,
        rationale="",
        provenance=Provenance(strategy="test"),
    )


def verify(
    repo: GitRepository,
    proposed: Change,
    interpreter: Interpreter,
    *,
    test_command: tuple[str, ...] = (),
    red: tuple[str, ...] = RED,
    collected: int = 2,
    seconds: float = 60,
    runner: CommandRunner | None = None,
    first: tuple[str, ...] = (),
    observe: Callable[[EnteredFunctions], None] | None = None,
) -> Verification:
    return verify_change(
        proposed,
        repository=repo,
        runner=runner or best_runner(),
        interpreter=interpreter,
        test_command=test_command,
        tests=(),
        red=red,
        collected=collected,
        seconds=seconds,
        first=first,
        observe=observe,
    )


def failed(verification: Verification) -> dict[str, str]:
    return {check.name: check.reason for check in verification.checks if check.status is CheckStatus.FAILED}


def test_a_real_fix_passes_every_check(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {"calc.py": FIXED}), interpreter)
    assert verification.passed, verification
    assert [check.name for check in verification.checks] == [
        "patch applies",
        "no test or configuration edited",
        "test command",
        "every collected test ran",
        "red tests again",
    ]
    assert verification.isolation is best_runner().isolation
    assert (tmp_path / "calc.py").read_text() == BUGGY


def test_a_change_that_fixes_nothing_fails_with_the_names_of_the_tests(
    tmp_path: Path, interpreter: Interpreter
) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {"calc.py": BUGGY + "# better\n"}), interpreter)
    assert failed(verification) == {"test command": "1 failed: test_calc.py::test_three"}


def test_a_patch_that_does_not_apply_fails_and_runs_nothing(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    patch = change(repo, {"calc.py": FIXED}).patch.replace("x + 2", "y + 2")
    verification = verify(repo, change(repo, {"calc.py": FIXED}, patch), interpreter)
    assert "patch applies" in failed(verification)
    assert verification.checks[-1].status is CheckStatus.NOT_RUN
    assert not verification.passed


def test_a_patch_that_says_something_else_than_the_edits_fails(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST, "other.py": "a = 1\n"})
    patch = change(repo, {"calc.py": FIXED, "other.py": "a = 2\n"}).patch
    verification = verify(repo, change(repo, {"calc.py": FIXED}, patch), interpreter)
    assert "other files" in failed(verification)["patch applies"]


@pytest.mark.parametrize(
    "name, content",
    [
        ("test_calc.py", "def test_three():\n    pass\n"),
        ("conftest.py", "def pytest_collection_modifyitems(items):\n    items.clear()\n"),
        ("setup.cfg", "[tool:pytest]\naddopts = --co\n"),
    ],
)
def test_editing_tests_or_configuration_is_refused(
    tmp_path: Path, interpreter: Interpreter, name: str, content: str
) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {name: content}), interpreter)
    assert failed(verification) == {"no test or configuration edited": f"it edits {name}"}
    assert all(check.name != "every collected test ran" for check in verification.checks)


@pytest.mark.parametrize(
    "fake",
    [
        "import os\nos._exit(0)\n",
        "import sys\nsys.exit(0)\n",
        "import atexit, os\natexit.register(os._exit, 0)\n",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    ],
    ids=["_exit", "sys.exit", "exit status forced to 0", "killed"],
)
def test_ending_the_process_to_fake_success_is_seen(tmp_path: Path, interpreter: Interpreter, fake: str) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {"calc.py": BUGGY + fake}), interpreter)
    assert "test command" in failed(verification)
    assert not verification.passed


def test_exiting_in_the_middle_of_a_test_is_seen(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    faked = "import os\n\ndef double(x):\n    print('2 passed')\n    os._exit(0)\n"
    verification = verify(repo, change(repo, {"calc.py": faked}), interpreter)
    assert failed(verification)["test command"] == "the test process ended before reporting"


def test_code_that_rewrites_pytests_results_is_seen(tmp_path: Path, interpreter: Interpreter) -> None:
    hijack = "import _pytest.main\n_pytest.main.Session.exitstatus = property(lambda s: 0, lambda s, v: None)\n"
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {"calc.py": BUGGY + hijack}), interpreter)
    assert "test_three" in failed(verification)["test command"]


def test_a_forged_report_is_not_believed(tmp_path: Path, interpreter: Interpreter) -> None:
    forge = """
import glob, os
def double(x):
    for path in glob.glob(".git/grace-*") or [".git/grace-0"]:
        with open(path, "w") as file:
            file.write("0" * 64 + '\\n{"exit_status": 0, "selected": 2, "deselected": 0}')
    os._exit(0)
"""
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {"calc.py": forge}), interpreter)
    assert failed(verification)["test command"] == "the test process ended before reporting"


def test_fewer_tests_than_before_fail(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {"calc.py": FIXED}), interpreter, collected=3)
    assert "before there were 3" in failed(verification)["every collected test ran"]


def test_a_fix_that_depends_on_the_hash_seed_is_flaky(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    lucky = "import os\n\ndef double(x):\n    return x * 2 if os.environ['PYTHONHASHSEED'] == '0' else 0\n"
    verification = verify(repo, change(repo, {"calc.py": lucky}), interpreter)
    assert "PYTHONHASHSEED=1" in failed(verification)["red tests again"]


class Steadying:
    """The real runner, which gives every workspace but the first what an unsteady test needs."""

    def __init__(self) -> None:
        self.isolation = best_runner().isolation
        self.start = best_runner().start
        self.runs = 0

    def run(self, argv: Sequence[str], confinement: Confinement, limits: Limits) -> CommandResult:
        if self.runs:
            (confinement.workspace / "steady").touch()
        self.runs += 1
        return best_runner().run(argv, confinement, limits)


UNSTEADY = "import os\n\ndef test_unsteady():\n    assert os.path.exists('steady')\n"


def test_a_test_that_fails_now_and_then_is_named_and_decides_nothing(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST, "test_unsteady.py": UNSTEADY})
    verification = verify(repo, change(repo, {"calc.py": FIXED}), interpreter, runner=Steadying())
    assert verification.passed
    reasons = {check.name: check.reason for check in verification.checks}
    assert reasons["test command"] == "passed when run again; failed at first: test_unsteady.py::test_unsteady"


def test_a_red_test_that_fails_once_decides(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST, "test_unsteady.py": UNSTEADY})
    red = (*RED, "test_unsteady.py::test_unsteady")
    runner = Steadying()
    verification = verify(repo, change(repo, {"calc.py": FIXED}), interpreter, red=red, runner=runner)
    assert "test_unsteady" in failed(verification)["test command"]
    assert runner.runs == 1


def test_a_hanging_suite_fails_at_its_limit(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {"calc.py": "while True: pass\n"}), interpreter, seconds=0.8)
    assert "ran longer" in failed(verification)["test command"]


def test_another_test_command_is_judged_by_its_exit_code_and_says_so(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": UNITTEST})
    command = ("python", "-m", "unittest")
    verification = verify(repo, change(repo, {"calc.py": FIXED}), interpreter, test_command=command, red=())
    assert verification.passed
    assert "could not be checked" in verification.checks[2].reason
    assert verification.checks[2].command[0] == interpreter.executable
    nothing = verify(
        repo, change(repo, {"calc.py": FIXED}), interpreter, test_command=(*command, "-k", "absent"), red=()
    )
    assert "test command" in failed(nothing)


def test_a_command_that_is_not_there_is_not_run(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {"calc.py": FIXED}), interpreter, test_command=("no-such-thing",))
    assert verification.checks[2].status is CheckStatus.NOT_RUN
    assert not verification.passed


def test_secrets_of_the_command_and_its_output_are_not_kept_but_it_runs_as_given(
    tmp_path: Path, interpreter: Interpreter
) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    script = "import sys; print('https://ann:hunter2@host/', *sys.argv); sys.exit(len(sys.argv[1]) != 11)"
    command = ("python", "-c", script, "--token=abc")
    verification = verify(repo, change(repo, {"calc.py": FIXED}), interpreter, test_command=command, red=())
    check = verification.checks[2]
    assert check.status is CheckStatus.PASSED
    assert check.command[3] == "--token=[redacted]"
    assert check.log_excerpt == "https://[redacted]@host/ -c --token=[redacted]\n"
    assert "abc" not in verification.model_dump_json()
    missing = verify(repo, change(repo, {"calc.py": FIXED}), interpreter, test_command=("API_KEY=abc", "pytest"))
    assert "abc" not in missing.model_dump_json()


def test_skipped_and_deselected_tests_count_as_collected(tmp_path: Path, interpreter: Interpreter) -> None:
    skipping = TEST + "\nimport pytest\n\n@pytest.mark.skip\ndef test_later():\n    pass\n"
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": skipping})
    command = ("pytest", "-k", "not two")
    verification = verify(repo, change(repo, {"calc.py": FIXED}), interpreter, test_command=command, collected=3)
    assert verification.passed, verification


def test_the_interpreter_under_test_is_ours_when_the_repository_has_none(interpreter: Interpreter) -> None:
    assert interpreter.executable == sys.executable
    assert interpreter.found_as == "own"


def test_when_the_likeliest_tests_fail_the_others_are_not_run(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {"calc.py": BUGGY + "# better\n"}), interpreter, first=RED)
    assert failed(verification) == {"likeliest tests": "1 failed: test_calc.py::test_three"}
    assert [check.status for check in verification.checks if check.name == "test command"] == [CheckStatus.NOT_RUN]


@pytest.mark.parametrize("first", [RED, ("test_calc.py::test_that_is_gone",)])
def test_likeliest_tests_that_do_not_fail_decide_nothing(
    tmp_path: Path, interpreter: Interpreter, first: tuple[str, ...]
) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    verification = verify(repo, change(repo, {"calc.py": FIXED}), interpreter, first=first)
    assert verification.passed
    assert "likeliest tests" not in [check.name for check in verification.checks]


def test_what_the_tests_entered_is_told_when_they_pass(tmp_path: Path, interpreter: Interpreter) -> None:
    repo = repository(tmp_path, {"calc.py": BUGGY, "test_calc.py": TEST})
    told: list[EnteredFunctions] = []
    verify(repo, change(repo, {"calc.py": BUGGY + "# better\n"}), interpreter, observe=told.append)
    assert told == []
    verify(repo, change(repo, {"calc.py": FIXED}), interpreter, observe=told.append)
    (entered,) = told
    place = [list(function) for function in entered["functions"]].index(["calc.py", 1])
    assert place in entered["tests"]["test_calc.py::test_two"]
