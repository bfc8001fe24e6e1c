"""Advisories where others keep them: a clone of the PyPA advisory database, an export of OSV, as a folder or a zip."""

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grace.errors import InputError
from grace.hunter.dependencies.advisory import Document, read_document
from grace.hunter.dependencies.source_text import Unreadable, decode
from grace.hunter.dependencies.yaml_record import load

_ENDINGS = (".json", ".yaml", ".yml")
_LARGEST_RECORD = 16 * 2**20
_LARGEST_EXPORT = 8 * 2**30
_MOST_RECORDS = 2_000_000
_STEEPEST = 200
"""How many times larger a file may get than it is in the zip; records of OSV get 5 to 20 times larger."""
_SHOWN = 10


@dataclass
class Tally:
    """What was met on the way, beside what was read."""

    withdrawn: int = 0
    other_ecosystems: int = 0
    unreadable: int = 0
    examples: list[str] = field(default_factory=list)
    """The first unreadable ones, with the reason."""
    newest: str = ""
    """When the last change of any of them was, as it is written."""
    latest: str = "9"
    """Later times are not believed."""

    def refuse(self, name: str, reason: str) -> None:
        """Count one that cannot be read."""
        self.unreadable += 1
        if len(self.examples) < _SHOWN:
            self.examples.append(f"{name}: {reason}")


def documents(source: Path, tally: Tally) -> Iterator[Document]:
    """The advisories about Python packages below a folder or in a zip, one at a time.

    Raises InputError when there is no such folder or zip, or when the zip is not one to be trusted.
    """
    if source.is_dir():
        records = _in_folder(source, tally)
    elif source.is_file():
        records = _in_zip(source, tally)
    else:
        raise InputError(f"{source} is not there. Give a folder of advisories, or a zip.")
    for name, content in records:
        try:
            document = read_document(_parsed(name, content))
        except Unreadable as error:
            tally.refuse(name, str(error))
            continue
        if not document.packages:
            tally.other_ecosystems += 1
            continue
        if tally.newest < document.modified < tally.latest:
            tally.newest = document.modified
        if document.withdrawn:
            tally.withdrawn += 1
        else:
            yield document


def _parsed(name: str, content: bytes) -> object:
    text = decode(content, largest=_LARGEST_RECORD)
    if not name.endswith(".json"):
        return load(text)
    try:
        return json.loads(text)
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error
    except ValueError as error:
        raise Unreadable(f"it is not JSON: {str(error)[:200]}") from error


def _in_folder(source: Path, tally: Tally) -> Iterator[tuple[str, bytes]]:
    """Files below a folder, in the order of their names; hidden folders and symbolic links are left alone."""
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(folder, name)
            if not name.endswith(_ENDINGS) or path.is_symlink():
                continue
            shown = path.relative_to(source).as_posix()
            try:
                with path.open("rb") as file:
                    content = file.read(_LARGEST_RECORD + 1)
            except OSError as error:
                tally.refuse(shown, error.strerror or type(error).__name__)
                continue
            yield shown, content


def _in_zip(source: Path, tally: Tally) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(source) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _refuse_a_trap(source, entries)
            for entry in entries:
                if not entry.filename.endswith(_ENDINGS):
                    continue
                try:
                    with archive.open(entry) as file:
                        yield entry.filename, file.read(_LARGEST_RECORD + 1)
                except (RuntimeError, NotImplementedError, zipfile.BadZipFile, OSError, EOFError) as error:
                    tally.refuse(entry.filename, f"it cannot be unpacked: {error}")
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise InputError(f"{source} cannot be read as a zip: {error}. Get it again, or give a folder.") from error


def _refuse_a_trap(source: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Raise InputError for a zip that was made to do harm: paths that lead out, or far more than it seems."""
    for entry in entries:
        place = PurePosixPath(entry.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or (place.parts and place.parts[0].endswith(":")):
            raise InputError(f"{source} is refused: it names {entry.filename!r}, which leads out of it.")
        if entry.file_size > 2**20 and entry.file_size > _STEEPEST * max(1, entry.compress_size):
            raise InputError(f"{source} is refused: {entry.filename!r} grows {_STEEPEST} times when it is unpacked.")
    total = sum(entry.file_size for entry in entries)
    if total > _LARGEST_EXPORT or len(entries) > _MOST_RECORDS:
        raise InputError(f"{source} is refused: {len(entries):,} files, {total / 2**30:.1f} GiB unpacked.")
