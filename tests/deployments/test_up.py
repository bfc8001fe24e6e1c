"""`grace up`, with real servers, workers and runs, some of which are killed."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from grace.git import GitRepository, run_git
from tests.deployments.conftest import AUTH, BUGGY, Box, until


@pytest.fixture
def repository(make_repository: Callable[..., GitRepository]) -> GitRepository:
    return make_repository(BUGGY)


def ask_for_fix(box: Box, repository: GitRepository) -> str:
    status, run = box.ask("fix-bug", {"wish": {"repository": str(repository.root), "requested_by": "ann"}})
    assert status == 201, run
    return str(run["id"])


def recorded(box: Box, flow_run_id: str) -> tuple[str, str] | None:
    """How the ledger says a run stands, and what went wrong."""
    with sqlite3.connect(box.home / "grace.db") as database:
        found = database.execute("SELECT status, errors FROM development_tasks WHERE flow_run_id = ?", (flow_run_id,))
        return found.fetchone()


def rescued(box: Box, flow_run_id: str) -> str:
    """What the task of `rescue-run` does about a run."""
    from prefect import settings as s

    from tasks.rescue import rescue_flow_run

    updates = {s.PREFECT_API_URL: f"http://127.0.0.1:{box.port}/api", s.PREFECT_API_AUTH_STRING: AUTH}
    with s.temporary_settings(updates):
        return rescue_flow_run.fn(UUID(flow_run_id))


def delivered(repository: GitRepository) -> list[str]:
    return (
        run_git(("for-each-ref", "--format=%(refname)", "refs/heads/grace"), cwd=repository.root)
        .stdout.decode()
        .split()
    )


def test_nobody_else_is_let_in(box: Box) -> None:
    assert box.call("/flow_runs/count", {}, auth="")[0] == 401
    assert box.call("/flow_runs/count", {}, auth="ann:wrong")[0] == 401
    assert box.call("/flow_runs/count", {})[0] == 200


def test_the_password_is_where_only_its_owner_looks(box: Box) -> None:
    record = box.home / "server.json"
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    password = AUTH.partition(":")[2]
    assert password in record.read_text()
    shown = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    logs = "".join(file.read_text() for file in (box.home / "logs").iterdir())
    assert password not in shown + logs + json.dumps(box.status) + (box.home / "up.err").read_text()


def test_registering_again_changes_nothing(box: Box) -> None:
    assert box.status is not None
    assert {each["action"] for each in box.status["registered"]} == {"created"}
    again = box.grace("deploy", "--json")
    assert again.returncode == 0, again.stderr
    registered = json.loads(again.stdout)["registered"]
    assert {each["action"] for each in registered} == {"unchanged"}
    assert [each["name"] for each in registered] == [each["name"] for each in box.status["registered"]]
    automations = [each["name"] for each in box.call("/automations/filter", {})[1]]
    assert sorted(automations) == ["grace-rescue", "grace-zombie"]


def test_registering_leaves_peoples_schedules(box: Box) -> None:
    _, found = box.call("/deployments/name/fix-bug/fix-bug")
    schedule = {"schedule": {"interval": 86400 * 365}, "active": False}
    assert box.call(f"/deployments/{found['id']}/schedules", [schedule])[0] == 201
    assert box.grace("deploy").returncode == 0
    assert len(box.call("/deployments/name/fix-bug/fix-bug")[1]["schedules"]) == 1


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({"repository": "/r", "seconds": "soon"}, "wish.seconds"),
        ({"repository": "/r", "seconds": -1}, "wish.seconds"),
        ({"repository": ""}, "wish.repository"),
        ({"repository": "/r", "tests": "all"}, "wish.tests"),
        ({}, "repository"),
        ({"repository": "/r", "reposiotry": "/r"}, "reposiotry"),
    ],
)
def test_a_bad_value_is_refused_and_its_field_named(box: Box, wish: dict[str, object], named: str) -> None:
    status, answer = box.ask("fix-bug", {"wish": wish})
    assert status in (409, 422)
    assert named in answer["detail"]


def test_the_form_explains_each_field(box: Box) -> None:
    _, found = box.call("/deployments/name/fix-bug/fix-bug")
    fields = found["parameter_openapi_schema"]["definitions"]["FixBug"]["properties"]
    assert [name for name, field in fields.items() if not field.get("description")] == []


def test_a_second_one_is_refused(box: Box) -> None:
    second = box.grace("up", "--json")
    assert second.returncode == 2
    assert "already runs" in json.loads(second.stdout)["message"]


def test_listening_beyond_this_machine_needs_a_password(tmp_path: Path) -> None:
    for host in ("0.0.0.0", "::"):
        refused = Box(tmp_path, 0, 0).grace("up", "--host", host)
        assert refused.returncode == 2
        assert "PREFECT_SERVER_API_AUTH_STRING" in refused.stderr


def test_deploying_to_nothing_says_what_to_start(tmp_path: Path) -> None:
    refused = Box(tmp_path, 0, 0).grace("deploy")
    assert refused.returncode == 6
    assert "grace up" in refused.stderr


def test_a_run_whose_worker_is_killed_goes_on_at_once(box: Box, repository: GitRepository) -> None:
    run = ask_for_fix(box, repository)
    flow_process = box.flow_process(run)
    assert rescued(box, run) == "left alone"  # it lives
    worker = Path(f"/proc/{flow_process}/stat").read_text().rpartition(")")[2].split()[1]
    os.kill(int(worker), signal.SIGKILL)
    assert box.end(run)["state_type"] == "COMPLETED"
    assert box.states(run).count("Rescued") == 1
    assert len(delivered(repository)) == 1
    assert flow_process not in box.processes()
    assert rescued(box, run) == "left alone"  # it ended
    assert "worker ended with -9" in (box.home / "up.err").read_text()


def test_a_run_that_keeps_dying_fails_loudly(box: Box, repository: GitRepository) -> None:
    run = ask_for_fix(box, repository)
    first = box.flow_process(run)
    os.kill(first, signal.SIGKILL)
    until(lambda: "Rescued" in box.states(run), 60, "the automation did not rescue it")
    second = until(lambda: next((pid for pid in [box.flow_process(run)] if pid != first), None), 60)
    until(lambda: recorded(box, run), 60, "the run was not recorded")
    os.kill(second, signal.SIGKILL)
    ended = box.end(run)
    assert ended["state_type"] == "FAILED"
    assert "died again after it had been started again 1 times" in ended["state"]["message"]
    assert "Process exited with status code: -9" in ended["state"]["message"]
    status, errors = recorded(box, run) or ("", "")
    assert status == "failed"
    assert "died again" in errors
    assert delivered(repository) == []


def test_stopping_leaves_nothing_running_and_loses_nothing(box: Box, repository: GitRepository) -> None:
    run = ask_for_fix(box, repository)
    box.flow_process(run)
    assert box.down() == 0
    assert box.processes() == []
    assert not (box.home / "server.json").exists()
    box.up()
    before = {box.flow_process(run), *box.processes()}
    box.down(signal.SIGKILL)  # all but itself live on
    box.up()
    assert not before & set(box.processes())
    assert box.end(run)["state_type"] == "COMPLETED"
    states = box.states(run)
    assert (states.count("Interrupted"), states.count("Rescued")) == (1, 1)
    assert len(delivered(repository)) == 1
