"""Configuration, and the only place that reads or writes the environment."""

import os
import sys
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from grace import places
from grace.server_record import ServerRecord, read_record

_IDLE_SERVICES = (
    "CANCELLATION_CLEANUP",
    "CLEANUP_RECONCILER",
    "FOREMAN",
    "LATE_RUNS",
    "PAUSE_EXPIRATIONS",
    "REPOSSESSOR",
    "SCHEDULER",
    "TRIGGERS",
)
"""Services of a Prefect server that have nothing to do for a run without deployments."""


class Settings(BaseSettings):
    """How this installation of GRACE is set up."""

    model_config = SettingsConfigDict(env_prefix="GRACE_", frozen=True)

    home: Path = Field(
        default_factory=places.home,
        description="Where GRACE keeps its database, results and Prefect's state.",
    )
    database_url: str | None = Field(None, description="Any SQLAlchemy URL; unset: SQLite below home.")
    user: str = Field("", description="Who asks; unset: the login name.")
    approver_key: SecretStr | None = Field(None, description="The personal key that `grace approve` votes with.")
    audit_key: SecretStr | None = Field(None, description="What audit records are chained with; unset: a file in home.")
    prefect_api_url: str | None = Field(
        None,
        validation_alias="PREFECT_API_URL",
        description="The Prefect server to run on; unset: the one `grace up` started, else none.",
    )
    prefect_auth: SecretStr | None = Field(
        None,
        validation_alias="PREFECT_API_AUTH_STRING",
        description="`user:password` for that server, when it asks for one.",
    )
    server_auth: SecretStr | None = Field(
        None,
        validation_alias="PREFECT_SERVER_API_AUTH_STRING",
        description="`user:password` that the server of `grace up` asks for; needed to listen beyond this machine.",
    )
    advisories: Literal["local", "live"] = Field(
        "local",
        description="What dependencies are audited against: the local advisories, or OSV over the network before them.",
    )
    rescues: int = Field(3, ge=0, description="How often a flow run whose process died is started again.")
    webhook_secret: SecretStr | None = Field(
        None, description="What providers sign their webhooks with, 16 characters or more; unset: none are accepted."
    )

    @property
    def server(self) -> ServerRecord | None:
        """The Prefect server that is known here, whether or not it answers."""
        recorded = read_record(self.server_record)
        if self.prefect_api_url in (None, "", recorded.api_url if recorded else None):
            return recorded
        auth = self.prefect_auth.get_secret_value() if self.prefect_auth else None
        return ServerRecord(str(self.prefect_api_url), auth)

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or places.default_database_url(self.home)

    @property
    def audit_key_file(self) -> Path:
        """Where the audit key is kept when none is given."""
        return self.home / "audit.key"

    @property
    def prefect_home(self) -> Path:
        """Where an embedded Prefect keeps its state; `PREFECT_HOME=... prefect server start` shows it."""
        return self.home / "prefect"

    @property
    def results(self) -> Path:
        """Where finished stages are kept, with a server or without."""
        return self.home / "results"

    @property
    def repositories(self) -> Path:
        """Where repositories that were registered by URL are cloned to."""
        return self.home / "repositories"

    @property
    def server_record(self) -> Path:
        """Where `grace up` writes which server it runs."""
        return self.home / "server.json"


def current() -> Settings:
    """The settings as the environment has them now; read anew only when it has changed, which takes milliseconds."""
    return _read(tuple(sorted(os.environ.items())))


@lru_cache(maxsize=1)
def _read(_environment: tuple[tuple[str, str], ...]) -> Settings:
    return Settings()


def prefect_environment(settings: Settings, *, api_url: str) -> dict[str, str]:
    """What Prefect must find in the environment when it is imported, with any server."""
    record = read_record(settings.server_record)
    recorded = record.auth if record and record.api_url == api_url else None
    return {
        "PREFECT_API_URL": api_url,
        **({"PREFECT_API_AUTH_STRING": recorded} if recorded else {}),
        "PREFECT_LOCAL_STORAGE_PATH": str(settings.results),
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",  # GRACE reports; Prefect keeps its logs
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "DO_NOT_TRACK": "1",
    }


def embedded_prefect_environment(settings: Settings, *, api_url: str, password: str, migrate: bool) -> dict[str, str]:
    """The same for a server inside this process, with everything off that a single run does not need."""
    return {
        **prefect_environment(settings, api_url=api_url),
        "PREFECT_HOME": str(settings.prefect_home),
        "PREFECT_API_AUTH_STRING": f"grace:{password}",
        "PREFECT_SERVER_API_AUTH_STRING": f"grace:{password}",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": (f"sqlite+aiosqlite:///{settings.prefect_home / 'prefect.db'}"),
        "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": str(migrate).lower(),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
        **{f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false" for service in _IDLE_SERVICES},
    }


def served_prefect_environment(settings: Settings, *, api_url: str, ui_api_url: str) -> dict[str, str]:
    """The same for the processes of `grace up`, whose server, workers and flow runs live on one machine."""
    auth = settings.server_auth.get_secret_value() if settings.server_auth else ""
    return {
        **prefect_environment(settings, api_url=api_url),
        **(dict.fromkeys(("PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"), auth) if auth else {}),
        "GRACE_HOME": str(settings.home.absolute()),
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
        "PREFECT_HOME": str(settings.prefect_home),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{settings.prefect_home / 'prefect.db'}",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_API_URL": ui_api_url,
        "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "5",
        # Leases on concurrency slots outlive the server: a slot whose lease is lost stays taken for ever.
        "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",  # Prefect allows none faster
    }


def child_environment(values: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with some variables set, for a process that it starts."""
    return {**os.environ, **values}


def enter_environment(values: Mapping[str, str]) -> None:
    """Set variables for this process and the ones it starts."""
    os.environ.update(values)
