"""Where flows run: on a Prefect server that is there, else on one inside this process while it lasts.

Either way it is Prefect itself that orchestrates, and its database keeps the runs. What the embedded server
costs and why it is set up this way: docs/explanation/orchestration-cost.md.
"""

import fcntl
import gc
import logging
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from grace.errors import EnvironmentLacking
from grace.server_record import read_record
from grace.settings import Settings, embedded_prefect_environment, enter_environment, prefect_environment

if TYPE_CHECKING:
    import uvicorn

_STARTUP_SECONDS = 120.0
_SETTLE_SECONDS = 3.0
_ROOM_BYTES = 16 * 2**20
"""What Prefect's tables and the records of a run need, with something to spare."""
_UNFINISHED = ("SCHEDULED", "PENDING", "RUNNING")


@contextmanager
def orchestration(settings: Settings) -> Iterator[None]:
    """Prefect, ready to run flows while this lasts; nothing stays behind that was not there before.

    Must be entered before anything imports prefect, since Prefect reads its settings at import: RuntimeError
    otherwise. Raises EnvironmentLacking when the server that PREFECT_API_URL names does not answer, or when
    none can be started.
    """
    if "prefect" in sys.modules:
        raise RuntimeError("Prefect was imported before orchestration could be set up.")
    if api_url := running_server(settings):
        enter_environment(prefect_environment(settings, api_url=api_url))
        with _without_garbage_collection():
            import prefect.main  # noqa: F401  # everything a flow needs, at once
        try:
            yield
        finally:
            _send_what_is_queued()
    else:
        with _embedded(settings):
            yield


def running_server(settings: Settings) -> str | None:
    """The API of the server to use, None when there is none. Asking takes at most 2 seconds."""
    if settings.prefect_api_url:
        if not _answers(settings.prefect_api_url):
            raise EnvironmentLacking(
                f"The Prefect server that PREFECT_API_URL names does not answer: {settings.prefect_api_url}. "
                "Start it, or unset PREFECT_API_URL to run without a server."
            )
        return settings.prefect_api_url
    record = read_record(settings.server_record)
    return record.api_url if record and _answers(record.api_url) else None


def _answers(api_url: str) -> bool:
    try:
        with urlopen(f"{api_url.rstrip('/')}/health", timeout=2) as response:  # noqa: S310  # the user's URL
            return bool(response.status == 200)
    except (URLError, OSError, ValueError):
        return False


@contextmanager
def _embedded(settings: Settings) -> Iterator[None]:
    with _first_start(settings.prefect_home) as schema, _listening_socket() as listener:
        migrated = _is_migrated(schema, settings.prefect_home)
        enter_environment(
            embedded_prefect_environment(
                settings,
                api_url=f"http://127.0.0.1:{listener.getsockname()[1]}/api",
                password=secrets.token_urlsafe(16),  # other users of this machine can reach the port
                migrate=not migrated,
            )
        )
        server, thread = _start(listener)
        if not migrated:
            schema.write_text(version("prefect"))
    began = datetime.now(UTC) - timedelta(seconds=1)
    try:
        with _without_heartbeats():
            yield
    finally:
        _send_what_is_queued()
        _wait_until_recorded(began, seconds=_SETTLE_SECONDS if sys.exception() is None else 1.0)
        logging.getLogger("prefect").setLevel(logging.CRITICAL)  # its own tear-down is nobody's concern
        server.should_exit = True
        thread.join(10)


@contextmanager
def _first_start(home: Path) -> Iterator[Path]:
    """The file that names the Prefect whose tables are there; held while they may have to be made."""
    try:
        for folder in (home.parent, home):  # a mode is given to the last folder of a path only
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(home).free < _ROOM_BYTES:  # before anything is half-written
            raise EnvironmentLacking(
                f"The disk that holds {home} is full: free {_ROOM_BYTES >> 20} MB and run again, or set GRACE_HOME."
            )
        with (home / "schema.lock").open("w") as lock:
            if not _is_migrated(home / "schema", home):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield home / "schema"
    except OSError as error:
        raise EnvironmentLacking(
            f"GRACE cannot write to {home}: {error.strerror}. Set GRACE_HOME to a folder that you can write."
        ) from error


def _is_migrated(schema: Path, home: Path) -> bool:
    known = schema.read_text() if schema.is_file() else ""
    return known == version("prefect") and (home / "prefect.db").is_file()


@contextmanager
def _listening_socket() -> Iterator[socket.socket]:
    # Bound before the address is known to anyone, so that no other process can take it in between.
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    yield listener


def _start(listener: socket.socket) -> "tuple[uvicorn.Server, Thread]":
    with _without_garbage_collection():
        import uvicorn
        from prefect.server.api.server import create_app

        config = uvicorn.Config(create_app(ephemeral=True), log_level="error", access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="prefect-server", daemon=True)
    thread.start()
    deadline = time.monotonic() + _STARTUP_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise EnvironmentLacking("Prefect's server did not start here. `grace doctor` says what is missing.")
        time.sleep(0.01)
    return server, thread


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Importing makes a million objects that all stay: garbage collection is a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _without_heartbeats() -> Iterator[None]:
    """Nobody watches a run whose server dies with it, and ending the heart costs up to a second."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def _send_what_is_queued() -> None:
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    EventsWorker.drain_all(timeout=_SETTLE_SECONDS)
    APILogWorker.drain_all(timeout=_SETTLE_SECONDS)


def _wait_until_recorded(began: datetime, seconds: float) -> None:
    """Let the server write down the ends of the task runs it was told of, which it does in the background."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters
    from prefect.client.schemas.objects import StateType

    unfinished = filters.TaskRunFilter(
        state=filters.TaskRunFilterState(
            type=filters.TaskRunFilterStateType(any_=[StateType[name] for name in _UNFINISHED])
        ),
        start_time=filters.TaskRunFilterStartTime(after_=began),
    )
    deadline = time.monotonic() + seconds
    with get_client(sync_client=True) as client:
        while client.read_task_runs(task_run_filter=unfinished, limit=1) and time.monotonic() < deadline:
            time.sleep(0.05)


def mark_cancelled(run_id: str) -> None:
    """Tell Prefect that the user stopped the flow run of a request; what it saw was a crash."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas import filters
    from prefect.states import Cancelled

    named = filters.FlowRunFilter(name=filters.FlowRunFilterName(like_=run_id))
    with get_client(sync_client=True) as client:
        for flow_run in client.read_flow_runs(flow_run_filter=named):
            if flow_run.state is None or not flow_run.state.is_completed():
                client.set_flow_run_state(flow_run.id, Cancelled(message="Stopped by the user."), force=True)
