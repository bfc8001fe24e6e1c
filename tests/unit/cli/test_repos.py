"""`grace repos`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grace.cli.main import app
from grace.git import GitRepository


def test_repositories_are_added_listed_and_removed(
    make_repository: Callable[..., GitRepository], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRACE_HOME", str(tmp_path / "home"))
    root = make_repository({"a.py": ""}, name="shop").root

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["repos", *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "There are none" in run("list")
    remote = "git@git.example:team/shop.git"
    added = json.loads(run("add", str(root), "--remote", remote, "--every", "1h", "--json"))
    assert added == {"name": "shop", "location": str(root), "remote": remote, "every_seconds": 3600}
    assert json.loads(run("list", "--json")) == {"repositories": [added]}
    assert run("list") == f"shop  {root}  {remote}  every 1h\n"
    assert json.loads(run("remove", "shop", "--json")) == {"removed": "shop", "location": str(root)}
    assert json.loads(run("list", "--json")) == {"repositories": []}
    assert root.is_dir()
