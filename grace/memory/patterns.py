"""Code patterns: functions and classes worth remembering, recalled by likeness and by how well they served before."""

import json
import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from grace.memory import source_tree
from grace.memory.bare import on_disk
from grace.memory.database import Connection, chunks
from grace.memory.parse import blob_key
from grace.memory.payload import Definition, Payload, SymbolKind
from grace.memory.rows import qualified_names
from grace.memory.search import deep_search
from grace.path_roles import is_test

_KINDS = (SymbolKind.CLASS, SymbolKind.FUNCTION, SymbolKind.METHOD)
_FEWEST_LINES, _MOST_LINES, _MOST_CHARACTERS = 3, 150, 6_000
_CONSIDERED = 50
"""Of so many that are alike, those that served best come first."""
_DOUBT = 0.8
"""What is left of the confidence in code of a file in which work was taken back."""
_COLUMNS = (
    *("id", "pattern_type", "language", "name", "signature", "code_snippet", "file_path", "project", "tags"),
    *("dependencies", "complexity", "times_recalled", "success_rate", "confidence", "created_at", "updated_at"),
)


class Pattern(NamedTuple):
    """A remembered piece of code."""

    id: int
    pattern_type: str
    language: str
    name: str
    signature: str
    code_snippet: str
    file_path: str
    project: str
    tags: tuple[str, ...]
    dependencies: tuple[str, ...]
    complexity: int
    times_recalled: int
    success_rate: float
    confidence: float
    similarity: float
    score: float
    """similarity x success_rate x confidence."""


def recall_patterns(
    connection: Connection, query: str, *, repo_id: int | None = None, k: int = 5
) -> tuple[Pattern, ...]:
    """The k patterns that fit a description best, of one repository or of all."""
    hits = {
        hit.symbol_id: hit.score for hit in deep_search(connection, query, repo_id=repo_id, k=_CONSIDERED, kinds=_KINDS)
    }
    if not hits:
        return ()
    marks = ", ".join("?" * len(hits))
    rows = connection.rows(f"SELECT {', '.join(_COLUMNS[:14])} FROM code_patterns WHERE id IN ({marks})", list(hits))
    reverted = _reverted(connection, {row[6] for row in rows})
    patterns = (_pattern(row, hits[row[0]], doubted=(row[7], row[6]) in reverted) for row in rows)
    found = sorted(patterns, key=lambda pattern: (-pattern.score, pattern.id))
    return tuple(found[:k])


def record_recall(connection: Connection, patterns: Sequence[Pattern], run_id: str = "") -> None:
    """Remember that patterns were recalled; a run whose end is told later decides whether that was a success.

    A run recalls once: telling it again, as a stage that is tried again does, changes nothing.
    """
    if run_id and connection.rows("SELECT 1 FROM code_recalls WHERE run_id = ? LIMIT 1", (run_id,)):
        return
    now = time.time()
    columns = ("project", "file_path", "name", "run_id", "recalled_at")
    connection.insert("code_recalls", columns, [(p.project, p.file_path, p.name, run_id, now) for p in patterns])
    connection.run_many(
        "UPDATE code_patterns SET times_recalled = times_recalled + 1, updated_at = ? WHERE id = ?",
        [(now, pattern.id) for pattern in patterns],
    )


def record_outcome(connection: Connection, run_id: str, *, delivered: bool) -> None:
    """A run ended: what it had recalled served it, or did not. Telling it again changes nothing."""
    query = "SELECT DISTINCT project, file_path, name FROM code_recalls WHERE run_id = ?"
    recalled = connection.rows(query, (run_id,))
    connection.run("UPDATE code_recalls SET succeeded = ? WHERE run_id = ?", (int(delivered), run_id))
    for place in recalled:
        _, rate = _served(connection, place)
        connection.run(
            "UPDATE code_patterns SET success_rate = ?, updated_at = ?"
            " WHERE project = ? AND file_path = ? AND name = ?",
            (rate, time.time(), *place),
        )


