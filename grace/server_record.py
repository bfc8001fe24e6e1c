"""Which server `grace up` runs, written down for the other commands of the same user."""

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServerRecord:
    """A running server, and what its clients authenticate with."""

    api_url: str
    auth: str | None = None
    pid: int | None = None

    def __repr__(self) -> str:
        """Without the secret."""
        return f"ServerRecord({self.api_url!r}, pid={self.pid})"


def read_record(path: Path) -> ServerRecord | None:
    """The record; None when there is none, or one that was cut off by a crash."""
    try:
        found = json.loads(path.read_text())
        return ServerRecord(str(found["api_url"]), found.get("auth"), found.get("pid"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write_record(path: Path, record: ServerRecord) -> None:
    """Write the record so that nobody else can read it and nobody ever sees half of it."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"api_url": record.api_url, "auth": record.auth, "pid": record.pid}, file)
    draft.replace(path)
