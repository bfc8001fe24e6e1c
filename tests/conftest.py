"""Real repositories for tests."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from grace.git import GitRepository, run_git

Content = str | bytes
MakeRepository = Callable[..., GitRepository]


@pytest.fixture
def make_repository(tmp_path: Path) -> MakeRepository:
    """Make a git repository in tmp_path with one commit that holds the files."""

    def make(files: Mapping[str, Content], name: str = "project") -> GitRepository:
        root = tmp_path / name
        root.mkdir()
        run_git(("init", "--quiet", "--initial-branch=main"), cwd=root)
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        run_git(("add", "--all", "--force"), cwd=root)
        run_git(("commit", "--quiet", "--allow-empty", "--message=Start"), cwd=root)
        return GitRepository.open(root, workspaces=tmp_path / "workspaces")

    return make