def write(connection: Connection, root: Path, files: Iterable[tuple[str, str, Payload, int]]) -> None:
    """Remember the patterns of files: (path, key of its payload, payload, id of its first symbol).

    What recalls taught of a pattern of the same place and name goes on. A file that is changed meanwhile is left
    for the next look.
    """
    now = time.time()
    recalled = {tuple(row) for row in connection.rows(_RECALLED, (str(root),))}
    rows: list[tuple[Any, ...]] = []
    wanted = [file for file in files if not file[2].problem and not is_test(file[0])]
    with on_disk(root, [file[0] for file in wanted]) as folder:
        sources = ((file, source_tree.read(folder, file[0])) for file in wanted)
        fresh = [(file, source) for file, source in sources if source and blob_key(source, file[0]) == file[1]]
    for (path, _, payload, first), source in fresh:
        lines = source.decode("utf-8", "replace").split("\n")
        names = qualified_names(payload)
        for number, one in enumerate(payload.definitions):
            if _is_worth(one):
                known = (path, names[number]) in recalled
                times, rate = _served(connection, (str(root), path, names[number])) if known else (0, 0.5)
                snippet = "\n".join(lines[one.first_line - 1 : one.end_line])[:_MOST_CHARACTERS]
                rows.append(
                    (
                        *(first + number, one.kind.name.lower(), payload.language, names[number], one.signature),
                        *(snippet, path, str(root), json.dumps(_tags(one, payload)), json.dumps(one.calls[:20])),
                        *(one.complexity, times, rate, _confidence(one), now, now),
                    )
                )
    connection.insert("code_patterns", _COLUMNS, rows)


_RECALLED = "SELECT DISTINCT file_path, name FROM code_recalls WHERE project = ?"


def _is_worth(one: Definition) -> bool:
    long_enough = _FEWEST_LINES <= one.end_line - one.line + 1 <= _MOST_LINES
    return one.kind in _KINDS and long_enough and not (one.name.startswith("__") and one.name != "__init__")


def _tags(one: Definition, payload: Payload) -> list[str]:
    """What it belongs to: its words of the highest count, and what its file imports."""
    imported = {each.module.split(".")[0] for each in payload.imports if not each.level and each.module}
    return sorted(imported)[:10]


def _confidence(one: Definition) -> float:
    """How much a piece of code can be trusted as an example, as far as reading tells: documented, small, simple."""
    documented = 1.0 if one.doc else 0.8
    simple = 1.0 if one.complexity <= 10 else 0.8
    return round(documented * simple, 2)


def _served(connection: Connection, place: Sequence[Any]) -> tuple[int, float]:
    query = (
        "SELECT COUNT(*), COUNT(succeeded), COALESCE(SUM(succeeded), 0) FROM code_recalls"
        " WHERE project = ? AND file_path = ? AND name = ?"
    )
    times, ended, succeeded = connection.rows(query, place)[0]
    return int(times), (int(succeeded) + 1) / (int(ended) + 2)


def _reverted(connection: Connection, paths: Collection[str]) -> set[tuple[str, str]]:
    """(project, path) of the files in which work was taken back by a later commit."""
    found: set[tuple[str, str]] = set()
    for some, marks in chunks(sorted(paths)):
        query = (
            "SELECT DISTINCT r.location, p.path FROM code_repositories r JOIN code_paths p ON p.repo_id = r.id"
            " JOIN code_commit_paths cp ON cp.path_id = p.id JOIN code_commits c ON c.id = cp.commit_id"
            f" WHERE c.reverted = 1 AND p.path IN ({marks})"
        )
        found.update((location, path) for location, path in connection.rows(query, some))
    return found


def _pattern(row: Sequence[Any], similarity: float, *, doubted: bool) -> Pattern:
    tags, dependencies = tuple(json.loads(row[8])), tuple(json.loads(row[9]))
    confidence = row[13] * (_DOUBT if doubted else 1.0)
    score = similarity * row[12] * confidence
    return Pattern._make((*row[:8], tags, dependencies, *row[10:13], confidence, similarity, score))
