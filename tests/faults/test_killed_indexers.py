"""An indexer that is killed, or finds the disk full, leaves the last good index and nothing that is half-written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grace.memory.database import Database, open_memory
from grace.memory.indexer import index_repository
from tests.unit.memory import code_base

KILLED = {
    "before anything is written": "grace.memory.publish.keep_payloads",
    "when files are read": "grace.memory.publish.add_repository",
    "when symbols are written": "grace.memory.publish.touched_files",
    "when edges are written": "grace.memory.publish.merge_segments",
    "before the commit": "grace.memory.publish.update_repository",
}
SCRIPT = """
import os, resource, signal, sys
from importlib import import_module
from pathlib import Path
from grace.memory.database import open_memory
from grace.memory.indexer import index_repository
url, root, place, limit = sys.argv[1:]
if place:
    module, name = place.rsplit(".", 1)
    setattr(import_module(module), name, lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL))
if int(limit):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
index_repository(open_memory(url), Path(root))
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'memory.db'}"


def index(url: str, root: Path, *, killed_at: str = "", limit: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT, url, str(root), killed_at, str(limit)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=dict(os.environ))


def known(database: Database) -> tuple[object, ...]:
    return tuple(of(database) for of in (code_base.symbols, code_base.edges, code_base.fan_in))


@pytest.mark.faults
@pytest.mark.parametrize("place", KILLED.values(), ids=KILLED)
def test_a_killed_indexer_leaves_the_last_good_index(url: str, tmp_path: Path, place: str) -> None:
    root = code_base.write(tmp_path / "shop")
    database = open_memory(url)
    if place != "grace.memory.publish.add_repository":
        index_repository(database, root)
    before = known(database)
    for number in range(80):  # many enough to be read by other processes, and kept before the index changes
        (root / f"shop/more{number}.py").write_text(
            "from shop import Cart\n\n\ndef more(cart: Cart):\n    cart.total()\n"
        )
    assert index(url, root, killed_at=place).returncode == -signal.SIGKILL
    assert known(database) == before
    index_repository(database, root)
    anew = open_memory(f"sqlite:///{tmp_path / 'anew.db'}")
    index_repository(anew, root)
    assert known(database) == known(anew)


@pytest.mark.faults
def test_a_full_disk_is_said_and_leaves_the_last_good_index(url: str, tmp_path: Path) -> None:
    root = code_base.write(tmp_path / "shop")
    database = open_memory(url)
    index_repository(database, root)
    before = known(database)
    database.close()
    for number in range(80):
        (root / f"shop/more{number}.py").write_text(f"def more{number}(): return {number}\n" * 50)
    failed = index(url, root, limit=(tmp_path / "memory.db").stat().st_size + 20_000)
    assert failed.returncode == 1
    assert "EnvironmentLacking" in failed.stderr
    assert known(database) == before
    assert index_repository(database, root).changed == 80
