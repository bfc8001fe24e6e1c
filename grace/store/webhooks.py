"""What providers told of, in SQL: kept before they are answered, so that no push is lost and none counts twice."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError as UniqueViolation
from sqlmodel import Session, col, select

from grace.contracts import Push
from grace.store.session import open_database, reading, writing
from grace.store.tables import WebhookDeliveryRow


@dataclass(frozen=True)
class Receipt:
    """What a message turned out to be, and the push that is kept for it."""

    status: Literal["new", "known", "contradictory"]
    push: Push


class SqlWebhookDeliveries:
    """The messages of providers, and which of them have their flow run."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> "SqlWebhookDeliveries":
        """Over the database at an SQLAlchemy URL. Raises what `open_database` raises."""
        return cls(open_database(url))

    def receive(self, push: Push) -> Receipt:
        """Keep a push.

        It is known when its message was kept before, or when another one told of the same commit on the same branch:
        only GitLab signs the message's name, so that elsewhere a copy can come under any. Contradictory is a name that
        was used for another push.
        """
        try:
            with writing(self._engine) as session:
                if known := _known(session, push):
                    return known
                row = WebhookDeliveryRow.model_validate(push.model_dump() | {"received_at": _now()})
                session.add(row)
                return Receipt("new", push)
        except UniqueViolation:  # the same message, at the same time, in another process
            return self.receive(push)

    def pending(self) -> tuple[Push, ...]:
        """Pushes without a flow run, oldest first."""
        with reading(self._engine) as session:
            rows = select(WebhookDeliveryRow).where(col(WebhookDeliveryRow.flow_run_id).is_(None))
            return tuple(map(_push, session.exec(rows.order_by(col(WebhookDeliveryRow.received_at)))))

    def started(self, push: Push, flow_run_id: str) -> None:
        """Say which flow run looks at a push."""
        with writing(self._engine) as session:
            if row := session.get(WebhookDeliveryRow, (push.provider, push.delivery_id)):
                row.flow_run_id = flow_run_id
                session.add(row)


def _known(session: Session, push: Push) -> Receipt | None:
    row = session.get(WebhookDeliveryRow, (push.provider, push.delivery_id))
    if row is None:
        same = select(WebhookDeliveryRow).where(
            WebhookDeliveryRow.provider == push.provider,
            WebhookDeliveryRow.repository == push.repository,
            WebhookDeliveryRow.ref == push.ref,
            WebhookDeliveryRow.commit == push.commit,
        )
        row = session.exec(same).first()
    if row is None:
        return None
    agrees = (row.repository, row.ref, row.commit) == (push.repository, push.ref, push.commit)
    return Receipt("known" if agrees else "contradictory", _push(row))


def _push(row: WebhookDeliveryRow) -> Push:
    return Push.model_validate(row.model_dump(include=set(Push.model_fields)))


def _now() -> str:
    return datetime.now(UTC).isoformat()
