"""Several reading processes at work on one list of files."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from queue import SimpleQueue

from grace.memory.parse import Parsed, name_only
from grace.memory.reading_process import Died, Reader, reader

_BATCH = 32


def read_all(root: Path, paths: Sequence[str], known: frozenset[str], processes: int) -> Iterator[Parsed]:
    """Read every file, in the order of the list."""
    batches = iter([paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)])
    idle: SimpleQueue[Reader] = SimpleQueue()

    def read(batch: Sequence[str]) -> list[Parsed]:
        one = idle.get()
        try:
            return one.read(batch)
        except Died:
            one = stack.enter_context(reader(root, known))
            return [_alone(root, path, known) for path in batch]
        finally:
            idle.put(one)

    with ExitStack() as stack, ThreadPoolExecutor(processes) as pool:
        for _ in range(processes):
            idle.put(stack.enter_context(reader(root, known)))
        # A window of batches, so that results never pile up.
        waiting: list[Future[list[Parsed]]] = [pool.submit(read, batch) for batch in islice(batches, 2 * processes)]
        while waiting:
            yield from waiting.pop(0).result()
            waiting.extend(pool.submit(read, batch) for batch in islice(batches, 1))


def _alone(root: Path, path: str, known: frozenset[str]) -> Parsed:
    """Read a file of a batch of which one killed its reader."""
    with reader(root, known) as one:
        try:
            return one.read([path])[0]
        except Died:
            return name_only(root, path, "its parser crashed")
