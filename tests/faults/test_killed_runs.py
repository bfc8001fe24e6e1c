"""A run whose process is killed at any point goes on, ends once, and leaves nothing behind.

`make test` tries a sample of the points, `make faults` all of them.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from grace.git import GitRepository
from grace.git.command import run_git

STAGES = (
    "parse", "plan", "reproduce", "generate", "rebase", "verify", "scan", "assess", "govern", "tally", "seal",
    "deliver",
)  # fmt: skip
LOOKED_AT_ANEW = ("rebase", "tally")
"""The base may have moved and votes may have come since."""
MOMENTS = ("before", "inside", "done", "recorded")
POINTS = list(product(STAGES, MOMENTS))
SAMPLE = random.Random(20261125).sample(POINTS, 1)
BUGGY = {
    "clamp.py": "def clamp(value, low, high):\n    return max(low, max(value, high))\n",
    "test_clamp.py": (
        "from clamp import clamp\n\ndef test_clamp():\n"
        "    assert [clamp(n, 1, 3) for n in range(5)] == [1, 1, 2, 3, 3]\n"
    ),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.mark.faults
@pytest.mark.parametrize(("stage", "moment"), POINTS, ids=["-".join(point) for point in POINTS])
def test_a_killed_run_goes_on_and_ends_once(
    stage: str, moment: str, home: Path, tmp_path: Path, make_repository: Callable[..., GitRepository]
) -> None:
    if "GRACE_ALL_FAULTS" not in os.environ and (stage, moment) not in SAMPLE:
        pytest.skip("not in the sample of kill points: `make faults` tries all of them")
    repository = make_repository(BUGGY)
    (scratch := tmp_path / "scratch").mkdir()
    environment = {**os.environ, "GRACE_HOME": str(home), "TMPDIR": str(scratch), "PREFECT_API_URL": ""}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    script = str(Path(__file__).with_name("kill_at.py"))
    killed = run(sys.executable, script, stage, moment, "fix", str(repository.root), "--json")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with sqlite3.connect(home / "grace.db") as database:
        (run_id,) = database.execute("SELECT task_id FROM development_tasks ORDER BY id DESC LIMIT 1").fetchone()

    grace = str(Path(sys.executable).with_name("grace"))
    went_on = run(grace, "rerun", run_id, "--json")
    assert went_on.returncode == 0, went_on.stdout + went_on.stderr

    branches = run_git(("for-each-ref", "--format=%(refname:short)", "refs/heads/grace"), cwd=repository.root)
    assert branches.stdout.decode().split() == [f"grace/fix-bug/{run_id}"]
    added = run_git(("rev-list", "--count", f"HEAD..grace/fix-bug/{run_id}"), cwd=repository.root)
    assert added.stdout.decode().strip() == "1"
    assert repository.uncommitted() == ()
    assert list(scratch.iterdir()) == []

    with sqlite3.connect(home / "grace.db") as database:
        rows = database.execute("SELECT stage, count(*) FROM run_steps WHERE task_id = ? GROUP BY stage", (run_id,))
        attempts = dict(rows.fetchall())
        (status,) = database.execute("SELECT status FROM development_tasks WHERE task_id = ?", (run_id,)).fetchone()
    assert status == "finished"
    finished_before = [name for name in STAGES[: STAGES.index(stage)] if name not in LOOKED_AT_ANEW]
    assert {name: attempts[name] for name in finished_before} == dict.fromkeys(finished_before, 1)
    audit = run(grace, "audit", "verify", "--repo", str(repository.root), "--json")
    assert audit.returncode == 0, audit.stdout + audit.stderr
