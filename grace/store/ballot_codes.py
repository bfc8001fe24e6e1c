"""One-time codes: how a vote comes through a form that knows no users and keeps in clear what is typed.

A code is bound to who asked for it, one run and one change; it counts once and for an hour, and only its hash is
kept. 60 random bits, tried by answering a form, are too many to guess in that time.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import Engine, update
from sqlmodel import Session, col

from grace.contracts import Ballot, Request, Vote
from grace.store.session import open_database, writing
from grace.store.tables import BallotCodeRow

CODE_SECONDS = 3600
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that reads like a digit (https://www.crockford.com/base32.html)."""
_READ_AS = str.maketrans("OIL", "011", "- \t\r\n")
_LENGTH = 12


class SqlBallotCodes:
    """Codes that were given out, and what became of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> "SqlBallotCodes":
        """Over the database at an SQLAlchemy URL. Raises what `open_database` raises."""
        return cls(open_database(url))

    def issue(self, run_id: str, change_digest: str, voter: str, authenticated_by: str, now: datetime) -> str:
        """A new code for somebody who has proved who they are."""
        code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
        with writing(self._engine) as session:
            session.add(
                BallotCodeRow(
                    code_hash=_hash(code),
                    task_id=run_id,
                    change_digest=change_digest,
                    voter=voter,
                    authenticated_by=authenticated_by,
                    issued_at=now.isoformat(),
                    expires_at=(now + timedelta(seconds=CODE_SECONDS)).isoformat(),
                )
            )
        return "-".join(code[start : start + 4] for start in range(0, _LENGTH, 4))

    def redeem(self, request: Request, change_digest: str, ballot: Ballot, form: str, now: datetime) -> Vote | str:
        """The vote that a filled-in form comes to, or why it is refused.

        `form` names the form, so that reading the same answer again, as after a crash, gives the same vote.
        """
        with writing(self._engine) as session:
            row = session.get(BallotCodeRow, _hash(ballot.code))
            if why := _why_refused(row, request, change_digest, form, now):
                return why
            assert row is not None  # noqa: S101  # refused above
            used_at = _use(session, row, form, now)
        return Vote(
            voter=row.voter,
            role="requester" if row.voter == request.requested_by else "approver",
            authenticated_by=f"one-time code, given for {row.authenticated_by}",
            approved=ballot.answer == "approve",
            comment=ballot.comment,
            cast_at=used_at,
            change_digest=change_digest,
        )


def _why_refused(row: BallotCodeRow | None, request: Request, digest: str, form: str, now: datetime) -> str:
    if row is None:
        return "the form holds no valid one-time code: `grace approvals code` gives one"
    if row.task_id != request.id:
        return "the code was given for another run"
    if row.change_digest != digest:
        return "the code was given for an earlier change of this run"
    if row.used_for == form:
        return ""
    if row.used_for is not None:
        return f"the code of {row.voter} has been used"
    if not datetime.fromisoformat(row.issued_at) <= now <= datetime.fromisoformat(row.expires_at):
        return f"the code of {row.voter} is out of date"
    return ""


def _use(session: Session, row: BallotCodeRow, form: str, now: datetime) -> datetime:
    """When the code was used: now, or when this same form was read before."""
    unused = update(BallotCodeRow).where(
        col(BallotCodeRow.code_hash) == row.code_hash, col(BallotCodeRow.used_for).is_(None)
    )
    session.execute(unused.values(used_for=form, used_at=now.isoformat()))
    session.refresh(row)
    return datetime.fromisoformat(row.used_at or now.isoformat())


def _hash(code: str) -> str:
    return hashlib.sha256(code.upper().translate(_READ_AS).encode()).hexdigest()
