"""What is written of a file: its row, those of its symbols, and the documents of the text index."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from grace.memory.payload import Payload, SymbolKind, decode_words
from grace.memory.postings import Document
from grace.memory.source_tree import Stat
from grace.path_roles import is_test

FILE_COLUMNS = (
    *("id", "repo_id", "path", "blob", "mtime_ns", "size", "inode"),
    *("language", "lines", "status", "unresolved"),
)
SYMBOL_COLUMNS = (
    *("id", "repo_id", "file_id", "parent_id", "name", "qualname", "kind", "line", "first_line", "end_line"),
    *("signature", "doc", "complexity", "fan_in"),
)


def file_row(repo_id: int, file_id: int, path: str, key: str, stat: Stat, payload: Payload) -> tuple[Any, ...]:
    """The row of a file, in the order of FILE_COLUMNS."""
    language, lines, problem = payload.language, payload.lines, payload.problem
    return file_id, repo_id, path, key, *stat, language, lines, problem, 0


def symbol_rows(
    repo_id: int,
    paths: Sequence[str],
    ids: Mapping[str, int],
    payloads: Mapping[int, Payload],
    first_ids: Mapping[int, int],
) -> Iterator[tuple[Any, ...]]:
    """The rows of their symbols, in the order of SYMBOL_COLUMNS."""
    for path in paths:
        file_id = ids[path]
        first, names = first_ids[file_id], qualified_names(payloads[file_id])
        for number, one in enumerate(payloads[file_id].definitions):
            parent = first + one.parent if one.parent >= 0 else 0
            name = one.name if one.parent >= 0 else module_name(path)
            place = (one.line, one.first_line, one.end_line)
            yield (
                *(first + number, repo_id, file_id, parent, name, names[number], int(one.kind), *place),
                *(one.signature, one.doc, one.complexity, 0),
            )


def qualified_names(payload: Payload) -> list[str]:
    """The name of each definition within its file: `Class.method`; "" for the module."""
    names: list[str] = []
    for one in payload.definitions:
        above = names[one.parent] if one.parent >= 0 else ""
        names.append(f"{above}.{one.name}" if above else one.name)
    return names


def module_name(path: str) -> str:
    """A module's dotted name, as importing it from the root or from `src` would give it."""
    stem = path[: path.rfind(".")].removeprefix("src/").removesuffix("/__init__")
    return stem.replace("/", ".")


def documents(
    paths: Sequence[str],
    fresh: Mapping[str, str],
    ids: Mapping[str, int],
    payloads: Mapping[int, Payload],
    first_ids: Mapping[int, int],
    encoded: Mapping[str, bytes],
) -> Iterator[Document]:
    """What the text index is told of their symbols."""
    for path in paths:
        file_id, in_tests = ids[path], is_test(path)
        payload = payloads[file_id]
        names, words = qualified_names(payload), decode_words(encoded[fresh[path]])
        for number, one in enumerate(payload.definitions):
            if one.kind is not SymbolKind.VARIABLE and (words[number] or one.name):
                name = one.name or module_name(path)
                symbol = first_ids[file_id] + number
                yield Document(symbol, file_id, one.kind, name, names[number], path, words[number], in_tests)
