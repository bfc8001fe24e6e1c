"""Push -> what it sets off; a red push -> the run that repairs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prefect import get_run_logger, task

from grace.contracts import FixBug, Push, PushResult, RegisteredRepository, Reindex
from grace.delivery import BRANCHES
from grace.errors import EnvironmentLacking, InputError, TransientError
from grace.git import GitRepository
from grace.project_config import CONFIG_FILE, ProjectConfig, parse_config
from tasks.fetch import pushed_ref
from tasks.installation import ledger
from tasks.retries import RETRYING

FIX_BUG, REINDEX = "fix-bug/fix-bug", "reindex-codebase/reindex-codebase"


@task(name="find fix", task_run_name="find fix", persist_result=False, **RETRYING)
def find_fix(push: Push) -> str | None:
    """The flow run that repairs what the push broke, None when none was started.

    Once it was, this flow must not take the run on again: that would stop the one that carries it.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters

    same = filters.FlowRunFilter(idempotency_key=filters.FlowRunFilterIdempotencyKey(any_=[push.run_id]))
    with _readable_errors(), get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_run_filter=same, limit=1)
    return str(found[0].id) if found else None


@task(name="read configuration", task_run_name="read configuration", persist_result=False, **RETRYING)
def plan_reaction(push: Push, repository: RegisteredRepository) -> FixBug | PushResult:
    """What is wished for if the tests fail, as the pushed configuration says, or why the push ends here."""
    ref = pushed_ref(repository, push)
    if ref is None and not ledger().knows(push.run_id):
        moved = f"{push.branch} is not at {push.commit[:12]} any more: the push that moved it is looked at."
        return PushResult(run_id=push.run_id, status="ignored", reason=moved)
    try:
        config = _config(push, repository)
    except InputError as error:
        return PushResult(run_id=push.run_id, status="misconfigured", reason=str(error))
    if reason := _not_wanted(push, config):
        return PushResult(run_id=push.run_id, status="ignored", reason=reason)
    return _wish(push, repository, config, ref)


@task(name="start fix", task_run_name="start fix", persist_result=False, **RETRYING)
def start_fix(wish: FixBug) -> str:
    """Have the bug fixed by a flow run of its own, one however often this is asked; its id. Does not wait for it."""
    return _start(FIX_BUG, wish, wish.run_id or "")


@task(name="start indexing", task_run_name="start indexing", persist_result=False, **RETRYING)
def start_indexing(push: Push, repository: RegisteredRepository) -> str | None:
    """Have the code base indexed by a flow run of its own when the push moved what is indexed; its id.

    A server without that deployment keeps nobody from repairing what the push broke.
    """
    if GitRepository.open(Path(repository.location)).find("HEAD") != push.commit:
        return None
    try:
        return _start(REINDEX, Reindex(repository=repository.name, run_id=push.run_id), f"{push.run_id}/index")
    except EnvironmentLacking as error:
        get_run_logger().warning("The code base is not indexed: %s", error)
        return None


def _start(deployment: str, wish: FixBug | Reindex, key: str) -> str:
    from prefect.deployments import run_deployment
    from prefect.exceptions import ObjectNotFound

    parameters = {"wish": wish.model_dump(mode="json")}
    with _readable_errors():
        try:
            started: Any = run_deployment(
                deployment, parameters=parameters, timeout=0, idempotency_key=key, as_subflow=False
            )
        except ObjectNotFound as error:
            what = f"The Prefect server has no deployment {deployment}: register it with `grace deploy`."
            raise EnvironmentLacking(what) from error
    return str(started.id)


@contextmanager
def _readable_errors() -> Iterator[None]:
    import httpx

    try:
        yield
    except (httpx.TransportError, httpx.HTTPStatusError) as error:
        raise TransientError(f"The Prefect server cannot be asked: {error}. Is it running?") from error


def _config(push: Push, repository: RegisteredRepository) -> ProjectConfig:
    text = GitRepository.open(Path(repository.location)).read(push.commit, CONFIG_FILE)
    return ProjectConfig() if text is None else parse_config(text, f"{CONFIG_FILE} at {push.commit[:12]}")


def _not_wanted(push: Push, config: ProjectConfig) -> str:
    if push.branch.startswith(BRANCHES):
        return "The branch holds what GRACE delivered."
    if not config.on_push.fix_bug:
        return f"{CONFIG_FILE} does not ask for anything: [on_push] fix_bug = true would."
    if not config.on_push.covers(push.branch):
        return f"{CONFIG_FILE} does not name the branch {push.branch}."
    return ""


def _wish(push: Push, repository: RegisteredRepository, config: ProjectConfig, ref: str | None) -> FixBug:
    return FixBug(
        repository=repository.location,
        description=f"The push of {push.commit[:12]} to {push.branch} broke the tests.",
        base=ref or push.commit,
        requested_by=f"{push.pusher or 'somebody'} ({push.provider})",
        test_command=config.on_push.test_command,
        run_id=push.run_id,
    )
