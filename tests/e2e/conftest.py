"""The command as a user runs it: its own process, its own home."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output, which must be one JSON object and nothing else."""
        answer: dict[str, Any] = json.loads(self.out)
        return answer


Grace = Callable[..., Ran]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One GRACE_HOME for all commands, so that Prefect's tables are made once."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def environment(home: Path, tmp_path: Path) -> dict[str, str]:
    """What commands find in their environment; temporary files go where a test can look for leftovers."""
    (tmp_path / "tmp").mkdir()
    return {**os.environ, "GRACE_HOME": str(home), "TMPDIR": str(tmp_path / "tmp"), "PREFECT_API_URL": ""}


@pytest.fixture
def command() -> str:
    """The installed `grace`."""
    return str(Path(sys.executable).with_name("grace"))


@pytest.fixture
def grace(command: str, environment: dict[str, str], tmp_path: Path) -> Grace:
    """Run `grace` to its end."""

    def run(*arguments: str, cwd: Path = tmp_path, **variables: str) -> Ran:
        done = subprocess.run(
            [command, *arguments],
            cwd=cwd,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="module")
def many(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grace]:
    """Run `grace` many times in one process; each must leave no temporary file."""
    folder = tmp_path_factory.mktemp("many")
    environment = {**os.environ, "GRACE_HOME": str(home), "TMPDIR": str(folder), "PREFECT_API_URL": ""}
    command = [sys.executable, str(Path(__file__).with_name("many_commands.py"))]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout

        def run(*arguments: str) -> Ran:
            process.stdin.write(json.dumps(arguments) + "\n")
            process.stdin.flush()
            ran = Ran(**json.loads(process.stdout.readline()))
            assert list(folder.iterdir()) == []  # no workspace outlives its command
            return ran

        yield run
        process.stdin.close()
