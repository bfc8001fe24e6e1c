"""What this installation keeps, opened once in each process, and which runs this process carries."""

from functools import cache
from pathlib import Path

from pydantic import SecretStr

from grace.memory.database import Database, open_existing
from grace.places import memory_url
from grace.process import this_process
from grace.settings import current
from grace.store.approvals import SqlApprovals
from grace.store.audit import SqlAuditLog
from grace.store.ballot_codes import SqlBallotCodes
from grace.store.events import SqlEvents
from grace.store.leases import SqlLeases
from grace.store.ledger import SqlLedger

_carried: dict[tuple[str, str], int] = {}
"""Fencing tokens of the runs that this process has taken on, by database and run id."""


def memory() -> Database | None:
    """The code memory of this installation, None while nothing is indexed."""
    return open_existing(memory_url())


def ledger() -> SqlLedger:
    """The ledger of this installation."""
    return _ledger(current().database)


def approvals() -> SqlApprovals:
    """Approvers and votes of this installation."""
    return _approvals(current().database)


def ballot_codes() -> SqlBallotCodes:
    """The one-time codes of this installation."""
    return _ballot_codes(current().database)


def events() -> SqlEvents:
    """What listeners were told of, in this installation."""
    return _events(current().database)


def leases() -> SqlLeases:
    """Who delivers where, in this installation."""
    return _leases(current().database)


def audit_log() -> SqlAuditLog:
    """The audit log of this installation."""
    settings = current()
    return _audit_log(settings.database, settings.audit_key, settings.audit_key_file)


def take_on(run_id: str, flow_run_id: str | None, *, watched: bool = False) -> int:
    """Make this process the one that carries a run: the fencing token that proves it.

    A process that is `watched`, as a worker's is, needs nobody who looks for it when it is gone.
    """
    carried_by = "" if watched else this_process()
    token = _carried[current().database, run_id] = ledger().carry(run_id, flow_run_id, carried_by)
    return token


def carrier(run_id: str) -> int:
    """The token of a run that this process carries; a process that did not take it on does so now."""
    token = _carried.get((current().database, run_id))
    return take_on(run_id, None) if token is None else token


_ledger = cache(SqlLedger.open)
_approvals = cache(SqlApprovals.open)
_ballot_codes = cache(SqlBallotCodes.open)
_events = cache(SqlEvents.open)
_leases = cache(SqlLeases.open)


@cache
def _audit_log(url: str, key: SecretStr | None, key_file: Path) -> SqlAuditLog:
    return SqlAuditLog.open(url, key, key_file)
