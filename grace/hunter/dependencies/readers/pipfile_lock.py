"""`Pipfile.lock`."""

import json
from collections.abc import Iterator
from typing import Any

from grace.hunter.dependencies.declarations import Declarations, Declared, Entry, Problem, gathered
from grace.hunter.dependencies.readers.tables import entry_of_table
from grace.hunter.dependencies.source_text import Lines, Unreadable, decode


def read(content: bytes) -> Declarations:
    """Every package that Pipenv locked, of every category. Raises Unreadable."""
    text = decode(content)
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error
    except ValueError as error:  # no JSON, or a number longer than Python reads
        raise Unreadable(f"it is not JSON: {str(error)[:200]}") from error
    if not isinstance(document, dict):
        raise Unreadable("it is not a table of packages")
    return gathered(_entries(document, Lines(text)))


def _entries(document: dict[str, Any], lines: Lines) -> Iterator[Entry]:
    for category, packages in document.items():
        if category == "_meta":
            continue
        if not isinstance(packages, dict):
            yield Problem(lines.find(f'"{category}"'), f"{category} is not a table of packages")
            continue
        for name, package in packages.items():
            line = lines.find(f'"{name}"', "{")
            if not isinstance(package, dict):
                yield Problem(line, f"{name} is not a table")
                continue
            entry = entry_of_table(name, package, line)
            if isinstance(entry, Declared) and entry.version is None and not entry.skipped:
                entry = Declared(name, line, skipped="the lock file names no version")
            yield entry
