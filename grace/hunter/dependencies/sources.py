"""Where knowledge of vulnerabilities comes from in a run: what the audit is given."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from grace.errors import EnvironmentLacking
from grace.hunter.dependencies.advisory import Advisory, read_document
from grace.hunter.dependencies.database import FILE_NAME, NO_DATABASE, About, AdvisoryDatabase

if TYPE_CHECKING:  # pip-audit takes its time to import
    from pip_audit._service.interface import VulnerabilityService

    from grace.hunter.dependencies.vulnerability_services import Chain


class Store(Protocol):
    """Advisories by the normalised name of a package."""

    @property
    def about(self) -> About:
        """What they are and how old."""

    def about_package(self, name: str) -> tuple[Advisory, ...]:
        """Every advisory about a package. Raises EnvironmentLacking when they cannot be read."""


class AdvisoriesInMemory:
    """A store of a few advisories, as examples and tests have them."""

    def __init__(self, documents: Iterable[Mapping[str, Any]], *, date: datetime | None = None) -> None:
        """Read OSV records. Raises `source_text.Unreadable` for one that is none."""
        self._by_package: dict[str, list[Advisory]] = {}
        read = [document for document in map(read_document, documents) if not document.withdrawn]
        for document in read:
            for package, advisory in document.packages.items():
                self._by_package.setdefault(package, []).append(advisory)
        now = datetime.now(UTC)
        self.about = About("memory", date or now, now, count=len(read), packages=len(self._by_package))

    def about_package(self, name: str) -> tuple[Advisory, ...]:
        """Every advisory about a package, by its normalised name."""
        return tuple(self._by_package.get(name, ()))


class Advisories:
    """The sources of a run: a live service where one is wanted, and the local database where there is one.

    One object serves a whole run, base and head: a live service is asked once for each version, and not again after
    its first failure.
    """

    def __init__(
        self,
        store: Store | None,
        *,
        live: Callable[[], "VulnerabilityService"] | None = None,
        missing: str = NO_DATABASE,
        live_seconds: float | None = None,
    ) -> None:
        self.store = store
        self.missing = missing
        """Why there is no local database."""
        self._live, self._live_seconds = live, live_seconds
        self._chain: Chain | None = None

    @classmethod
    def open(cls, home: Path, *, live: bool = False) -> "Advisories":
        """What this installation has: the database below `home`, and OSV when the user wants the network asked.

        A database that is missing or damaged is no error here: the audit says what could not be audited.
        """
        store, missing = None, ""
        try:
            store = AdvisoryDatabase(home / FILE_NAME)
        except EnvironmentLacking as error:
            missing = str(error)
        return cls(store, live=partial(_osv, home) if live else None, missing=missing)

    @property
    def answers(self) -> bool:
        """Whether there is any source to ask."""
        return self.store is not None or self._live is not None

    @property
    def local_was_asked(self) -> bool:
        """Whether answers came from the local database, not all of them from a live service."""
        return self._live is None or (self._chain is not None and "local" in self._chain.used)

    @property
    def description(self) -> str:
        """Which sources answered, how old they are, and which failed."""
        said = []
        if self._live is not None:
            failure = self._chain.failure if self._chain else ""
            said.append(f"OSV, live, failed: {failure}" if failure else "OSV, live")
        if self.store is not None:
            about = self.store.about
            date = f"{about.date:%Y-%m-%d}" if about.date else "an unknown date"
            said.append(f"{about.count:,} advisories of {date} from {about.source}")
        return "; ".join(said) or self.missing

    def service(self) -> "Chain":
        """What pip-audit's auditor asks."""
        if self._chain is None:
            from grace.hunter.dependencies.vulnerability_services import LIVE_SECONDS, Chain, LocalService

            local = LocalService(self.store) if self.store is not None else None
            self._chain = Chain(self._live, local, missing=self.missing, seconds=self._live_seconds or LIVE_SECONDS)
        return self._chain

    def local(self, package: str) -> tuple[Advisory, ...]:
        """What the local database has about a package; nothing when there is none or it is damaged."""
        try:
            return self.store.about_package(package) if self.store is not None else ()
        except EnvironmentLacking as error:
            self.store, self.missing = None, str(error)
            return ()


def _osv(home: Path) -> "VulnerabilityService":
    from grace.hunter.dependencies.vulnerability_services import OsvLiveService

    return OsvLiveService(home / "pip-audit")
