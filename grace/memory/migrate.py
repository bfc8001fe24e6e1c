"""Bringing the tables of code memory to the newest schema."""

from pathlib import Path

from grace.memory import database
from grace.store.session import Chain, open_database


def upgrade(url: str) -> None:
    """Create or upgrade the tables. Raises what `open_memory` raises."""
    folder = Path(__file__).parent / "migrations"
    open_database(url, Chain(database.HEAD, folder, database.VERSION_TABLE)).dispose()
