"""Runs that wait on a Prefect server: letting them go on, and following them until they end or wait again."""

import time
from collections.abc import Callable
from typing import Any

from grace.contracts import Ballot, Outcome, Request, RunStatus
from grace.errors import EnvironmentLacking, TransientError
from grace.ports import Ledger
from grace.progress import Progress
from grace.server_record import ServerRecord
from grace.settings import Settings

_FOLLOW_SECONDS = 300.0
_LOOK_EVERY_SECONDS = 0.2


def is_suspended(flow_run_id: str | None, settings: Settings) -> bool:
    """Whether a server that answers has the flow run suspended; another process than this one carries it on then."""
    if flow_run_id is None or settings.server is None:
        return False
    try:
        state = _ask(settings.server, "GET", f"/flow_runs/{flow_run_id}").get("state") or {}
    except TransientError:
        return False
    return bool(state.get("type") == "PAUSED")


def wake(flow_run_id: str, settings: Settings) -> None:
    """Let a suspended flow run count its votes again. Raises TransientError when the server does not do it."""
    server = settings.server
    assert server is not None  # noqa: S101  # it said that the run is suspended
    answer = _ask(server, "POST", f"/flow_runs/{flow_run_id}/resume", {"run_input": Ballot().model_dump()})
    if answer.get("status") not in ("ACCEPT", "ABORT"):  # aborted: somebody else was faster
        reason = answer.get("details", {}).get("reason", answer)
        raise TransientError(f"The Prefect server does not resume flow run {flow_run_id}: {reason}")


def follow(ledger: Ledger, request: Request, listener: Callable[[Progress], None]) -> Outcome | None:
    """The outcome that a woken run, which a worker carries on, comes to; None when that takes over five minutes.

    Raises TransientError when it fails.
    """
    deadline, seen = time.monotonic() + _FOLLOW_SECONDS, ""
    while time.monotonic() < deadline:
        run = ledger.summary(request.id)
        if run.status is RunStatus.FINISHED or (run.status is RunStatus.WAITING and seen):
            return ledger.outcome(request.id)
        if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
            said = "; ".join(ledger.errors(request.id)[-1:]) or run.status.value
            raise TransientError(f"Run {request.id} did not end well: {said} `grace rerun {request.id}` tries again.")
        if run.status is RunStatus.RUNNING and run.current_step != seen:
            seen = run.current_step
            listener(Progress(seen))
        time.sleep(_LOOK_EVERY_SECONDS)
    return None


def _ask(server: ServerRecord, method: str, path: str, body: object = None) -> dict[str, Any]:
    import httpx

    user, _, password = (server.auth or "").partition(":")
    auth = httpx.BasicAuth(user, password) if server.auth else None
    url = f"{server.api_url.rstrip('/')}{path}"
    try:
        answer = httpx.request(method, url, json=body, auth=auth, timeout=10)
    except httpx.TransportError as error:
        raise TransientError(f"The Prefect server {server.api_url} does not answer: {error!r}.") from error
    if answer.status_code in (401, 403):
        raise EnvironmentLacking(
            f"The Prefect server {server.api_url} does not know you: "
            "set PREFECT_API_AUTH_STRING to its `user:password`."
        )
    if not answer.is_success:
        raise TransientError(f"The Prefect server {server.api_url} answers {answer.status_code}: {answer.text[:300]}")
    found: dict[str, Any] = answer.json()
    return found
