"""The files that are scanned: of a revision, of a folder, or in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1


@dataclass(frozen=True)
class Tree:
    """Files by path, relative to their root; content is read only where it is needed."""

    keys: Mapping[str, str]
    """Path -> what identifies its content: equal keys, equal bytes (git's blob id)."""
    read_many: Callable[[Sequence[str]], Mapping[str, bytes]]
    """Content of some paths; a path that has vanished meanwhile is left out."""

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> "Tree":
        """A tree that is in memory."""
        return cls(
            {path: blob_id(content) for path, content in files.items()}, lambda paths: {p: files[p] for p in paths}
        )


def blob_id(content: bytes) -> str:
    """What git calls a file of this content: 40 hexadecimal digits."""
    return sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
