"""Where GRACE keeps things, for commands that must answer at once: importing the settings takes longer than they do.

Reads the same variables as `grace.settings`, which rests on this.
"""

import os
from pathlib import Path


def compute_alone() -> None:
    """Have numerical libraries start no threads unless the user said how many: that takes longer than a search."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def home() -> Path:
    """Where GRACE keeps its database, results and Prefect's state: GRACE_HOME, else a folder per user."""
    if given := os.environ.get("GRACE_HOME"):
        return Path(given)
    from platformdirs import user_data_path

    return user_data_path("grace", appauthor=False)


def database_url() -> str:
    """The SQLAlchemy URL that keeps the runs: GRACE_DATABASE_URL, else SQLite below home."""
    return os.environ.get("GRACE_DATABASE_URL") or default_database_url(home())


def default_database_url(folder: Path) -> str:
    """SQLite below a folder."""
    return f"sqlite:///{folder / 'grace.db'}"


def memory_url() -> str:
    """The SQLAlchemy URL of code memory: a file of its own beside SQLite, else the server that keeps the runs."""
    runs = database_url()
    return f"sqlite:///{home() / 'memory.db'}" if runs.startswith("sqlite") else runs
