"""The audit log in SQL, and the key that its records are chained with."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine, text
from sqlmodel import Session, col, select

from grace.contracts import AuditHead, AuditRecord, Vote
from grace.errors import EnvironmentLacking, InputError, IntegrityError
from grace.governance.audit import START, AuditProblem, chained, head_of, verify
from grace.redaction import redact
from grace.store.session import open_database, reading, writing
from grace.store.tables import AuditRow

KEY_BYTES = 32
_LEAST_KEY = 16
"""Fewer bytes could be guessed."""
_APPEND_LOCK = 0x6772616365
"""Key of the PostgreSQL advisory lock that lets one process at a time append."""
_BATCH = 500


def _utc_now() -> datetime:
    return datetime.now(UTC)


class UnreadableRecord(IntegrityError):
    """What is stored cannot have been written by GRACE."""

    def __init__(self, sequence: int) -> None:
        super().__init__(f"Audit record {sequence} was changed: it cannot be read any more. See `grace audit verify`.")
        self.sequence = sequence


class SqlAuditLog:
    """An append-only log over a database at the newest schema."""

    def __init__(self, engine: Engine, key: bytes, now: Callable[[], datetime] = _utc_now) -> None:
        self._engine = engine
        self._key = key
        self._now = now

    @classmethod
    def open(cls, url: str, given_key: SecretStr | None, key_file: Path) -> "SqlAuditLog":
        """The log in the database at an SQLAlchemy URL. Raises what `open_database` and `audit_key` raise."""
        engine = open_database(url)
        with reading(engine) as session:
            begun = session.exec(select(AuditRow.sequence).limit(1)).first() is not None
        return cls(engine, audit_key(given_key, key_file, begun=begun))

    def append(self, run_id: str, event: str, actor: str, facts: Mapping[str, object], key: str) -> AuditHead:
        """Record something once: the head with it as the last record, the same when asked again.

        `key` names what happened, for one record only. Raises IntegrityError when something else has that name.
        """
        with writing(self._engine) as session:
            if self._engine.dialect.name == "postgresql":  # on SQLite the transaction has the write lock already
                session.connection().execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _APPEND_LOCK})
            if known := session.exec(select(AuditRow).where(AuditRow.key == key)).one_or_none():
                if (known.run_id, known.event) != (run_id, event):
                    raise IntegrityError(
                        f"Audit record {known.sequence} bears the name of another event, {key}: somebody changed it. "
                        "See `grace audit verify`."
                    )
                return AuditHead(length=known.sequence, mac=known.mac)
            record = chained(
                _newest(session),
                self._key,
                run_id=run_id,
                event=event,
                actor=actor,
                at=self._now(),
                facts={name: _redacted(fact) for name, fact in facts.items()},
            )
            session.add(AuditRow(**record.model_dump() | {"at": record.at.astimezone(UTC).isoformat(), "key": key}))
            return head_of(record)

    def vote_cast(self, run_id: str, vote: Vote) -> AuditHead:
        """Record a vote, whether or not it counts."""
        facts = vote.model_dump(mode="json")
        return self.append(
            run_id, "vote.cast", vote.voter, facts, f"{run_id}/vote.cast/{vote.voter}/{facts['cast_at']}"
        )

    def head(self) -> AuditHead:
        """Where the chain stands."""
        with reading(self._engine) as session:
            return _newest(session)

    def head_at(self, length: int) -> AuditHead | None:
        """Where the chain stood when it had that length, None when it has fewer records."""
        with reading(self._engine) as session:
            row = session.get(AuditRow, length)
            return AuditHead(length=row.sequence, mac=row.mac) if row else None

    def records(self, run_id: str | None = None) -> Iterator[AuditRecord]:
        """Every record, or those of one run, oldest first. Raises UnreadableRecord."""
        wanted = select(AuditRow).order_by(col(AuditRow.sequence)).execution_options(yield_per=_BATCH)
        if run_id is not None:
            wanted = wanted.where(AuditRow.run_id == run_id)
        with reading(self._engine) as session:
            for row in session.exec(wanted):
                try:
                    yield AuditRecord.model_validate(row.model_dump(exclude={"key"}))
                except ValidationError as error:
                    raise UnreadableRecord(row.sequence) from error

    def verify(self, head: AuditHead | None = None) -> AuditProblem | None:
        """The first problem of the chain, None when it is as it was written (`governance.audit.verify`)."""
        try:
            return verify(self.records(), self._key, head)
        except UnreadableRecord as error:
            return AuditProblem(error.sequence, "was changed: it cannot be read any more")


def audit_key(given: SecretStr | None, file: Path, *, begun: bool) -> bytes:
    """The key that was given, else that of the file, which is made for a log that has not begun.

    Raises InputError (the given key could be guessed) and EnvironmentLacking (the file cannot be read or made, or
    is gone although the log has begun).
    """
    if given is not None:
        key = given.get_secret_value().encode()
        if len(key) < _LEAST_KEY:
            raise InputError(
                f"GRACE_AUDIT_KEY is too short: give {_LEAST_KEY} characters or more, as `openssl rand -hex 32` does."
            )
        return key
    try:
        if not begun and not file.exists():
            _make_key(file)
        key = file.read_bytes().strip()
    except FileNotFoundError as error:
        raise EnvironmentLacking(
            f"The key of the audit log, {file}, is gone: put it back, or set GRACE_AUDIT_KEY. "
            "Without it the log can be neither verified nor continued."
        ) from error
    except OSError as error:
        raise EnvironmentLacking(f"The key of the audit log, {file}, cannot be used: {error.strerror}.") from error
    if len(key) < _LEAST_KEY:
        raise EnvironmentLacking(f"The key of the audit log, {file}, was cut off: put it back.")
    return key


def _make_key(file: Path) -> None:
    """Put a new key there, whole or not at all; of several processes the first one's stays."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as output:
            output.write(secrets.token_hex(KEY_BYTES) + "\n")
            output.flush()
            os.fsync(output.fileno())
        with suppress(FileExistsError):
            file.hardlink_to(draft)
    finally:
        draft.unlink()


def _newest(session: Session) -> AuditHead:
    row = session.exec(select(AuditRow).order_by(col(AuditRow.sequence).desc()).limit(1)).first()
    return AuditHead(length=row.sequence, mac=row.mac) if row else START


def _redacted(fact: object) -> object:
    """A fact without secrets, whatever it is made of."""
    match fact:
        case str():
            return redact(fact)
        case Mapping():
            return {name: _redacted(part) for name, part in fact.items()}
        case list() | tuple():
            return [_redacted(part) for part in fact]
        case _:
            return fact
