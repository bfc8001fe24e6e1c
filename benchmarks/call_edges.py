"""Are the call edges of code memory true? What a real test suite calls, against what is read from the sources.

    python benchmarks/call_edges.py REPO PYTHON [-- PYTEST ARGUMENTS]

PYTHON has the repository's dependencies and pytest. The suite runs in a copy, under a profiler that notes which
function of the repository enters which other one. Two shares are printed, for edges shown as facts and with guesses:

recall     of the edges that ran: those found in the sources (directly, or as an override of a method found)
confirmed  of the edges found that begin in a function that ran: those that ran (a lower bound of their precision:
           a suite does not take every branch)

Goals, for facts: recall 0.65 where confirmed is at least 0.75.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from grace.memory.graph import FIRST_GUESS, EdgeKind
from grace.memory.languages import is_stub_beside, language
from grace.memory.parse import parse_file
from grace.memory.payload import Payload, SymbolKind
from grace.memory.resolve import resolve
from grace.path_roles import is_test

RECORDER = """
import json, os, sys, threading
root = os.environ["CALL_EDGES_ROOT"] + os.sep
codes, pairs, begins = {}, set(), {}
GENERATORS = 0x20 | 0x80 | 0x200

def record(frame, event, argument):
    if event != "call":
        return
    code = frame.f_code
    if not code.co_filename.startswith(root):
        return
    if code.co_flags & GENERATORS and begins.setdefault(id(code), frame.f_lasti) != frame.f_lasti:
        return  # it goes on after a yield
    back = frame.f_back
    while back is not None and back.f_code.co_filename.endswith(os.sep + "contextlib.py"):
        back = back.f_back
    if back is None or not back.f_code.co_filename.startswith(root):
        return
    pair = (id(back.f_code), id(code))
    if pair not in pairs:
        pairs.add(pair)
        codes[pair[0]], codes[pair[1]] = back.f_code, code

def place(code):
    return code.co_filename[len(root):], code.co_firstlineno, code.co_name

def pytest_unconfigure(config):
    sys.setprofile(None)
    with open(os.environ["CALL_EDGES_OUT"], "w") as out:
        json.dump([[place(codes[a]), place(codes[b])] for a, b in pairs], out)

threading.setprofile(record)
sys.setprofile(record)
"""

Function = tuple[int, int]
"""File id and index of the definition."""
Edges = set[tuple[Function, Function]]
_FUNCTIONS = (SymbolKind.FUNCTION, SymbolKind.METHOD)


class Sources:
    """A repository in memory; implements `grace.memory.resolve.World`."""

    def __init__(self, root: Path) -> None:
        found = sorted(
            str(path.relative_to(root))
            for path in root.rglob("*")
            if path.is_file()
            and language(str(path)) == "python"
            and not {".git", ".venv", "node_modules"} & set(path.parts)
        )
        files = [path for path in found if not is_stub_beside(path, found)]
        self.paths = {path: number for number, path in enumerate(files)}
        self.payloads: list[Payload] = [parse_file((root / path).read_bytes(), path) for path in files]
        self.files = files
        self._first: list[int] = []
        self._named: defaultdict[str, list[Function]] = defaultdict(list)
        self.places: list[Function] = []
        """Symbol id -> where it is defined."""
        for number, payload in enumerate(self.payloads):
            self._first.append(len(self.places))
            for index, one in enumerate(payload.definitions):
                self.places.append((number, index))
                if one.kind is SymbolKind.CLASS or one.kind in _FUNCTIONS:
                    self._named[one.name].append((number, index))

    def payload(self, file_id: int) -> Payload:
        return self.payloads[file_id]

    def symbol_ids(self, file_id: int) -> Sequence[int]:
        first = self._first[file_id]
        return range(first, first + len(self.payloads[file_id].definitions))

    def named(self, name: str) -> Sequence[Function]:
        return self._named.get(name, ())

    def is_function(self, place: Function) -> bool:
        return self.payloads[place[0]].definitions[place[1]].kind in _FUNCTIONS

    def name(self, place: Function) -> str:
        definitions = self.payloads[place[0]].definitions
        parts, index = [], place[1]
        while index > 0:
            parts.append(definitions[index].name)
            index = definitions[index].parent
        return f"{self.files[place[0]]}:{'.'.join(reversed(parts))}"


def record(repo: Path, python: str, arguments: list[str]) -> list[tuple[tuple[str, int, str], tuple[str, int, str]]]:
    """Run the suite in a copy; which code objects entered which others."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch).resolve() / "repo"
        shutil.copytree(repo, copy, symlinks=True, ignore=shutil.ignore_patterns(".git", ".venv", "__pycache__"))
        (Path(scratch) / "call_recorder.py").write_text(RECORDER)
        out = Path(scratch) / "edges.json"
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, (copy / "src", copy, scratch))),
            "CALL_EDGES_ROOT": str(copy),
            "CALL_EDGES_OUT": str(out),
        }
        command = [python, "-m", "pytest", "-q", "-p", "call_recorder", "-p", "no:cacheprovider", *arguments]
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
        print((done.stdout.strip() or done.stderr).splitlines()[-1])
        return [(tuple(one), tuple(other)) for one, other in json.loads(out.read_text())]


