import os
import subprocess
import sys
from pathlib import Path

import pytest

from grace.errors import EnvironmentLacking
from grace.git.workspaces import sweep, workspace

DIE_INSIDE = """
import os, pathlib, sys
from grace.git.workspaces import workspace
with workspace(pathlib.Path(sys.argv[1])) as folder:
    (folder / "f").write_text("left behind")
    os._exit(9)
"""


def test_a_workspace_is_empty_private_and_gone_afterwards(tmp_path):
    with workspace(tmp_path / "w") as folder:
        assert not list(folder.iterdir())
        assert folder.stat().st_mode & 0o077 == 0
    assert not list((tmp_path / "w").iterdir())


def test_a_sweep_removes_what_dead_processes_left_and_only_that(tmp_path):
    with workspace(tmp_path) as mine:
        subprocess.run(
            [sys.executable, "-c", DIE_INSIDE, str(tmp_path)],
            check=False,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        left = {path for path in tmp_path.iterdir() if path.is_dir()} - {mine}
        assert len(left) == 1
        assert set(sweep(tmp_path)) == left
        assert sorted(tmp_path.iterdir()) == sorted([mine, Path(f"{mine}.lock")])
        assert sweep(tmp_path) == ()


def test_a_sweep_of_nothing_finds_nothing(tmp_path):
    assert sweep(tmp_path / "nowhere") == ()


def test_a_sweep_does_not_follow_links(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "f").write_text("keep")
    parent = tmp_path / "w"
    parent.mkdir()
    (parent / "grace-x.lock").write_text("")
    (parent / "grace-x").symlink_to(precious)
    (parent / "grace-y.lock").symlink_to(precious / "f")
    sweep(parent)
    assert (precious / "f").read_text() == "keep"


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentLacking, match="temporary folder"), workspace(tmp_path / "file" / "w"):
        pytest.fail("entered")
