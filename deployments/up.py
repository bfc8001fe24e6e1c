"""One box: Prefect's server with its UI, the deployments, a worker and the REST API, kept alive until told to stop."""

import fcntl
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from deployments.leftovers import end_leftovers, mark
from deployments.recovery import interrupt_runs_of, rescue_crashed, rescue_runs_of
from deployments.register import Registered, register
from deployments.services import Address, Surroundings, answers, prefect_server, rest_api, worker
from deployments.supervisor import Service, Supervisor
from grace.errors import EnvironmentLacking, InputError, TransientError
from grace.server_record import ServerRecord, read_record, write_record
from grace.settings import Settings, enter_environment, served_prefect_environment

_AUTH = "PREFECT_SERVER_API_AUTH_STRING"


@dataclass(frozen=True)
class Status:
    """What is up, and where."""

    ui: str
    prefect_api: str
    rest_api: str
    authentication: bool
    worker: str
    home: Path
    registered: tuple[Registered, ...]


class Box:
    """The services of one GRACE_HOME, and where they listen."""

    def __init__(self, settings: Settings, address: Address, api_address: Address) -> None:
        self._settings = settings.model_copy(update={"home": settings.home.absolute()})
        self._address, self._api_address = address, api_address
        self._prefect_api = f"{address.url}/api"
        self._ui = address.seen_as(socket.getfqdn())
        self._worker = f"grace-up@{socket.gethostname()}"

    def up(self, stop: Event, ready: Callable[[Status], None], report: Callable[[str], None]) -> None:
        """Run everything until `stop` is set; `ready` is told once, `report` of what happens after.

        Raises InputError when that would let others in without authentication, or when something is already up in
        this home, and EnvironmentLacking when an address is taken or a service does not start.
        """
        auth = _authentication(self._settings, self._address, self._api_address)
        with _alone(self._settings):
            end_leftovers(mark(self._settings.home))  # of a `grace up` that was killed
            self._settings.server_record.unlink(missing_ok=True)
            for address in (self._address, self._api_address):
                _refuse_taken(address)
            environment = served_prefect_environment(
                self._settings, api_url=self._prefect_api, ui_api_url=f"{self._ui}/api"
            )
            enter_environment(environment)
            supervisor = Supervisor(self._settings.home)
            try:
                if registered := self._start(supervisor, Surroundings(self._settings.home, environment), stop):
                    write_record(self._settings.server_record, ServerRecord(self._prefect_api, auth, os.getpid()))
                    ready(self._status(registered, authentication=auth is not None))
                    supervisor.watch(stop, report, self._look_after_crashed)
            finally:
                self._settings.server_record.unlink(missing_ok=True)
                supervisor.stop()

    def _start(self, supervisor: Supervisor, around: Surroundings, stop: Event) -> tuple[Registered, ...]:
        supervisor.launch(prefect_server(around, self._address, prepare=self._end("server")))
        import prefect.main  # noqa: F401  # takes as long as the server, which starts meanwhile

        supervisor.wait_until_ready(stop)
        if stop.is_set():
            return ()
        registered = register()
        supervisor.launch(rest_api(around, self._api_address, prepare=self._end("api")))
        supervisor.launch(self._worker_service(around))
        supervisor.wait_until_ready(stop)
        return registered

    def _worker_service(self, around: Surroundings) -> Service:
        end = self._end("worker")

        def before() -> None:
            """No worker starts before what the last one left behind is ended and handed over."""
            end()
            if not answers(f"{self._prefect_api}/health"):
                raise TransientError("Prefect's server does not answer.")
            rescue_runs_of(self._worker)

        def after() -> None:
            end()
            if answers(f"{self._prefect_api}/health"):
                interrupt_runs_of(self._worker)

        return worker(around, self._worker, prepare=before, settle=after)

    def _look_after_crashed(self) -> None:
        import httpx

        if answers(f"{self._prefect_api}/health"):
            with suppress(httpx.HTTPError):  # the server has just died, or is busy: next time
                rescue_crashed()

    def _end(self, service: str) -> Callable[[], None]:
        def end() -> None:
            end_leftovers(mark(self._settings.home, service))

        return end

    def _status(self, registered: tuple[Registered, ...], *, authentication: bool) -> Status:
        return Status(
            ui=self._ui,
            prefect_api=self._prefect_api,
            rest_api=self._api_address.seen_as(socket.getfqdn()),
            authentication=authentication,
            worker=self._worker,
            home=self._settings.home,
            registered=registered,
        )


def _authentication(settings: Settings, *addresses: Address) -> str | None:
    auth = settings.server_auth.get_secret_value() if settings.server_auth else None
    if auth is not None and not all(auth.partition(":")[::2]):
        raise InputError(f"{_AUTH} must be user:password.")
    for address in addresses:
        if auth is None and not address.loopback:
            raise InputError(
                f"Whoever reaches {address.host} could run flows here: set {_AUTH} to user:password first, "
                "or listen on 127.0.0.1."
            )
    return auth


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (settings.home / "up.lock").open("w")
    except OSError as error:
        raise EnvironmentLacking(
            f"GRACE cannot write to {settings.home}: {error.strerror}. Set GRACE_HOME to a folder that you can write."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            record = read_record(settings.server_record)
            where = f" It serves {record.api_url}, process {record.pid}." if record else ""
            raise InputError(
                f"`grace up` already runs for {settings.home}.{where} Stop that one, or set another GRACE_HOME."
            ) from None
        yield


def _refuse_taken(address: Address) -> None:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise EnvironmentLacking(
                f"GRACE cannot listen on {address.host}:{address.port}: {error.strerror}. "
                "Choose other ports with --port and --api-port."
            ) from error