def ran(sources: Sources, calls: list[tuple[tuple[str, int, str], tuple[str, int, str]]]) -> Edges:
    """Calls between functions of the repository; what a comprehension or lambda calls, its function calls."""
    by_line: list[dict[tuple[int, str], int]] = []
    starts: list[list[tuple[int, int]]] = []
    for payload in sources.payloads:
        functions = [(one.first_line, index) for index, one in enumerate(payload.definitions) if one.kind in _FUNCTIONS]
        starts.append(sorted(functions))
        by_line.append({(line, payload.definitions[index].name): index for line, index in functions})

    def around(file_id: int, line: int) -> int | None:
        for _, index in reversed(starts[file_id][: bisect_right(starts[file_id], (line, sys.maxsize))]):
            if sources.payloads[file_id].definitions[index].end_line >= line:
                return index
        return None

    found: Edges = set()
    for (path, line, name), (other_path, other_line, other_name) in calls:
        file_id, other_id = sources.paths.get(path), sources.paths.get(other_path)
        if file_id is None or other_id is None:
            continue
        caller = by_line[file_id].get((line, name))
        if caller is None and name.startswith("<") and name != "<module>":
            caller = around(file_id, line)
        callee = by_line[other_id].get((other_line, other_name))
        if caller is not None and callee is not None and (file_id, caller) != (other_id, callee):
            found.add(((file_id, caller), (other_id, callee)))
    return found


def read(sources: Sources, *, guesses: bool) -> tuple[Edges, dict[Function, set[Function]]]:
    """Call edges between functions as resolved, and from each method those that override it."""
    calls: Edges = set()
    overrides: defaultdict[Function, set[Function]] = defaultdict(set)
    for source, target, kind, _ in resolve(range(len(sources.files)), sources).edges:
        caller, callee = sources.places[source], sources.places[target]
        if kind is EdgeKind.OVERRIDDEN:
            overrides[caller].add(callee)
        elif not sources.is_function(caller) or not sources.is_function(callee):
            continue
        elif kind is EdgeKind.CALL or (guesses and kind >= FIRST_GUESS):
            calls.add((caller, callee))
    return calls, overrides


def below(method: Function, overrides: dict[Function, set[Function]]) -> Iterator[Function]:
    """A method and all that override it."""
    seen, waiting = {method}, [method]
    while waiting:
        one = waiting.pop()
        yield one
        more = overrides.get(one, set()) - seen
        seen |= more
        waiting += more


def shares(real: Edges, calls: Edges, overrides: dict[Function, set[Function]]) -> tuple[float, float]:
    """Recall and confirmed."""
    composed = {(caller, one) for caller, callee in calls for one in below(callee, overrides)}
    callers = {caller for caller, _ in real} | {callee for _, callee in real}
    judged = [edge for edge in calls if edge[0] in callers]
    confirmed = sum(any((caller, one) in real for one in below(callee, overrides)) for caller, callee in judged)
    return len(real & composed) / max(len(real), 1), confirmed / max(len(judged), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repo", type=Path)
    parser.add_argument("python")
    parser.add_argument("--misses", type=int, default=0, help="print so many edges that were missed and not confirmed")
    parser.add_argument("arguments", nargs="*", help="for pytest")
    options = parser.parse_args()
    sources = Sources(options.repo)
    real = ran(sources, record(options.repo.resolve(), options.python, options.arguments))
    lines = sum(payload.lines for payload in sources.payloads)
    print(f"{options.repo}: {len(sources.files)} files, {lines} lines, {len(real)} edges ran")
    tests = {number for number, path in enumerate(sources.files) if is_test(path)}
    for name, kept in (("all", real), ("outside tests", {edge for edge in real if edge[0][0] not in tests})):
        for label, guesses in (("facts", False), ("with guesses", True)):
            calls, overrides = read(sources, guesses=guesses)
            if name != "all":
                calls = {edge for edge in calls if edge[0][0] not in tests}
            recall, confirmed = shares(kept, calls, overrides)
            print(f"  {name:<14} {label:<13} recall {recall:.3f}  confirmed {confirmed:.3f}  of {len(calls)} found")
    if options.misses:
        show(sources, real, options.misses)


def show(sources: Sources, real: Edges, most: int) -> None:
    """Where facts and the suite disagree, for whoever improves the resolver."""
    calls, overrides = read(sources, guesses=False)
    composed = {(caller, one) for caller, callee in calls for one in below(callee, overrides)}
    callers = {caller for caller, _ in real}
    wrong = [
        (caller, callee)
        for caller, callee in sorted(calls)
        if caller in callers and not any((caller, one) in real for one in below(callee, overrides))
    ]
    for label, edges in (("missed", sorted(real - composed)), ("not confirmed", wrong)):
        print(f"{label}: {len(edges)}")
        for caller, callee in edges[:: max(len(edges) // most, 1)]:
            print(f"  {sources.name(caller)} -> {sources.name(callee)}")


if __name__ == "__main__":
    main()
