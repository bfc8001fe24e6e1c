"""How fast code is scanned, cold, warm and after a change, and how much is said of code that is well kept.

    python benchmarks/scan.py FOLDER

FOLDER is a folder of Python source. It is only read; what is edited is edited in memory.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from grace.contracts import Severity
from grace.hunter.cache import ResultCache
from grace.hunter.scan import Scan, compare, scan_tree
from grace.hunter.tree import Tree
from grace.hunter.trees import folder_tree

FILES = 20


def main(folder: Path) -> None:
    on_disk = folder_tree(folder)
    files = dict(on_disk.read_many([path for path in on_disk.keys if path.endswith(".py")]))
    tree = Tree.of(files)
    lines = sum(content.count(b"\n") for content in files.values()) / 1000
    with tempfile.TemporaryDirectory() as scratch, ResultCache(Path(scratch) / "scan.db") as results:
        cold, scan = _timed(lambda: scan_tree(tree, results=results))
        warm, _ = _timed(lambda: scan_tree(tree, results=results))
        edited = {path: _edited(content) for path, content in _spread(files)}
        changed, _ = _timed(lambda: compare(tree, Tree.of(files | edited), results=results))
    print(f"{len(files):,} files, {lines:,.0f} thousand lines of Python")
    print(f"cold: {1000 * cold / lines:.1f} ms CPU per thousand lines")
    print(f"warm: {1000 * warm / lines:.2f} ms CPU per thousand lines")
    print(f"a change of {len(edited)} files: {changed:.2f} s CPU")
    gate = [f for f in scan.new if Severity.LOW not in (f.severity, f.confidence)]
    print(f"{len(scan.new)} findings, {len(gate)} of them stop a change: {len(gate) / lines:.3f} per thousand lines")
    for rule, count in Counter(finding.rule_id for finding in gate).most_common(12):
        print(f"  {count:4} {rule}")


def _timed(scan: Callable[[], Scan]) -> tuple[float, Scan]:
    started = time.process_time()
    result = scan()
    return time.process_time() - started, result


def _edited(content: bytes) -> bytes:
    """One more statement in the function in the middle of a file."""
    lines = content.splitlines(keepends=True)
    starts = [n for n, line in enumerate(lines) if line.lstrip().startswith(b"return ")]
    if not starts:
        return content + b"\n\nedited = 1\n"
    place = starts[len(starts) // 2]
    indent = lines[place][: len(lines[place]) - len(lines[place].lstrip())]
    return b"".join([*lines[:place], indent + b"edited = 1\n", *lines[place:]])


def _spread(files: dict[str, bytes]) -> list[tuple[str, bytes]]:
    """Files of all parts of a tree."""
    every = sorted(files.items())
    return every[:: max(1, len(every) // FILES)][:FILES]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
