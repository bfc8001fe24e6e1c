"""Making the local advisory database new: from the export that OSV publishes, or from what the user has."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from grace.errors import EnvironmentLacking, InputError
from grace.hunter.dependencies.advisory import Advisory
from grace.hunter.dependencies.database import FILE_NAME, About, replace_database
from grace.hunter.dependencies.export import Tally, documents

OSV_EXPORT = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
"""Every advisory about Python packages that OSV knows (https://google.github.io/osv.dev/data/)."""
_LARGEST_DOWNLOAD = 2 * 2**30
_SILENCE_SECONDS = 15.0
_WHOLE_SECONDS = 900.0
_KEPT = "The advisories you have are kept. Try again, or give a copy with `grace advisories update --from DIR`."


@dataclass(frozen=True)
class Update:
    """What an update did."""

    about: About
    path: Path
    other_ecosystems: int
    unreadable: tuple[str, ...]
    """The first advisories that could not be read, with the reason."""
    seconds: float


def update_from(source: Path, home: Path, *, name: str = "") -> Update:
    """Replace the database below `home` by the advisories of a folder or a zip; `name` is what the source is called.

    Raises InputError when the source is not there, is refused, or has no advisory about Python packages, and
    EnvironmentLacking when the disk refuses: the old database stays.
    """
    started = time.monotonic()
    tally = Tally(latest=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    path = home / FILE_NAME

    def about() -> About:
        return About(
            name or str(source.absolute()),
            _date(tally.newest),
            datetime.now(UTC),
            withdrawn=tally.withdrawn,
            unreadable=tally.unreadable,
        )

    written = replace_database(path, _advisories(source, tally), about)
    return Update(written, path, tally.other_ecosystems, tuple(tally.examples), time.monotonic() - started)


def download(url: str, home: Path, *, silence: float = _SILENCE_SECONDS) -> Update:
    """Replace the database below `home` by an export that is fetched from a URL.

    Raises EnvironmentLacking when it cannot be fetched whole, else as `update_from`: the old database stays.
    """
    place = urlsplit(url)
    if place.scheme != "https" and not (place.scheme == "http" and place.hostname in ("127.0.0.1", "localhost", "::1")):
        raise InputError(f"{url} is not fetched: advisories come by https, so that nobody changes them on the way.")
    with tempfile.TemporaryDirectory(prefix="grace-advisories-") as folder:
        fetched = Path(folder, "export.zip")
        _fetch(url, fetched, silence)
        shown = place._replace(netloc=place.netloc.rpartition("@")[2]).geturl()
        return update_from(fetched, home, name=shown)


def _fetch(url: str, target: Path, silence: float) -> None:
    import httpx

    deadline = time.monotonic() + _WHOLE_SECONDS
    size = 0
    try:
        with (
            httpx.stream("GET", url, timeout=silence, follow_redirects=True) as response,
            target.open("wb") as file,
        ):
            response.raise_for_status()
            for part in response.iter_bytes(2**20):
                size += len(part)
                if size > _LARGEST_DOWNLOAD:
                    raise EnvironmentLacking(f"{url} is larger than 2 GiB: that is no such export. {_KEPT}")
                if time.monotonic() > deadline:
                    raise EnvironmentLacking(f"{url} took more than {_WHOLE_SECONDS / 60:.0f} minutes. {_KEPT}")
                file.write(part)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise EnvironmentLacking(f"{url} cannot be fetched ({_reason(error)}). {_KEPT}") from error
    except OSError as error:
        raise EnvironmentLacking(f"{target} cannot be written ({error.strerror}). {_KEPT}") from error


def _reason(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return f"it answers {error.response.status_code}"
    if isinstance(error, httpx.TimeoutException):
        return "nothing came in time"
    return str(error) or type(error).__name__


def _advisories(source: Path, tally: Tally) -> Iterator[tuple[str, Advisory]]:
    for document in documents(source, tally):
        yield from document.packages.items()


def _date(newest: str) -> datetime | None:
    """When the data is from; None when no advisory says it in a way that is understood."""
    try:
        date = datetime.fromisoformat(newest)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
