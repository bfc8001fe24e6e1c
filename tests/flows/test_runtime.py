"""The same request, embedded and on a server; and what Prefect keeps of an embedded run."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from grace.contracts import Request
from grace.git import run_git
from grace.settings import Settings
from grace.store.ledger import outcome_adapter

Ask = Callable[..., Request]

LAUNCH = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("ready", sys.argv[1])
ready = importlib.util.module_from_spec(spec)
sys.modules["ready"] = ready
spec.loader.exec_module(ready)
import grace.generation.repair.reproduce as a, grace.generation.repair.search as b
import grace.verification.checks as c, grace.verification.interpreter as d
rooms = ready.Rooms()
a.reproduce, b.repair, c.verify_change = rooms.reproduce, rooms.repair, rooms.verify
d.find_interpreter = lambda *_: None
from grace.cli.launch import launch
from grace.contracts import Request
from grace.settings import Settings
outcome = launch(Request.model_validate_json(sys.argv[2]), Settings(), lambda _: None)
print(outcome.model_dump_json(round_trip=True))
"""


def launched(request: Request, home: Path, api_url: str) -> str:
    conftest = Path(__file__).with_name("conftest.py")
    environment = {**os.environ, "GRACE_HOME": str(home), "PREFECT_API_URL": api_url}
    done = subprocess.run(
        [sys.executable, "-c", LAUNCH, str(conftest), request.model_dump_json()],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_server_from_the_locked_environment_starts_and_is_healthy(server: str) -> None:
    with urlopen(f"{server}/health", timeout=5) as response:
        assert json.load(response) is True


def test_embedded_and_on_a_server_a_request_has_the_same_outcome(server: str, ask: Ask, tmp_path: Path) -> None:
    request = ask()
    embedded = launched(request, tmp_path / "embedded", "")
    run_git(("branch", "--quiet", "-D", f"grace/fix-bug/{request.id}"), cwd=Path(request.repository))
    served = launched(request, tmp_path / "served", server)
    one, other = map(outcome_adapter().validate_json, (embedded, served))
    commit = {"commit": other.delivery.commit}  # names the audit log of its own home
    assert one.model_copy(update={"delivery": one.delivery.model_copy(update=commit)}) == other
    assert not (tmp_path / "served" / "prefect").exists()

    kept = sqlite3.connect(tmp_path / "embedded" / "prefect" / "prefect.db")
    assert kept.execute("SELECT name, state_type FROM flow_run").fetchall() == [
        (f"fix project {request.id}", "COMPLETED")
    ]
    tasks = kept.execute("SELECT count(*), min(state_type), max(state_type) FROM task_run").fetchone()
    assert tasks == (15, "COMPLETED", "COMPLETED")
    assert kept.execute("SELECT count(*) FROM artifact").fetchone() == (2,)


def test_the_server_that_grace_up_recorded_is_used(server: str, tmp_path: Path) -> None:
    from grace.cli.prefect_runtime import running_server

    settings = Settings(home=tmp_path).model_copy(update={"prefect_api_url": None})
    settings.server_record.write_text(json.dumps({"api_url": server}))
    assert running_server(settings) == server


@pytest.mark.parametrize("record", ["", "{", "[]", '{"api_url": "http://127.0.0.1:9/api"}'])
def test_a_record_of_a_server_that_is_gone_is_passed_over(tmp_path: Path, record: str) -> None:
    from grace.cli.prefect_runtime import running_server

    settings = Settings(home=tmp_path).model_copy(update={"prefect_api_url": None})
    settings.server_record.write_text(record)
    assert running_server(settings) is None


def test_a_named_server_that_does_not_answer_is_said(tmp_path: Path) -> None:
    from grace.cli.prefect_runtime import running_server
    from grace.errors import EnvironmentLacking

    settings = Settings(home=tmp_path).model_copy(update={"prefect_api_url": "http://127.0.0.1:9/api"})
    with pytest.raises(EnvironmentLacking, match="does not answer"):
        running_server(settings)
