"""How well impact predicts what people changed together.

Takes folders that each hold `repo` (a git repository) and `impact.jsonl`: one commit per line with `base` (the
revision before it), `files` (source files it changed), `tests` (existing test files it changed) and `diff` (of the
files). Each repository is cloned, checked out at every base and indexed. Two questions per commit:

- files: given one of its files, the others among the first 10 (recall@10; each file of a commit in turn);
- tests: given the diff of all its files, the test files among the first 5 (recall@5).

Run: `python benchmarks/impact_quality.py FOLDER...`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from grace.causal.impact import predict_impact
from grace.causal.seed import seed_of_diff, seed_of_files
from grace.memory.database import open_memory
from grace.memory.indexer import index_repository
from grace.memory.repositories import find_indexed

MOST_FILES = 10
"""Commits that touch more say little."""


class Result(NamedTuple):
    files: list[float]
    tests: list[float]
    first: list[float]
    """Reciprocal ranks of the first right test file."""
    guesses: list[tuple[float, bool]]
    """Probability, and whether it was right."""
    ms: list[float]


def distinct(paths: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(paths))


def evaluate(folder: Path, result: Result, sizes: tuple[int, int]) -> None:
    commits = [json.loads(line) for line in (folder / "impact.jsonl").read_text().splitlines()]
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        subprocess.run(["git", "clone", "-q", "--shared", folder / "repo", clone], check=True)
        database = open_memory(f"sqlite:///{scratch}/memory.db")
        for commit in commits:
            if len(commit["files"]) > MOST_FILES or len(commit["tests"]) > MOST_FILES:
                continue
            subprocess.run(["git", "-C", clone, "checkout", "-q", "-f", commit["base"]], check=True)
            index_repository(database, clone, processes=1)
            indexed = find_indexed(database, clone)
            assert indexed is not None
            with database.reading() as connection:
                judge(connection, indexed.repo_id, commit, result, sizes)
        database.close()


def judge(connection: Any, repo_id: int, commit: dict[str, Any], result: Result, sizes: tuple[int, int]) -> None:
    files, tests = commit["files"], commit["tests"]
    recalls = []
    for path in files if len(files) > 1 else ():
        impact = timed(connection, repo_id, seed_of_files(path), result)
        others = set(files) - {path}
        found = distinct([one.path for one in impact.files if one.path != path])[: sizes[0]]
        recalls.append(len(others & set(found)) / len(others))
        result.guesses.extend((one.probability, one.path in others) for one in impact.files if one.path != path)
    if recalls:
        result.files.append(statistics.mean(recalls))
    if files and tests:
        impact = timed(connection, repo_id, seed_of_diff(commit["diff"]), result)
        found = distinct([one.path for one in impact.tests])
        result.tests.append(len(set(tests) & set(found[: sizes[1]])) / len(tests))
        result.first.append(next((1 / rank for rank, path in enumerate(found, 1) if path in tests), 0.0))
        result.guesses.extend((one.probability, one.path in tests) for one in impact.tests[: len(found)])


def timed(connection: Any, repo_id: int, seed: Any, result: Result) -> Any:
    began = time.perf_counter()
    impact = predict_impact(connection, repo_id, seed)
    result.ms.append((time.perf_counter() - began) * 1000)
    return impact


def show(name: str, result: Result) -> None:
    def mean(values: list[float]) -> str:
        return f"{statistics.mean(values):.3f} (n={len(values)})" if values else "-"

    print(
        f"{name:<18} files {mean(result.files):<16} tests {mean(result.tests):<16} MRR {mean(result.first):<16} "
        f"p50 {statistics.median(result.ms or [0]):.1f} ms",
        flush=True,
    )


def calibration(guesses: list[tuple[float, bool]]) -> None:
    """Of the guesses of about one probability, how many were right."""
    guesses = sorted(guesses)
    print("probability said -> share that was right")
    for part in range(10):
        group = guesses[len(guesses) * part // 10 : len(guesses) * (part + 1) // 10]
        if group:
            said, right = (statistics.mean(column) for column in zip(*group, strict=True))
            print(f"  {said:.3f} -> {right:.3f}  (n={len(group)})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    arguments = parser.parse_args()
    every = Result([], [], [], [], [])
    for folder in arguments.folders:
        result = Result([], [], [], [], [])
        evaluate(folder, result, (10, 5))
        show(folder.name, result)
        for all_, some in zip(every, result, strict=True):
            all_.extend(some)
    show("all", every)
    calibration(every.guesses)


if __name__ == "__main__":
    sys.exit(main())
