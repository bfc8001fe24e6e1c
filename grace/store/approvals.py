"""Approvers, votes and when they were first asked for, in SQL."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlmodel import Session, col, select

from grace.contracts import Approver, Decision, Request, Tally, Vote
from grace.errors import InputError
from grace.governance.parliament import tally
from grace.store.session import open_database, reading, writing
from grace.store.tables import ApproverRow, BallotRow, VoteRow

KEY_BYTES = 32
"""Too many to guess, so that a plain hash of a key keeps it."""


class SqlApprovals:
    """Who may vote, and what was voted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> "SqlApprovals":
        """Over the database at an SQLAlchemy URL. Raises what `open_database` raises."""
        return cls(open_database(url))

    def add(self, approver: Approver) -> str:
        """Make somebody an approver, or give them new roles and a new key: the key, which is kept nowhere."""
        key = secrets.token_urlsafe(KEY_BYTES)
        with writing(self._engine) as session:
            now, roles, key_hash = datetime.now(UTC).isoformat(), json.dumps(approver.roles), _hash(key)
            row = _approver(session, approver.name)
            if row is None:
                row = ApproverRow(name=approver.name, roles=roles, key_hash=key_hash, added_at=now)
            row.roles, row.key_hash, row.removed_at = roles, key_hash, None
            session.add(row)
        return key

    def remove(self, name: str) -> None:
        """Take somebody's vote away; those they cast count no longer where a decision is still open."""
        with writing(self._engine) as session:
            row = _approver(session, name)
            if row is None or row.removed_at:
                raise InputError(f"There is no approver {name!r}. `grace approvers list` shows them.")
            row.removed_at = datetime.now(UTC).isoformat()

    def approvers(self) -> tuple[Approver, ...]:
        """Everybody whose votes count, by name."""
        with reading(self._engine) as session:
            present = select(ApproverRow).where(col(ApproverRow.removed_at).is_(None)).order_by(ApproverRow.name)
            return tuple(Approver(name=row.name, roles=tuple(json.loads(row.roles))) for row in session.exec(present))

    def authenticate(self, name: str, key: str) -> Approver:
        """The approver that a personal key proves somebody to be. Raises InputError when it proves nothing."""
        with reading(self._engine) as session:
            row = _approver(session, name)
            kept = row.key_hash if row and not row.removed_at else _hash("")
            if not hmac.compare_digest(kept, _hash(key)) or row is None or row.removed_at:
                raise InputError(f"That is not the key of an approver {name!r}. `grace approvers add` gives a new one.")
            return Approver(name=row.name, roles=tuple(json.loads(row.roles)))

    def open_ballot(self, run_id: str, change_digest: str, now: datetime) -> datetime:
        """When votes on a change were first asked for: now, or earlier."""
        try:
            with writing(self._engine) as session:
                row = session.get(BallotRow, (run_id, change_digest))
                if row is None:
                    session.add(BallotRow(task_id=run_id, change_digest=change_digest, opened_at=now.isoformat()))
                    return now
        except UniqueViolation:  # another process was faster
            with reading(self._engine) as session:
                row = session.get(BallotRow, (run_id, change_digest))
        return datetime.fromisoformat(row.opened_at) if row else now

    def cast(self, run_id: str, vote: Vote) -> None:
        """Keep a vote; the same vote again changes nothing."""
        with writing(self._engine) as session:
            same = select(VoteRow).where(
                VoteRow.task_id == run_id, VoteRow.voter == vote.voter, VoteRow.cast_at == vote.cast_at.isoformat()
            )
            if session.exec(same).first() is None:
                session.add(
                    VoteRow(task_id=run_id, **vote.model_dump(mode="json") | {"cast_at": vote.cast_at.isoformat()})
                )

    def votes(self, run_id: str) -> Sequence[Vote]:
        """All votes of a run, in the order they came."""
        with reading(self._engine) as session:
            rows = session.exec(select(VoteRow).where(VoteRow.task_id == run_id).order_by(col(VoteRow.id))).all()
            return [Vote.model_validate(row.model_dump(exclude={"id", "task_id"})) for row in rows]

    def tally(self, decision: Decision, request: Request, now: datetime) -> Tally:
        """How the votes on a run's change stand now; the first time this is asked, its ballot opens."""
        return tally(
            decision,
            self.votes(request.id),
            request=request,
            approvers=self.approvers(),
            opened_at=self.open_ballot(request.id, decision.change_digest, now),
            now=now,
        )


def _approver(session: Session, name: str) -> ApproverRow | None:
    return session.exec(select(ApproverRow).where(ApproverRow.name == name)).one_or_none()


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
