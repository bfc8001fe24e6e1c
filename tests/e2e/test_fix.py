import contextlib
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grace.git import GitRepository

pytestmark = pytest.mark.e2e

Grace = Callable[..., Any]
MakeRepository = Callable[..., GitRepository]
BUGGY = {
    "clamp.py": "def clamp(value, low, high):\n    return max(low, max(value, high))\n",
    "test_clamp.py": (
        "import pytest\nfrom clamp import clamp\n\n"
        "@pytest.mark.parametrize(('value', 'clamped'), [(0, 1), (1, 1), (2, 2), (3, 3), (4, 3)])\n"
        "def test_clamp(value, clamped):\n    assert clamp(value, 1, 3) == clamped\n"
    ),
}


def test_a_bug_is_fixed_delivered_shown_and_found_again(
    grace: Grace, make_repository: MakeRepository, environment: dict[str, str]
) -> None:
    repository = make_repository(BUGGY)
    ran = grace("fix", str(repository.root), "--json")
    answer = ran.json
    assert (ran.code, answer["status"], ran.err) == (0, "fixed", "")
    assert answer["verification"]["passed"] is True
    assert "-    return max(low, max(value, high))" in answer["diff"]
    assert repository.resolve(answer["branch"]) == answer["commit"]
    assert repository.uncommitted() == ()
    assert list(Path(environment["TMPDIR"]).iterdir()) == []

    fresh = repository.root.parent / "fresh"
    clone = ["git", "clone", "--quiet", "--branch", answer["branch"], str(repository.root), str(fresh)]
    subprocess.run(clone, check=True)
    pytest_again = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    assert subprocess.run(pytest_again, cwd=fresh, capture_output=True, check=False).returncode == 0

    shown = grace("show", answer["run_id"][:8])
    assert "FIXED" in shown.out and answer["branch"] in shown.out and "\x1b" not in shown.out
    listed = grace("runs", "--json").json["runs"]
    assert (listed[0]["run_id"], listed[0]["outcome"]) == (answer["run_id"], "delivered")

    again = grace("rerun", answer["run_id"], "--json").json
    assert (again["status"], again["commit"]) == ("fixed", answer["commit"])


def test_interrupted_it_says_so_cleans_up_and_goes_on_later(
    command: str, grace: Grace, make_repository: MakeRepository, environment: dict[str, str]
) -> None:
    slow = {**BUGGY, "test_slow.py": "import time\n\ndef test_slow():\n    time.sleep(60)\n"}
    repository = make_repository(slow)
    process = subprocess.Popen(
        [command, "fix", str(repository.root), "--json"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    temporary = Path(environment["TMPDIR"])
    while not any(temporary.rglob("test_slow.py")):  # until the run is at work in its checkout
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"grace ended by itself with {process.wait(0.05)}")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130, out
    assert list(temporary.iterdir()) == []
    newest = grace("runs", "--limit", "1", "--json").json["runs"][0]
    assert (newest["status"], newest["current_step"]) == ("cancelled", "reproduce")


def test_with_uncommitted_changes_head_is_worked_on_and_the_answer_says_so(
    make_repository: MakeRepository,
) -> None:
    from grace.cli.fix import to_request
    from grace.settings import Settings

    repository = make_repository(BUGGY)
    (repository.root / "clamp.py").write_text("broken (")

    def ask(include: bool) -> Any:
        return to_request({"repository": str(repository.root), "include_uncommitted": include}, Settings())

    on_head, on_snapshot = ask(False), ask(True)
    assert on_head.base_revision == repository.resolve("HEAD")
    assert "without the 1 uncommitted file" in on_head.notes[0]
    assert repository.read(on_snapshot.base_revision, "clamp.py") == b"broken ("
    assert "with its 1 uncommitted file" in on_snapshot.notes[0]
