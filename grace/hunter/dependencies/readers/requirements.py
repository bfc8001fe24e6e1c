"""Requirements files, as pip reads them: `requirements.txt`, `constraints.txt`, `requirements.in`.

Format: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from grace.hunter.dependencies.declarations import (
    Declarations,
    Declared,
    Entry,
    Include,
    Problem,
    declared,
    gathered,
    local_project,
    origin_of,
)
from grace.hunter.dependencies.source_text import decode

_COMMENT = re.compile(r"(?:^|(?<!\s)\s+)#.*$")
_OPTION = re.compile(r"(-[A-Za-z]|--[a-z][a-z0-9-]*)(?:\s*=\s*|\s*)(.*)", re.DOTALL)
_PER_REQUIREMENT = re.compile(r"(?<!\s)\s+--?[A-Za-z].*$", re.DOTALL)
_SCHEME = re.compile(r"(?:(?:git|hg|svn|bzr)\+)?[A-Za-z][A-Za-z0-9+.-]*://|(?:git|hg|svn|bzr)\+|file:", re.IGNORECASE)
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_ARCHIVES = (".whl", ".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz", ".tar")
_ABOUT_INSTALLING = {
    *("-i", "--index-url", "--pypi-url", "--extra-index-url", "--no-index", "-f", "--find-links", "--no-binary"),
    *("--only-binary", "--prefer-binary", "--require-hashes", "--pre", "--trusted-host", "--use-feature"),
    *("--use-deprecated", "--no-build-isolation", "--config-settings", "--global-option", "--hash"),
}
"""Options that do not change which dependencies there are."""


def read(content: bytes) -> Declarations:
    """What a requirements file declares. Raises Unreadable."""
    found = (_read_line(text, line) for line, text in logical_lines(decode(content)))
    return gathered(entry for entry in found if entry is not None)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines joined where a backslash says so, without comments and empty ones, each with its number."""
    parts: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start or number
        comment = line.lstrip().startswith("#")
        parts.append(f" {line}" if comment else line.removesuffix("\\"))
        if line.endswith("\\") and not comment:
            continue
        if said := _COMMENT.sub("", "".join(parts)).strip():
            yield start, said
        parts, start = [], 0
    if said := _COMMENT.sub("", "".join(parts)).strip():
        yield start, said


def _read_line(text: str, line: int) -> Entry | None:
    if text.startswith("-"):
        return _option(text, line)
    return _requirement(_PER_REQUIREMENT.sub("", text), line)


def _option(text: str, line: int) -> Entry | None:
    found = _OPTION.fullmatch(text)
    name, value = (found[1], found[2].strip().strip("\"'")) if found else ("", "")
    if name in ("-r", "--requirement", "-c", "--constraint"):
        if not value:
            return Problem(line, "it does not say which file to include")
        if _SCHEME.match(value):
            return Problem(line, "the included file lies outside of this repository")
        return Include(value.replace("\\", "/"), line, constraint=name in ("-c", "--constraint"))
    if name in ("-e", "--editable"):
        return _requirement(_PER_REQUIREMENT.sub("", value), line) if value else Problem(line, "it is empty")
    if name in _ABOUT_INSTALLING:
        return None
    return Problem(line, "this option is not known")


def _requirement(text: str, line: int) -> Entry:
    if _SCHEME.match(text):
        name = _EGG.search(text)
        if text.lower().startswith("file:"):
            return local_project(text, line, name[1] if name else "")
        url = text.partition(";")[0].strip()
        return Declared(name[1] if name else _file_name(url), line, skipped=origin_of(url))
    place = text.partition(";")[0].strip()
    if place.startswith((".", "/", "~")) or re.match(r"[A-Za-z]:[\\/]", place) or _is_path(place):
        return local_project(place.replace("\\", "/"), line)
    return declared(text, line)


def _is_path(place: str) -> bool:
    """Whether pip would take it for a path: it has a separator or is an archive, and is not `name @ url`."""
    return " @" not in place and "@ " not in place and ("/" in place or place.lower().endswith(_ARCHIVES))


def _file_name(url: str) -> str:
    return PurePosixPath(url.partition("#")[0].partition("?")[0].rstrip("/")).name.partition("@")[0] or "a URL"
