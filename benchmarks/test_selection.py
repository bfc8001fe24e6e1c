"""How well tests are selected: for planted bugs, which of the failing tests are among those selected.

Takes folders that each hold `repo` (a git repository) and `mutants.jsonl`: one bug per line with `diff` (unified, not
applied), `failing` (pytest's ids) and `suite` (how many tests there are). With `--coverage` the suite is run once
with the `venv` beside it to see which test enters which function. Prints, per project and in the mean: bugs of which
at least one failing test was selected (caught), the mean share of failing tests selected (recall), the mean share of
the suite selected, after which share of the suite the first failing test comes (first), and milliseconds per bug.

Run: `python benchmarks/test_selection.py [--coverage] FOLDER...`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grace.causal.seed import seed_of_diff
from grace.causal.test_selection import select_tests
from grace.memory.database import Connection, open_memory
from grace.memory.indexer import index_repository
from grace.memory.repositories import find_indexed

PLUGIN = """
import json, os, sys, threading
import pytest
seen, root, out = {}, os.environ["COVERS_ROOT"] + os.sep, os.environ["COVERS_OUT"]
kept = {}

@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    entered = seen.setdefault(item.nodeid.split("[")[0], set())
    def profile(frame, event, argument):
        if event == "call":
            code = frame.f_code
            place = kept.get(code)
            if place is None:
                inside = code.co_filename.startswith(root)
                place = kept[code] = (code.co_filename[len(root):], code.co_firstlineno) if inside else ()
            if place:
                entered.add(place)
    threading.setprofile(profile)
    sys.setprofile(profile)
    yield
    sys.setprofile(None)
    threading.setprofile(None)

def pytest_sessionfinish(session):
    with open(out, "w") as file:
        json.dump({test: sorted(entered) for test, entered in seen.items()}, file)
"""


def run_suite(folder: Path) -> dict[str, list[tuple[str, int]]]:
    """Test -> (path, first line) of the functions it enters."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "covers_plugin.py").write_text(PLUGIN)
        root = folder / "repo"
        environment = {
            **os.environ,
            "PYTHONPATH": scratch,
            "COVERS_ROOT": str(root.resolve()),
            "COVERS_OUT": f"{scratch}/covers.json",
        }
        python = folder / "venv" / "bin" / "python"
        command = [
            python,
            "-m",
            "pytest",
            "-q",
            "-x",
            "--maxfail=1000",
            "-p",
            "covers_plugin",
            "-p",
            "no:cacheprovider",
        ]
        subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)
        return json.loads(Path(f"{scratch}/covers.json").read_text())


def store(connection: Connection, repo_id: int, covers: dict[str, list[tuple[str, int]]]) -> None:
    """Put a coverage map into the index."""
    rows = connection.rows(
        "SELECT f.path, s.first_line, s.line, s.id FROM code_symbols s JOIN code_files f ON f.id = s.file_id "
        "WHERE s.repo_id = ? AND s.kind IN (3, 4)",
        (repo_id,),
    )
    symbols = {(path, line): id_ for path, first, name, id_ in rows for line in (first, name)}
    first = connection.take_ids("code_tests", len(covers))
    connection.insert("code_tests", ("id", "repo_id", "name"), ((first + n, repo_id, t) for n, t in enumerate(covers)))
    pairs = {
        (first + number, symbols[path, line])
        for number, entered in enumerate(covers.values())
        for path, line in entered
        if (path, line) in symbols
    }
    connection.insert("code_test_covers", ("test_id", "symbol_id"), sorted(pairs))


def judge(connection: Connection, repo_id: int, mutants: list[dict[str, Any]]) -> Iterator[dict[str, float]]:
    """What selection does with each bug."""
    for mutant in mutants:
        failing = {test.partition("[")[0] for test in mutant["failing"]}
        if not failing:
            continue
        seed = seed_of_diff(mutant["diff"])
        began = time.perf_counter()
        selected = select_tests(connection, repo_id, seed)
        seconds = time.perf_counter() - began
        ids = [test.id for test in selected]
        hits = failing & set(ids)
        first = next((number for number, test in enumerate(ids, 1) if test in failing), mutant["suite"])
        yield {
            "caught": float(bool(hits)),
            "recall": len(hits) / len(failing),
            "share": min(1.0, len(ids) / mutant["suite"]),
            "first": first / mutant["suite"],
            "ms": seconds * 1000,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--coverage", action="store_true")
    arguments = parser.parse_args()
    means: defaultdict[str, list[float]] = defaultdict(list)
    print(f"{'':<16} bugs  caught  recall  share   first  ms p50")
    for folder in arguments.folders:
        mutants = [json.loads(line) for line in (folder / "mutants.jsonl").read_text().splitlines()]
        with tempfile.TemporaryDirectory() as scratch:
            database = open_memory(f"sqlite:///{scratch}/memory.db")
            index_repository(database, folder / "repo", processes=1)
            indexed = find_indexed(database, folder / "repo")
            assert indexed is not None
            if arguments.coverage:
                covers = run_suite(folder)
                with database.writing() as connection:
                    store(connection, indexed.repo_id, covers)
            with database.reading() as connection:
                results = list(judge(connection, indexed.repo_id, mutants))
            database.close()
        row = {name: statistics.mean(result[name] for result in results) for name in results[0]}
        row["ms"] = statistics.median(result["ms"] for result in results)
        show(folder.name, len(results), row)
        for name, value in row.items():
            means[name].append(value)
    show("mean", 0, {name: statistics.mean(values) for name, values in means.items()})


def show(name: str, count: int, row: dict[str, float]) -> None:
    print(
        f"{name:<16} {count or '':>4}  {row['caught']:6.3f}  {row['recall']:6.3f}  {row['share']:6.3f}  "
        f"{row['first']:6.3f}  {row['ms']:6.1f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
