"""Configuration, and the only place that reads or writes the environment."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

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
        default_factory=lambda: user_data_path("grace", appauthor=False),
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

    @cached_property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.home / 'grace.db'}"

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
    def server_record(self) -> Path:
        """Where `grace up` writes which server it runs."""
        return self.home / "server.json"


def prefect_environment(settings: Settings, *, api_url: str) -> dict[str, str]:
    """What Prefect must find in the environment when it is imported, with any server."""
    return {
        "PREFECT_API_URL": api_url,
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


def enter_environment(values: Mapping[str, str]) -> None:
    """Set variables for this process and the ones it starts."""
    os.environ.update(values)
