"""How well code is found: `python benchmarks/search_quality.py REPOSITORY QUERIES.jsonl [REPOSITORY QUERIES.jsonl]`.

A line of QUERIES is {"query", "path", "qualname"} (a docstring that was blanked, and its function), or {"query",
"base", "functions": [{"path", "qualname"}], "files"} (the subject of a commit, and what it changed after `base`): the
repository is then checked out at `base`, history included. MRR and recall are of the first right function among ten;
files are those of these functions, the first five of them. Rows that say of themselves that they are `noise`, a
`sweep`, or of a commit with several `subjects` are left out.
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from grace.memory.database import Database, open_memory
from grace.memory.indexer import index_repository
from grace.memory.search import Hit, deep_search

K, FILES = 10, 5
_SEEN = 40
"""Hits asked for, so that five files are among them."""


class Found(NamedTuple):
    """How one query went."""

    reciprocal_rank: float
    first: bool
    five: bool
    ten: bool
    file: bool
    files: float
    """Share of the right files among the first five."""
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", type=Path, metavar="REPOSITORY QUERIES.jsonl")
    pairs = parser.parse_args().pairs
    print(
        f"{'project':24}{'queries':>8}{'MRR@10':>8}{'R@1':>7}{'R@5':>7}{'R@10':>7}{'file@5':>8}{'files@5':>8}{'ms':>7}"
    )
    means: list[Found] = []
    for repository, queries in zip(pairs[::2], pairs[1::2], strict=True):
        with tempfile.TemporaryDirectory() as folder:
            found = ask_all(repository, queries, Path(folder))
        if found:
            means.append(_mean(found))
            _show(queries.parent.name, len(found), means[-1])
    _show("mean of projects", len(means), _mean(means))


def ask_all(repository: Path, queries: Path, folder: Path) -> list[Found]:
    """Every query of a project."""
    asked = [json.loads(line) for line in queries.read_text().splitlines()]
    clone = folder / "repository"
    subprocess.run(["git", "clone", "-q", "--no-checkout", str(repository), str(clone)], check=True)
    database = open_memory(f"sqlite:///{folder}/memory.db")
    at, found = "", []
    for one in asked:
        base = one.get("base", "HEAD")
        if one.get("noise") or one.get("sweep") or one.get("subjects", 1) > 1:
            continue
        if base != at:
            subprocess.run(["git", "-C", str(clone), "checkout", "-q", "--detach", base], check=True)
            index_repository(database, clone)
            at = base
        wanted = [one] if "qualname" in one else one["functions"]
        if wanted:
            found.append(ask(database, one["query"], wanted, one.get("files") or [one["path"]]))
    database.close()
    return found


def ask(database: Database, query: str, functions: list[dict[str, Any]], files: list[str]) -> Found:
    """One query."""
    with database.reading() as connection:
        started = time.process_time()
        hits = deep_search(connection, query, k=_SEEN)
        seconds = time.process_time() - started
    return judge(hits, functions, files, seconds)


def judge(hits: tuple[Hit, ...], functions: list[dict[str, Any]], files: list[str], seconds: float) -> Found:
    """What the hits are worth."""
    wanted = {(one["path"], one["qualname"]) for one in functions}
    rank = next((place for place, hit in enumerate(hits[:K], 1) if (hit.path, hit.qualname) in wanted), 0)
    shown = list(dict.fromkeys(hit.path for hit in hits))[:FILES]
    right = len(set(shown) & set(files))
    return Found(1 / rank if rank else 0, rank == 1, 0 < rank <= 5, rank > 0, right > 0, right / len(files), seconds)


def _mean(found: list[Found]) -> Found:
    return Found(*(sum(values) / len(found) for values in zip(*found, strict=True)))


def _show(name: str, count: int, mean: Found) -> None:
    numbers = "".join(f"{value:{width}.3f}" for value, width in zip(mean[:-1], (8, 7, 7, 7, 8, 8), strict=True))
    print(f"{name:24}{count:8}{numbers}{mean.seconds * 1000:7.2f}", flush=True)


if __name__ == "__main__":
    main()
