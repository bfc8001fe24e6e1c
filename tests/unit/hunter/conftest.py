"""A home of its own for every test: results, the salt of secrets, advisories."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """GRACE_HOME, in an empty folder."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("GRACE_HOME", str(home))
    return home
