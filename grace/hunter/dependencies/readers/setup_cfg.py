"""`setup.cfg`, as setuptools reads it."""

import configparser
from collections.abc import Iterator

from grace.hunter.dependencies.declarations import Declarations, Entry, Include, declared, gathered
from grace.hunter.dependencies.source_text import Lines, Unreadable, decode

_LARGEST = 2**18
_LONGEST_LINE = 1000
"""The parser takes time that grows with the square of a line."""


def read(content: bytes) -> Declarations:
    """What a project declares in [options] and [options.extras_require]. Raises Unreadable."""
    text = decode(content, largest=_LARGEST)
    if any(len(line) > _LONGEST_LINE for line in text.splitlines()):
        raise Unreadable("it has a line that is too long")
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise Unreadable(f"it is not a configuration file: {error.message.splitlines()[0][:200]}") from error
    options = dict(parser["options"]) if parser.has_section("options") else {}
    extras = dict(parser["options.extras_require"]) if parser.has_section("options.extras_require") else {}
    values = [options.get("install_requires", ""), options.get("tests_require", ""), *extras.values()]
    lines = Lines(text)
    name = parser.get("metadata", "name", fallback="").strip()
    return gathered(
        [
            *_requirements(values, lines, build=False),
            *_requirements([options.get("setup_requires", "")], lines, build=True),
            *_includes(values, lines),
        ],
        project=name,
    )


def _requirements(values: list[str], lines: Lines, *, build: bool) -> Iterator[Entry]:
    for value in values:
        if value.strip().startswith("file:"):
            continue
        for text in value.splitlines() if "\n" in value else [value]:
            requirement = text.partition(" #")[0].strip()
            if requirement and not requirement.startswith("#"):
                yield declared(requirement, lines.find(requirement), build=build)


def _includes(values: list[str], lines: Lines) -> Iterator[Include]:
    for value in values:
        if value.strip().startswith("file:"):
            for path in value.strip().removeprefix("file:").split(","):
                yield Include(path.strip(), lines.find(path.strip()))
