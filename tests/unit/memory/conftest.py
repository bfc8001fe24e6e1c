"""A database of code memory for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from grace.memory.database import Database, open_memory


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_memory(f"sqlite:///{tmp_path / 'memory.db'}")
    yield opened
    opened.close()
