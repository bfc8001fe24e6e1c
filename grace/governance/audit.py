"""The audit chain: each record's MAC covers the record before it, so that none can be changed or taken away unseen.

A chain alone cannot show that its end was cut off; a head that was noted elsewhere (in a commit) can.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from grace.contracts import AuditHead, AuditRecord

START = AuditHead(length=0, mac="0" * 64)
"""The head of a chain without records."""


@dataclass(frozen=True)
class AuditProblem:
    """The first place where a chain is not what was recorded."""

    sequence: int
    what: str

    def __str__(self) -> str:
        return f"Record {self.sequence} {self.what}."


def canonical(value: object) -> str:
    """The one JSON text of a value. Raises ValueError for numbers that JSON does not have."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def chained(
    head: AuditHead, key: bytes, *, run_id: str, event: str, actor: str, at: datetime, facts: Mapping[str, object]
) -> AuditRecord:
    """The record that comes after a head."""
    unsigned = AuditRecord(
        sequence=head.length + 1,
        run_id=run_id,
        event=event,
        actor=actor,
        at=at,
        facts=canonical(facts),
        previous=head.mac,
        mac="",
    )
    return unsigned.model_copy(update={"mac": mac(key, unsigned)})


def mac(key: bytes, record: AuditRecord) -> str:
    """HMAC-SHA256 over everything a record says, as hexadecimal digits."""
    at = record.at.astimezone(UTC).isoformat()
    said = [record.sequence, record.run_id, record.event, record.actor, at, record.facts, record.previous]
    return hmac.new(key, canonical(said).encode(), hashlib.sha256).hexdigest()


def head_of(record: AuditRecord) -> AuditHead:
    """Where the chain stands with this record as its last."""
    return AuditHead(length=record.sequence, mac=record.mac)


def verify(records: Iterable[AuditRecord], key: bytes, head: AuditHead | None = None) -> AuditProblem | None:
    """The first problem of a whole chain; None when it is as it was written, and the head is still on it."""
    reached = START
    for record in records:
        if record.sequence > reached.length + 1:
            return AuditProblem(reached.length + 1, "is missing")
        if record.sequence < reached.length + 1:
            return AuditProblem(record.sequence, "is out of order")
        if not hmac.compare_digest(record.mac.encode(), mac(key, record).encode()):
            return AuditProblem(record.sequence, "was changed, or was written without the key")
        if record.previous != reached.mac:
            return AuditProblem(record.sequence, "does not follow the record before it")
        reached = head_of(record)
        if head and head.length == reached.length and head != reached:
            return AuditProblem(record.sequence, "is another one than was noted: the chain was made anew")
    if head and head.length > reached.length:
        return AuditProblem(reached.length + 1, f"is missing: the chain had {head.length} records or more")
    return None
