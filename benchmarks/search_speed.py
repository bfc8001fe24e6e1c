"""How fast code is found: `python benchmarks/search_speed.py FOLDER [--symbols 1000000] [--queries 300]`.

Real code of the folder is indexed again and again, in each copy with other words in part of its names, until there are
that many symbols. Asked are first lines of its docstrings, half of them as changes ("Fix: ..."), and names. CPU time,
one process, everything warm.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grace.memory.database import Connection, open_memory
from grace.memory.parse import parse_file
from grace.memory.payload import SymbolKind
from grace.memory.postings import Document, merge_segments, write_segment
from grace.memory.search import deep_search


class Symbol(NamedTuple):
    """What is copied."""

    document: Document
    doc: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--symbols", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=300)
    arguments = parser.parse_args()
    chance = random.Random(1)
    symbols = read(arguments.folder)
    with tempfile.TemporaryDirectory() as folder:
        database = open_memory(f"sqlite:///{folder}/memory.db")
        with database.writing() as connection:
            fill(connection, symbols, arguments.symbols, chance)
        docs = sorted({symbol.doc for symbol in symbols if len(symbol.doc.split()) > 3})
        asked = chance.sample(docs, min(arguments.queries, len(docs)))
        names = chance.sample(sorted({symbol.document.name for symbol in symbols}), 100)
        for what, queries in (
            ("descriptions", asked),
            ("changes", [f"Fix: {text.lower()}" for text in asked]),
            ("names", names),
        ):
            with database.reading() as connection:
                measure(connection, queries[:50])
                times = measure(connection, queries)
            print(
                f"{what:14} p50 {statistics.median(times):6.2f} ms  p95 {statistics.quantiles(times, n=20)[-1]:6.2f} ms"
                f"  worst {max(times):6.2f} ms",
                flush=True,
            )
        database.close()


def measure(connection: Connection, queries: list[str]) -> list[float]:
    """Milliseconds of CPU for each query."""
    times = []
    for query in queries:
        started = time.process_time()
        deep_search(connection, query)
        times.append((time.process_time() - started) * 1000)
    return times


def read(folder: Path) -> list[Symbol]:
    """Every symbol of the Python files of a folder that the text index takes."""
    found = []
    for file in sorted(folder.rglob("*.py")):
        path = str(file.relative_to(folder))
        qualnames: list[str] = []
        for one in parse_file(file.read_bytes(), path).definitions:
            above = qualnames[one.parent] if one.parent >= 0 else ""
            qualnames.append(f"{above}.{one.name}" if above else one.name)
            if one.kind is not SymbolKind.VARIABLE and one.name:
                document = Document(0, 0, one.kind, one.name, qualnames[-1], path, one.words, "test" in path)
                found.append(Symbol(document, one.doc))
    return found


def fill(connection: Connection, symbols: list[Symbol], wanted: int, chance: random.Random) -> None:
    """Write copies of symbols until there are as many as wanted."""
    started = time.process_time()
    words = sorted({part for symbol in symbols for part in symbol.document.name.split("_") if part})
    total = 0
    for copy in range(-(-wanted // len(symbols))):
        documents = list(_copied(symbols[: wanted - total], copy, total, words, chance))
        files = dict(enumerate(sorted({document.path for document in documents}), copy * 1_000_000 + 1))
        ids = {path: number for number, path in files.items()}
        documents = [document._replace(file_id=ids[document.path]) for document in documents]
        connection.insert(
            "code_files",
            ("id", "repo_id", "path", "blob", "mtime_ns", "size", "inode", "language", "lines", "status", "unresolved"),
            [(number, 1, path, "", 0, 0, 0, "python", 1, "", 0) for number, path in files.items()],
        )
        connection.insert(
            "code_symbols",
            (
                *(
                    "id",
                    "repo_id",
                    "file_id",
                    "parent_id",
                    "name",
                    "qualname",
                    "kind",
                    "line",
                    "first_line",
                    "end_line",
                ),
                *("signature", "doc", "complexity", "fan_in"),
            ),
            [
                (d.symbol_id, 1, d.file_id, 0, d.name, d.qualname, int(d.kind), 1, 1, 9, "()", "", 1, 0)
                for d in documents
            ],
        )
        write_segment(connection, 1, documents)
        total += len(documents)
    written = time.process_time() - started
    merge_segments(connection, 1)
    print(f"merged in {time.process_time() - started - written:.1f} s of CPU")
    print(f"{total:,} symbols of {len(symbols):,} real ones, written in {written:.1f} s of CPU")


def _copied(
    symbols: list[Symbol], copy: int, first: int, words: list[str], chance: random.Random
) -> Iterator[Document]:
    for number, (document, _) in enumerate(symbols, first + 1):
        name = document.name
        if copy and not name.startswith("__"):
            parts = name.split("_")
            parts[chance.randrange(len(parts))] = chance.choice(words)
            name = "_".join(parts)
        parents = document.qualname.rpartition(".")[0]
        yield document._replace(
            symbol_id=number,
            name=name,
            qualname=f"{parents}.{name}" if parents else name,
            path=f"copy{copy}/{document.path}",
        )


if __name__ == "__main__":
    main()
