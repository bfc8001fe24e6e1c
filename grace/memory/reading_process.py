"""A process that reads source files for another one: `python -m grace.memory.reading_process`.

It is told by lines of JSON on standard input: first the root and the keys whose payloads are known already, then lists
of paths. For each path it answers with a line of JSON (path, key, size of the payload) and the payload.
"""

import gc
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grace.errors import GraceError
from grace.memory.parse import Parsed, parse_file, parse_one

_READY = b"ready\n"


class Died(Exception):
    """The process is gone: what it was reading killed it, or somebody did."""


class Reader:
    """The other end: hands out paths and takes in what they say."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def read(self, paths: Sequence[str]) -> list[Parsed]:
        """Have files read. Raises Died."""
        to, answers = self._process.stdin, self._process.stdout
        assert to is not None and answers is not None  # noqa: S101 - both are pipes
        try:
            to.write(json.dumps(list(paths)).encode() + b"\n")
            to.flush()
            read = []
            for _ in paths:
                path, blob, size = json.loads(answers.readline())
                payload = answers.read(size)
                if len(payload) < size:
                    raise Died
                read.append(Parsed(path, blob, payload))
        except (OSError, ValueError) as error:
            raise Died from error
        return read


@contextmanager
def reader(root: Path, known: frozenset[str]) -> Iterator[Reader]:
    """A process that lives as long as the context."""
    command = (sys.executable, "-P", "-m", __name__)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/") as process:
        try:
            assert process.stdin is not None and process.stdout is not None  # noqa: S101 - both are pipes
            process.stdin.write(json.dumps([str(root), sorted(known)]).encode() + b"\n")
            process.stdin.flush()
            if process.stdout.readline() != _READY:
                raise GraceError("A process that reads source files does not start; its error is above.")
            yield Reader(process)
        finally:
            process.kill()  # it keeps nothing


def main() -> None:
    """Answer until standard input ends."""
    gc.disable()  # looking for cycles while a tree is built takes a fifth of the time
    gc.freeze()
    orders, answers = sys.stdin.buffer, sys.stdout.buffer
    folder, keys = json.loads(orders.readline())
    root, known = Path(folder), frozenset(keys)
    parse_file(b"", "warm.py")
    answers.write(_READY)
    answers.flush()
    for line in orders:
        for path in json.loads(line):
            read = parse_one(root, path, known)
            answers.write(json.dumps([read.path, read.blob, len(read.payload)]).encode() + b"\n" + read.payload)
        answers.flush()
        gc.collect()


if __name__ == "__main__":
    main()
