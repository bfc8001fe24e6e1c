"""The repositories that GRACE looks after, in SQL."""

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from grace.contracts import RegisteredRepository
from grace.errors import InputError
from grace.store.session import open_database, reading, writing
from grace.store.tables import RepositoryRow


class SqlRepositories:
    """What was registered by `grace repos add`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> "SqlRepositories":
        """Over the database at an SQLAlchemy URL. Raises what `open_database` raises."""
        return cls(open_database(url))

    def register(self, repository: RegisteredRepository) -> None:
        """Keep a repository; one that is known by its name gets the new remote and interval.

        Raises InputError when the name already stands for another folder.
        """
        with writing(self._engine) as session:
            row = _row(session, repository.name)
            if row is None:
                row = RepositoryRow(**repository.model_dump(), added_at=datetime.now(UTC).isoformat())
            elif row.location != repository.location:
                raise InputError(
                    f"The name {row.name} already stands for {row.location}: give this one another name with --name."
                )
            row.remote, row.every_seconds = repository.remote, repository.every_seconds
            session.add(row)

    def remove(self, name: str) -> RegisteredRepository:
        """Forget a repository; its folder stays. Raises InputError when there is none of this name."""
        with writing(self._engine) as session:
            row = _existing(session, name)
            session.delete(row)
            return _contract(row)

    def get(self, name: str) -> RegisteredRepository:
        """The repository of this name. Raises InputError when there is none."""
        with reading(self._engine) as session:
            return _contract(_existing(session, name))

    def all(self) -> tuple[RegisteredRepository, ...]:
        """Every repository, by name."""
        with reading(self._engine) as session:
            return tuple(map(_contract, session.exec(select(RepositoryRow).order_by(col(RepositoryRow.name)))))


def _row(session: Session, name: str) -> RepositoryRow | None:
    return session.exec(select(RepositoryRow).where(RepositoryRow.name == name)).one_or_none()


def _existing(session: Session, name: str) -> RepositoryRow:
    if row := _row(session, name):
        return row
    raise InputError(f"There is no repository {name!r}. `grace repos list` shows them.")


def _contract(row: RepositoryRow) -> RegisteredRepository:
    return RegisteredRepository.model_validate(row.model_dump(exclude={"id", "added_at"}))
