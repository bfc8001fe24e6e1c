"""What an audit could not look at, and why: a gap is a value that becomes a finding."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What sort of gap it is."""

    DEPENDENCY = "dependency"
    """One dependency, or one line."""
    RANGES = "ranges"
    """A project that gives ranges, as libraries do, and has no lock file."""
    FILE = "file"
    """A whole file."""


@dataclass(frozen=True)
class Gap:
    """Something that was not audited."""

    path: str
    line: int
    reason: str
    """A sentence for people, with the name in it."""
    identity: tuple[str, ...]
    """What makes it the same gap after lines have moved."""
    kind: Kind = Kind.DEPENDENCY


def cut(gaps: list[Gap], most: int = 100) -> list[Gap]:
    """The first gaps of a file, and one that counts the rest: junk does not drown what can be acted on."""
    if len(gaps) <= most:
        return gaps
    rest = gaps[most:]
    first = rest[0]
    identity = ("rest", *(part for gap in rest for part in gap.identity))
    return [
        *gaps[:most],
        Gap(first.path, first.line, f"{len(rest)} more entries of this file were not audited", identity),
    ]
