"""One delivering run per repository at a time, over any number of processes and machines."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete
from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlmodel import col

from grace.errors import TransientError
from grace.store.session import open_database, writing
from grace.store.tables import LeaseRow

LEASE_SECONDS = 60.0
"""Far more than a delivery takes; so long a crash can keep others waiting."""
_WAIT_SECONDS = 90.0
_LOOK_EVERY_SECONDS = 0.1


class SqlLeases:
    """Who may deliver to which repository now."""

    def __init__(self, engine: Engine, wait_seconds: float = _WAIT_SECONDS) -> None:
        self._engine = engine
        self._wait_seconds = wait_seconds

    @classmethod
    def open(cls, url: str) -> "SqlLeases":
        """Over the database at an SQLAlchemy URL. Raises what `open_database` raises."""
        return cls(open_database(url))

    @contextmanager
    def held(self, repository: str, run_id: str, carrier: int) -> Iterator[None]:
        """The lease on a repository, for as long as this lasts; waits for it while another run has it.

        A newer carrier of the same run takes the lease over at once, one of another run when it is out of date.
        Raises TransientError when it does not come free.
        """
        deadline = time.monotonic() + self._wait_seconds
        while not self._take(repository, run_id, carrier):
            if time.monotonic() > deadline:
                raise TransientError(f"Another run keeps delivering to {repository}. Try again later.")
            time.sleep(_LOOK_EVERY_SECONDS)
        try:
            yield
        finally:
            self._give_back(repository, run_id, carrier)

    def _take(self, repository: str, run_id: str, carrier: int) -> bool:
        now = datetime.now(UTC)
        try:
            with writing(self._engine) as session:
                row = session.get(LeaseRow, repository, with_for_update=True)
                if row is None:
                    row = LeaseRow(repository=repository, task_id=run_id, carrier=carrier, taken_at=now.isoformat())
                    session.add(row)
                elif _stands_against(row, run_id, carrier, now):
                    return False
                row.task_id, row.carrier, row.taken_at = run_id, carrier, now.isoformat()
                return True
        except UniqueViolation:  # another process was faster
            return False

    def _give_back(self, repository: str, run_id: str, carrier: int) -> None:
        mine = (
            col(LeaseRow.repository) == repository,
            col(LeaseRow.task_id) == run_id,
            col(LeaseRow.carrier) == carrier,
        )
        with writing(self._engine) as session:
            session.execute(delete(LeaseRow).where(*mine))


def _stands_against(row: LeaseRow, run_id: str, carrier: int, now: datetime) -> bool:
    if row.task_id == run_id:
        return row.carrier > carrier
    taken = datetime.fromisoformat(row.taken_at)
    # A lease from the future was taken before the clock was set back: nobody knows how old it is.
    return taken <= now <= taken + timedelta(seconds=LEASE_SECONDS)
