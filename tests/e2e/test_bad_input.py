"""What is no bug in ordinary code: each gets a clear word, the right exit code, and leaves nothing half-done."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grace.git import GitRepository, run_git

pytestmark = pytest.mark.e2e

MakeRepository = Callable[..., GitRepository]
Fix = Callable[..., dict[str, Any]]
BUGGY = "def clamp(value, low, high):\n    return max(low, max(value, high))\n"
FIXED = BUGGY.replace("max(value", "min(value")
TESTS = (
    "from clamp import clamp\n\n"
    "def test_above(): assert clamp(5, 1, 3) == 3\n"
    "def test_inside(): assert clamp(2, 1, 3) == 2\n"
    "def test_below(): assert clamp(0, 1, 3) == 1\n"
)
BUG = {"clamp.py": BUGGY, "test_clamp.py": TESTS}
GOOD = {"clamp.py": FIXED, "test_clamp.py": TESTS}
UNITTEST = (
    "import unittest\nfrom clamp import clamp\n\nclass TestClamp(unittest.TestCase):\n"
    "    def test_above(self): self.assertEqual(clamp(5, 1, 3), 3)\n"
    "    def test_inside(self): self.assertEqual(clamp(2, 1, 3), 2)\n"
    "    def test_below(self): self.assertEqual(clamp(0, 1, 3), 1)\n"
)


@pytest.fixture
def fix(many: Callable[..., Any]) -> Fix:
    """`grace fix --json`; what holds for every ending is checked here."""

    def run(repository: GitRepository, *options: str, code: int) -> dict[str, Any]:
        before = state(repository)
        ran = many("fix", str(repository.root), "--json", "--timeout", "20", *options)
        answer = ran.json
        assert (ran.code, ran.err) == (code, ""), ran
        assert "Traceback" not in ran.out
        if "run_id" in answer:
            shown = many("show", answer["run_id"], "--json").json
            assert (shown["status"], shown["run"]["status"]) == (answer["status"], "finished")
        branches = {f"refs/heads/{answer['branch']}"} if answer.get("branch") else set()
        assert state(repository) - before == branches
        return answer

    return run


def state(repository: GitRepository) -> set[str]:
    """Branches and lock files; git must find nothing wrong."""
    assert run_git(("fsck", "--strict"), cwd=repository.root).returncode == 0
    refs = run_git(("for-each-ref", "--format=%(refname)"), cwd=repository.root).stdout.decode().split()
    return {*refs, *map(str, repository.root.rglob("*.lock"))}


def git(repository: GitRepository, *arguments: str) -> None:
    run_git(arguments, cwd=repository.root)


# ── nothing to repair, or nothing to see ─────────────────────────────────────────────────────────


def test_green_tests_are_nothing_to_fix(fix: Fix, make_repository: MakeRepository) -> None:
    answer = fix(make_repository(GOOD), code=0)
    assert (answer["status"], answer["reason"]) == ("nothing_to_fix", "all 3 tests pass")


def test_without_tests_there_is_no_proof(fix: Fix, make_repository: MakeRepository) -> None:
    assert fix(make_repository({"clamp.py": BUGGY}), code=1)["status"] == "no_tests"


def test_a_test_that_edits_the_source_neither_makes_a_bug_flaky_nor_gets_into_the_change(
    fix: Fix, make_repository: MakeRepository
) -> None:
    edits = "\ndef test_z():\n    import pathlib\n    pathlib.Path(__file__).with_name('clamp.py').write_text('(')\n"
    answer = fix(make_repository({**BUG, "test_clamp.py": TESTS + edits}), code=0)
    assert answer["status"] == "fixed"
    assert "+    return max(low, min(value, high))" in answer["diff"]


# ── tests that cannot be collected ───────────────────────────────────────────────────────────────


def test_a_syntax_error_is_repaired(fix: Fix, make_repository: MakeRepository) -> None:
    repository = make_repository({**GOOD, "clamp.py": FIXED.replace(":\n", "\n", 1)})
    answer = fix(repository, code=0)
    assert answer["status"] == "fixed"
    assert repository.read(answer["commit"], "clamp.py") == FIXED.encode()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"test_a.py": "import nowhere_at_all\n\ndef test_a(): pass\n"}, "No module named 'nowhere_at_all'"),
        ({**BUG, "conftest.py": "raise RuntimeError('start the database first')\n"}, "start the database first"),
        ({**BUG, "conftest.py": "import os\nos._exit(0)\n"}, "ended without a word"),
        ({**BUG, "conftest.py": "import sys\nsys.exit(0)\n"}, "SystemExit: 0"),
        ({**BUG, "test_b.py": "import sys\nsys.exit(0)\n"}, "SystemExit: 0"),
    ],
)
def test_an_error_at_collection_that_cannot_be_mended_is_the_answer(
    fix: Fix, make_repository: MakeRepository, files: dict[str, str], words: str
) -> None:
    answer = fix(make_repository(files), code=1)
    assert answer["status"] == "uncollectable"
    assert words in answer["reason"]


def test_a_suite_that_fakes_success_at_its_end_is_never_fixed(fix: Fix, make_repository: MakeRepository) -> None:
    fake = "import os\n\ndef pytest_sessionfinish():\n    os._exit(0)\n"
    answer = fix(make_repository({**BUG, "conftest.py": fake}), code=1)
    assert answer["status"] == "unverified"
    assert "ended before reporting" in answer["reason"]


# ── tests that hang, flicker, ask or call ────────────────────────────────────────────────────────


def test_an_endless_loop_is_repaired(fix: Fix, make_repository: MakeRepository) -> None:
    loop = "def total(n):\n    s = i = 0\n    while i < n:\n        s += i\n        i += 0\n    return s\n"
    tests = "from total import total\n\ndef test_four(): assert total(4) == 6\ndef test_none(): assert total(0) == 0\n"
    answer = fix(make_repository({"total.py": loop, "test_total.py": tests}), code=0)
    assert answer["status"] == "fixed"
    assert answer["reproduction"]["red"][0]["outcome"] == "hung"


def test_a_test_that_cannot_even_be_interrupted_is_said_to_hang(fix: Fix, make_repository: MakeRepository) -> None:
    endless = "import itertools\n\ndef test_endless(): max(itertools.repeat(1))\ndef test_fine(): pass\n"
    answer = fix(make_repository({"test_endless.py": endless}), code=1)
    (red,) = answer["reproduction"]["red"]
    assert (answer["status"], red["test_id"], red["outcome"]) == ("not_fixed", "test_endless.py::test_endless", "hung")
    assert answer["seconds"] < 60  # of which nearly all is waiting, and the budget is 20 s for each half


def test_flaky_tests_are_named_with_the_evidence_and_never_fixed(fix: Fix, make_repository: MakeRepository) -> None:
    # the first passes when it is run again, the second in another process
    tests = "import random\n\ndef test_luck(): assert random.random() < 0.5\ndef test_order(): assert hash('b') % 2\n"
    answer = fix(make_repository({"test_flaky.py": tests}), code=1)
    assert answer["status"] == "flaky"
    assert answer["reproduction"]["flaky"] == ["test_flaky.py::test_luck", "test_flaky.py::test_order"]
    assert "2 tests fail on some runs and not on others with the same code" in answer["reason"]


def test_a_test_that_asks_at_the_terminal_finds_nobody_there(fix: Fix, make_repository: MakeRepository) -> None:
    ask = "def age():\n    return int(input('age? '))\n"
    tests = "from ask import age\n\ndef test_age(): assert age() == 3\n"
    answer = fix(make_repository({"ask.py": ask, "test_ask.py": tests}), code=1)
    assert answer["status"] == "not_fixed"
    assert answer["reproduction"]["red"][0]["exception"] in ("EOFError", "OSError")


def test_a_test_that_needs_the_network_is_not_repaired_by_leaving_the_call_out(
    fix: Fix, make_repository: MakeRepository
) -> None:
    call = "import socket\n\ndef hello():\n    socket.create_connection(('192.0.2.1', 80), 5).close()\n    return 1\n"
    tests = "from net import hello\n\ndef test_hello(): assert hello() == 1\n"
    answer = fix(make_repository({"net.py": call, "test_net.py": tests}), code=1)
    assert (answer["status"], answer["diff"]) == ("not_fixed", "")
    assert "denies the network" in answer["reason"] and "--tests" in answer["reason"]


# ── odd repositories ─────────────────────────────────────────────────────────────────────────────


def test_a_bare_repository_gets_a_branch_whose_file_keeps_its_encoding_and_line_ends(
    fix: Fix, make_repository: MakeRepository, tmp_path: Path
) -> None:
    def source(text: str) -> bytes:
        return f"# -*- coding: latin-1 -*-\n# \xe9t\xe9\n{text}".replace("\n", "\r\n").encode("latin-1")

    full = make_repository({"clamp.py": source(BUGGY), "test_clamp.py": TESTS})
    clone = ("-c", "protocol.file.allow=always", "clone", "--quiet", "--bare", str(full.root), "bare.git")
    run_git(clone, cwd=tmp_path)
    bare = GitRepository.open(tmp_path / "bare.git")
    answer = fix(bare, "--apply", code=0)
    assert bare.resolve(answer["branch"]) == answer["commit"]
    assert bare.read(answer["commit"], "clamp.py") == source(FIXED)
    assert not answer["applied_to_checkout"]
    assert "bare repository" in answer["notes"][-1]


def test_broken_files_links_submodules_and_changes_in_the_checkout_do_not_disturb(
    fix: Fix, make_repository: MakeRepository, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(BUGGY)
    repository = make_repository({**BUG, "scratch.py": "def (:\n", "old/two.py": b"print '\xff'\n"})
    (repository.root / "link.py").symlink_to(outside)
    (repository.root / "up").symlink_to("../..")
    commit = repository.resolve("HEAD")
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{commit},vendored")
    git(repository, "add", "link.py", "up")
    git(repository, "commit", "--quiet", "--message=More")
    mine = BUGGY + "# mine\n"
    (repository.root / "clamp.py").write_text(mine)

    answer = fix(repository, "--apply", "--tests", "test_clamp.py::test_above", "test_clamp.py::test_below", code=0)
    assert repository.read(answer["commit"], "clamp.py") == FIXED.encode()
    assert (outside.read_text(), (repository.root / "clamp.py").read_text()) == (BUGGY, mine)
    assert not answer["applied_to_checkout"]
    said = "\n".join(answer["notes"])
    assert "The link link.py leads out" in said and "The link up leads out" in said
    assert "The submodule vendored is not populated." in said
    assert "Worked on HEAD, without the" in said
    assert "The checkout is not clean (clamp.py" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_repository_that_may_not_be_written_is_refused_at_once(fix: Fix, make_repository: MakeRepository) -> None:
    repository = make_repository(BUG)
    (repository.root / ".git").chmod(0o500)
    try:
        answer = fix(repository, code=2)
    finally:
        (repository.root / ".git").chmod(0o700)
    assert "You may not write" in answer["message"]


# ── test commands ────────────────────────────────────────────────────────────────────────────────


def test_a_suite_of_unittest_is_repaired(fix: Fix, make_repository: MakeRepository) -> None:
    repository = make_repository({"clamp.py": BUGGY, "test_clamp.py": UNITTEST})
    answer = fix(repository, "--test-command", "python -m unittest", code=0)
    assert answer["status"] == "fixed"
    assert answer["verification"]["checks"][2]["command"][-2:] == ["-m", "unittest"]


@pytest.mark.parametrize(
    ("files", "script", "code", "status", "words"),
    [
        (GOOD, "python -m pytest -q && echo style is wrong && exit 3", 1, "not_fixed", "no failing test can be seen"),
        ({"clamp.py": BUGGY}, "echo style is wrong; exit 3", 1, "no_tests", "style is wrong"),
        (BUG, "echo fine", 0, "nothing_to_fix", "passes"),
        (BUG, "no-such-tool", 2, "error", "no-such-tool: not found"),
    ],
    ids=["fails though tests pass", "fails without tests", "passes though tests fail", "needs what is not there"],
)
def test_a_command_that_is_not_pytest_has_the_last_word(
    fix: Fix, make_repository: MakeRepository, files: dict[str, str], script: str, code: int, status: str, words: str
) -> None:
    repository = make_repository({**files, "check.sh": script + "\n"})
    answer = fix(repository, "--test-command", "sh check.sh", code=code)
    assert answer["status"] == status
    assert words in (answer.get("reason") or answer["message"])


def test_a_command_that_does_not_exist_is_bad_input(fix: Fix, make_repository: MakeRepository) -> None:
    answer = fix(make_repository(BUG), "--test-command", "no-such-runner --all", code=2)
    assert answer["error"] == "InputError"
    assert "`no-such-runner --all` needs a program that is not there" in answer["message"]


def test_an_option_that_pytest_does_not_know_is_said(fix: Fix, make_repository: MakeRepository) -> None:
    answer = fix(make_repository(BUG), "--test-command", "pytest --no-such-option", code=1)
    assert answer["status"] == "uncollectable"
    assert "unrecognized arguments: --no-such-option" in answer["reason"]


# ── checkouts ────────────────────────────────────────────────────────────────────────────────────


def test_applied_to_a_clean_checkout_the_file_changes_there(fix: Fix, make_repository: MakeRepository) -> None:
    repository = make_repository(BUG)
    answer = fix(repository, "--apply", "--test-command", "pytest -x -k 'above or inside'", code=0)
    assert answer["reproduction"]["collected"] == 2
    assert answer["applied_to_checkout"]
    assert repository.uncommitted() == ("clamp.py",)
    assert (repository.root / "clamp.py").read_text() == FIXED


def test_uncommitted_changes_are_taken_along_and_a_dry_run_delivers_nothing(
    fix: Fix, make_repository: MakeRepository
) -> None:
    repository = make_repository(GOOD)
    (repository.root / "clamp.py").write_text(BUGGY)
    answer = fix(repository, "--include-uncommitted", "--dry-run", code=0)
    assert (answer["status"], answer["outcome"], answer["branch"]) == ("fixed", "proposed", None)
    assert (repository.root / "clamp.py").read_text() == BUGGY


# ── a full disk ──────────────────────────────────────────────────────────────────────────────────


def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("full", ["home", "repository"])
def test_a_full_disk_is_said_and_leaves_nothing_half_written(
    command: str, environment: dict[str, str], make_repository: MakeRepository, tmp_path: Path, full: str
) -> None:
    if not _can_mount():
        pytest.skip("this user may not mount a small disk in a namespace of their own")
    repository = make_repository(BUG)
    disk = tmp_path / "disk"
    disk.mkdir()
    moved = "repo" if full == "repository" else "home"
    script = (
        'set -e; mount -t tmpfs -o size=500k tmpfs "$1"; cp -r "$2" "$1/repo"; cd "$1"; '
        "dd if=/dev/zero of=fill bs=1k 2>/dev/null || true; "
        f"{'export GRACE_HOME=$1/home; cd $2' if moved == 'home' else 'cd repo'}; set +e; "
        '"$3" fix . --json; code=$?; '
        'git -c safe.directory="*" fsck --strict >&2 || exit 99; '
        "git -c safe.directory='*' branch --list 'grace/*' >&2; find .git -name '*.lock' >&2; exit $code"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh", str(disk), str(repository.root), command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6, done
    assert '"EnvironmentLacking"' in done.stdout
    assert "full" in done.stdout or "No space left" in done.stdout
    assert done.stderr == ""
    assert list(Path(environment["TMPDIR"]).iterdir()) == []
