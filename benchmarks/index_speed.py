"""How fast a code base is indexed: from nothing, unchanged, and after one file changed, with a hint and without.

    python benchmarks/index_speed.py FOLDER

FOLDER is a folder of source, a million lines or so; it is copied, since the last part writes to one file.
"""

import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from grace.memory.database import open_memory
from grace.memory.indexer import index_repository

ROUNDS = 7


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(shutil.copytree(folder, Path(scratch) / "code", symlinks=True, ignore_dangling_symlinks=True))
        database = open_memory(f"sqlite:///{scratch}/memory.db")
        before, started = _cpu(), time.monotonic()
        report = index_repository(database, root)
        wall, cpu = time.monotonic() - started, _cpu() - before
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        readers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(f"{report.files:,} files, {report.lines:,} lines, {report.symbols:,} symbols, {report.edges:,} edges")
        print(f"from nothing: {wall:.1f} s wall, {cpu:.1f} s CPU: {report.lines / wall:,.0f} lines/s")
        print(f"memory: {memory} MB, and {readers} MB for each process that reads")
        _age(root)
        index_repository(database, root)
        print(f"unchanged: {_median(lambda: index_repository(database, root)):.1f} ms CPU")
        file = _typical(root)
        source = file.read_text("utf-8", "replace")

        def edit(hint: list[str] | None) -> None:
            file.write_text(f"{source}\n# {time.monotonic()}\n")
            assert index_repository(database, root, hint=hint).changed == 1

        name = file.relative_to(root).as_posix()
        print(f"one file changed ({source.count(chr(10))} lines): {_median(lambda: edit(None)):.1f} ms CPU")
        print(f"the same with a hint: {_median(lambda: edit([name])):.1f} ms CPU")


def _median(work: Callable[[], object]) -> float:
    def once() -> float:
        started = time.process_time()
        work()
        return 1000 * (time.process_time() - started)

    return statistics.median(once() for _ in range(ROUNDS))


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _typical(root: Path) -> Path:
    """A file of median size among those that are not small."""
    files = sorted((path.stat().st_size, path) for path in root.rglob("*.py") if path.stat().st_size > 2_000)
    return files[len(files) // 2][1]


def _age(root: Path) -> None:
    """Files older than what a look trusts, as they are in real checkouts."""
    for path in (root, *root.rglob("*")):
        os.utime(path, ns=(10**18, 10**18), follow_symlinks=False)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
