"""A run on a server that waits for a vote: whatever dies at whatever point, it ends once, with the vote it was given.

`make test` tries one point, `make faults` all of them, of the process that carries the run, of the worker and of the
Prefect server.
"""

import json
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from grace.git import GitRepository
from grace.git.trailers import branches
from tests.deployments.conftest import REVIEWED, Box, free_port, until

BEFORE_THE_VOTE = (
    "parse", "plan", "reproduce", "generate", "rebase", "verify", "scan", "assess", "govern", "tally", "ask",
)  # fmt: skip
AFTER_THE_VOTE = ("ballot", "seal", "deliver")
MOMENTS = ("before", "inside", "done", "recorded")
POINTS = [
    *product(BEFORE_THE_VOTE + AFTER_THE_VOTE, MOMENTS, ["flow"]),
    *product(("generate", "verify", "deliver"), ["inside"], ["worker", "server"]),
]
SAMPLE = random.Random(20261126).sample(POINTS, 1)
LOOKED_AT_ANEW = ("rebase", "tally")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    home = tmp_path_factory.mktemp("home")
    (home / "scratch").mkdir()
    armed = {
        "PYTHONPATH": str(Path(__file__).with_name("injected")),
        "GRACE_TEST_KILL": str(home / "kill"),
        "TMPDIR": str(home / "scratch"),
    }
    made = Box(home, free_port(), free_port(), extra=armed)
    made.up(auth="")
    yield made
    made.down()


@pytest.mark.faults
@pytest.mark.parametrize(("stage", "moment", "victim"), POINTS, ids=["-".join(point) for point in POINTS])
def test_whatever_dies_the_run_ends_once(
    stage: str, moment: str, victim: str, box: Box, make_repository: Callable[..., GitRepository]
) -> None:
    if "GRACE_ALL_FAULTS" not in os.environ and (stage, moment, victim) not in SAMPLE:
        pytest.skip("not in the sample of kill points: `make faults` tries all of them")
    repository = make_repository(REVIEWED)
    (box.home / "kill").write_text(f"{stage} {moment} {pid_of(box, victim)}")
    status, asked = box.ask("fix-bug", {"wish": {"repository": str(repository.root), "requested_by": "ann"}})
    assert status == 201, asked
    wait_for(box, asked["id"], "Suspended")
    run_id = json.loads(box.grace("runs", "--json").stdout)["runs"][0]["run_id"]
    code = json.loads(box.grace("approvals", "code", run_id, "--as", "bob", "--json").stdout)["code"]
    answer = {"run_input": {"answer": "approve", "comment": "", "code": code}}
    assert box.call(f"/flow_runs/{asked['id']}/resume", answer)[1]["status"] == "ACCEPT"
    wait_for(box, asked["id"], "Completed")

    assert (box.home / "kill.done").exists(), "nothing was killed"
    (box.home / "kill.done").unlink()
    assert branches(repository.root, "grace/") == (f"grace/fix-bug/{run_id}",)
    assert repository.resolve(f"grace/fix-bug/{run_id}~1") == repository.resolve("HEAD")
    assert repository.uncommitted() == ()
    shown: dict[str, Any] = json.loads(box.grace("show", run_id, "--json").stdout)
    assert (shown["outcome"], [vote["voter"] for vote in shown["votes"]]) == ("delivered", ["bob"])
    times = attempts(box, run_id)
    alive = [name for name in BEFORE_THE_VOTE + AFTER_THE_VOTE if name not in (*LOOKED_AT_ANEW, stage, "deliver")]
    if victim == "flow":  # what else dies may take a stage with it that is not named here
        assert {name: times[name] for name in alive} == dict.fromkeys(alive, 1)
    assert [entry.name for entry in (box.home / "scratch").iterdir() if "grace" in entry.name] == []
    audit = box.grace("audit", "verify", "--repo", str(repository.root), "--json")
    assert audit.returncode == 0, audit.stdout + audit.stderr


def pid_of(box: Box, victim: str) -> str:
    """The process id of a service; nothing for the process of the run itself."""
    return "" if victim == "flow" else str(min(box.processes(victim)))


def wait_for(box: Box, flow_run_id: str, name: str) -> None:
    try:
        until(lambda: state(box, flow_run_id) == name, 150)
    except AssertionError as error:
        raise AssertionError(f"The run did not come to be {name}: {box.states(flow_run_id)}") from error


def state(box: Box, flow_run_id: str) -> str:
    try:
        return str(box.run(flow_run_id)["state_name"])
    except OSError:  # the server is the one that died
        return ""


def attempts(box: Box, run_id: str) -> dict[str, int]:
    with sqlite3.connect(box.home / "grace.db") as database:
        rows = database.execute("SELECT stage, count(*) FROM run_steps WHERE task_id = ? GROUP BY stage", (run_id,))
        return dict(rows.fetchall())
