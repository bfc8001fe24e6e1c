"""From a real git push to the run that repairs it: the application, Prefect's server, the flow, git."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas import filters

from flows.on_git_push import on_git_push
from grace import contracts as c
from grace.api.app import create_app
from grace.errors import EnvironmentLacking, InputError, TransientError
from grace.git import GitRepository, run_git
from grace.registration import register
from grace.settings import Settings
from grace.store.ledger import SqlLedger
from tests.flows.conftest import BROKEN, FIXED, Rooms

SECRET = "correct horse battery staple"
CONFIG = '[on_push]\nfix_bug = true\nbranches = ["main", "release/*"]\ntest_command = "pytest -q"\n'


@dataclass
class Shop:
    """A developer's repository, its shared remote, and GRACE's clone of that."""

    work: Path
    remote: Path
    registered: c.RegisteredRepository

    def push(self, files: dict[str, str], branch: str = "main", *, delivery: str = "d-1") -> c.Push:
        """Commit and push, as people do; what a provider then tells."""
        for name, content in files.items():
            (self.work / name).parent.mkdir(parents=True, exist_ok=True)
            (self.work / name).write_text(content)
        run_git(("checkout", "--quiet", "-B", branch), cwd=self.work)
        run_git(("add", "--all"), cwd=self.work)
        run_git(("commit", "--quiet", "--allow-empty", f"--message={delivery}"), cwd=self.work)
        speaking = ("-c", "protocol.file.allow=always")
        run_git((*speaking, "push", "--quiet", "--force", str(self.remote), branch), cwd=self.work)
        commit = run_git(("rev-parse", "HEAD"), cwd=self.work).stdout.decode().strip()
        return c.Push(
            provider="github",
            delivery_id=delivery,
            repository=self.registered.name,
            ref=f"refs/heads/{branch}",
            commit=commit,
            pusher="ann",
        )


@pytest.fixture
def shop(make_repository: Callable[..., GitRepository], tmp_path: Path, on_server: Path) -> Shop:
    work = make_repository({"half.py": FIXED, "test_half.py": "from half import half\n"}, name="work").root
    remote = tmp_path / "shop.git"
    run_git(("init", "--quiet", "--bare", "--initial-branch=main", str(remote)), cwd=tmp_path)
    run_git(("-c", "protocol.file.allow=always", "push", "--quiet", str(remote), "main"), cwd=work)
    return Shop(work, remote, register(remote.as_uri(), Settings()))


@pytest.fixture
def deployed(on_server: Path) -> Iterator[dict[str, str]]:
    """The deployments, with no worker: what is started is there to be looked at."""
    with get_client(sync_client=True) as client:
        made = {}
        for name in ("fix-bug", "on-git-push", "reindex-codebase"):
            flow = client.create_flow_from_name(name)
            made[name] = str(client.create_deployment(flow, name, enforce_parameter_schema=False))
        yield made
        for name in made.values():
            client.delete_deployment(name)


def started(name: str) -> list[Any]:
    """The flow runs of a deployment."""
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(f"{name}/{name}")
        wanted = filters.DeploymentFilter(id=filters.DeploymentFilterId(any_=[deployment.id]))
        return client.read_flow_runs(deployment_filter=wanted)


def ledger() -> SqlLedger:
    return SqlLedger.open(Settings().database)


def test_a_push_that_breaks_the_tests_starts_one_run_that_repairs_it(
    shop: Shop, deployed: Any, rooms: Rooms, fix_bug: Any
) -> None:
    from flows.fix_bug import fix_bug as flow

    push = shop.push({".grace/config.toml": CONFIG, "half.py": BROKEN})
    result = on_git_push(push)
    assert (result.status, result.run_id) == ("fixing", push.run_id)
    (run,) = started("fix-bug")
    assert str(run.id) == result.flow_run_id
    request = ledger().request(push.run_id)
    assert request.base_revision == push.commit
    assert request.base_branch == "main"
    assert request.requested_by == "ann (github)"
    assert request.text == f"The push of {push.commit[:12]} to main broke the tests."
    assert request.options.test_command == ("pytest", "-q")

    again = on_git_push(push)
    assert (again.status, again.flow_run_id) == ("fixing", result.flow_run_id)
    assert len(started("fix-bug")) == 1

    outcome = flow(c.FixBug.model_validate(run.parameters["wish"]))
    assert outcome.run_id == push.run_id
    assert outcome.evidence.reproduction.status is c.ReproductionStatus.RED
    assert rooms.asked.count("reproduce") == 1  # not again in the run that repairs


def test_a_flow_that_comes_back_does_not_take_the_run_from_the_one_that_repairs(
    shop: Shop, deployed: Any, rooms: Rooms
) -> None:
    push = shop.push({".grace/config.toml": CONFIG, "half.py": BROKEN})
    on_git_push(push)
    token = ledger().carry(push.run_id, "the run that repairs")
    assert on_git_push(push).status == "fixing"
    ledger().guard(push.run_id, token)


@pytest.mark.parametrize(
    ("shown", "status", "ending"),
    [("green", "passed", "nothing_to_do"), ("flaky", "unclear", "gave_up"), ("no_tests", "unclear", "gave_up")],
)
def test_tests_that_show_no_bug_start_nothing(
    shop: Shop, deployed: Any, rooms: Rooms, shown: str, status: str, ending: str
) -> None:
    rooms.status = c.ReproductionStatus(shown)
    push = shop.push({".grace/config.toml": CONFIG})
    assert on_git_push(push).status == status
    outcome = ledger().outcome(push.run_id)
    assert outcome is not None
    assert outcome.status == ending
    assert started("fix-bug") == []


@pytest.mark.parametrize(
    ("files", "branch", "status", "reason"),
    [
        ({}, "main", "ignored", "fix_bug = true"),
        ({".grace/config.toml": CONFIG}, "topic", "ignored", "does not name the branch topic"),
        ({".grace/config.toml": CONFIG}, "grace/fix-bug/0123456789ab", "ignored", ""),
        ({".grace/config.toml": "[on_push]\nfix = 1\n"}, "main", "misconfigured", "on_push.fix"),
        ({".grace/config.toml": "[on_push"}, "main", "misconfigured", "cannot be used"),
    ],
)
def test_without_the_repositorys_word_nothing_is_run(
    shop: Shop, deployed: Any, rooms: Rooms, files: dict[str, str], branch: str, status: str, reason: str
) -> None:
    push = shop.push(files, branch)
    result = on_git_push(push)
    assert result.status == status
    assert reason in result.reason
    assert rooms.asked == []
    assert not ledger().knows(push.run_id)


def test_a_push_that_was_overtaken_is_left_to_the_one_that_overtook_it(shop: Shop, deployed: Any, rooms: Rooms) -> None:
    first = shop.push({".grace/config.toml": CONFIG, "half.py": BROKEN})
    second = shop.push({"half.py": BROKEN + "\n"}, delivery="d-2")
    assert on_git_push(first).status == "ignored"
    assert on_git_push(second).status == "fixing"


def test_a_checkout_that_somebody_works_in_stays_as_it_is(
    shop: Shop, deployed: Any, rooms: Rooms, tmp_path: Path
) -> None:
    url = shop.remote.as_uri()
    run_git(("-c", "protocol.file.allow=always", "clone", "--quiet", url, "mine"), cwd=tmp_path)
    mine = GitRepository.open(tmp_path / "mine")
    from grace.store.repositories import SqlRepositories

    SqlRepositories.open(Settings().database).remove(shop.registered.name)
    shop.registered = register(str(mine.root), Settings())
    before = mine.resolve("HEAD")
    push = shop.push({".grace/config.toml": CONFIG, "half.py": BROKEN})
    assert on_git_push(push).status == "fixing"
    assert ledger().request(push.run_id).base_revision == push.commit
    assert mine.resolve("HEAD") == before
    assert mine.uncommitted() == ()


def test_a_remote_that_cannot_be_reached_is_tried_again(
    shop: Shop, deployed: Any, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tasks.fetch as fetching

    real, asked = fetching.fetch, []

    def once_away(*arguments: Any, **keywords: Any) -> None:
        asked.append(1)
        if len(asked) == 1:
            raise TransientError("The remote repository could not be reached.")
        real(*arguments, **keywords)

    monkeypatch.setattr(fetching, "fetch", once_away)
    monkeypatch.setattr(fetching.fetch_repository, "retry_delay_seconds", [0.0, 0.0, 0.0])
    assert on_git_push(shop.push({".grace/config.toml": CONFIG, "half.py": BROKEN})).status == "fixing"
    assert len(asked) == 2


def test_what_is_new_on_the_branch_of_head_is_indexed(shop: Shop, deployed: Any, rooms: Rooms) -> None:
    push = shop.push({"half.py": FIXED})
    on_git_push(push)
    on_git_push(shop.push({"half.py": BROKEN}, branch="other", delivery="d-2"))
    (run,) = started("reindex-codebase")
    assert run.parameters["wish"]["repository"] == shop.registered.name


def test_a_repository_that_was_removed_meanwhile_is_said(shop: Shop, deployed: Any, rooms: Rooms) -> None:
    push = shop.push({}).model_copy(update={"repository": "gone"})
    with pytest.raises(InputError, match="grace repos list"):
        on_git_push(push)


def test_without_the_deployment_that_repairs_it_is_said(shop: Shop, on_server: Path, rooms: Rooms) -> None:
    push = shop.push({".grace/config.toml": CONFIG, "half.py": BROKEN})
    with pytest.raises(EnvironmentLacking, match="grace deploy"):
        on_git_push(push)
    assert ledger().summary(push.run_id).status is c.RunStatus.FAILED


def test_from_the_webhook_to_the_flow_run(
    shop: Shop, deployed: Any, rooms: Rooms, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRACE_WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("PREFECT_API_URL", server)
    push = shop.push({".grace/config.toml": CONFIG, "half.py": BROKEN})
    urls = {"clone_url": shop.remote.as_uri()}
    body = json.dumps({"ref": push.ref, "after": push.commit, "repository": urls, "pusher": {"name": "ann"}}).encode()

    async def tell() -> list[httpx.Response]:
        app = create_app()
        transport = httpx.ASGITransport(app)
        headers = {
            "x-hub-signature-256": f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}",
            "x-github-event": "push",
            "x-github-delivery": "d-9",
        }
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://g") as web:
            answers = [await web.post("/api/webhooks/github", content=body, headers=headers) for _ in range(3)]
            deadline = time.monotonic() + 20
            while (await web.get("/health/ready")).json()["pushes_waiting"]:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.02)
        return answers

    answers = asyncio.run(tell())
    assert {answer.status_code for answer in answers} == {202}
    (run,) = started("on-git-push")
    result = on_git_push(c.Push.model_validate(run.parameters["push"]))
    assert (result.status, result.run_id) == ("fixing", answers[0].json()["run_id"])
    assert len(started("fix-bug")) == 1
