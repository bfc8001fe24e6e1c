"""`make demo`: what a newcomer sees first."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ticketing"

pytestmark = pytest.mark.e2e


def pytest_in(folder: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "."]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True).stdout


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_example_has_a_bug_that_its_module_does_not_show() -> None:
    said = pytest_in(EXAMPLE)
    assert re.search(r"3 failed, \d\d passed", said)
    assert "FAILED tests/test_offers.py" not in said


def test_the_demo_repairs_the_example_and_leaves_nothing_behind(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    environment = {
        "PATH": os.environ["PATH"],  # and no git identity anywhere
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    command = [sys.executable, str(ROOT / "examples" / "demo.py")]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

    assert list(home.iterdir()) == []
    (folder,) = temporary.iterdir()
    repository = folder / "ticketing"
    branch = git(repository, "branch", "--list", "grace/*").split()[-1]
    assert branch in done.stdout
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "diff", "--name-only", f"HEAD...{branch}") == "ticketing/offers.py"

    git(repository, "merge", "--quiet", "--ff-only", branch)
    assert re.fullmatch(r"\d+ passed in .*", pytest_in(repository).splitlines()[-1])
