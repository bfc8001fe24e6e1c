"""How a repository comes under GRACE's care: found on this machine, or cloned to it."""

import re
from pathlib import Path

from grace.contracts import RegisteredRepository
from grace.errors import InputError
from grace.git.place import locate
from grace.git.remotes import clone, is_url, normalised, origin, refuse_unspoken, without_credentials
from grace.settings import Settings
from grace.store.repositories import SqlRepositories

_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def register(
    source: str, settings: Settings, *, name: str = "", remote: str = "", every: str = ""
) -> RegisteredRepository:
    """Register a folder as it is, or clone a URL first; the same again changes nothing but what is given anew.

    `remote` is the URL that webhooks name, where it is not the one cloned from; `every` such as "30m", "1h", "1d".
    Raises InputError when the repository cannot be read or another one has its name or its remote, TransientError when
    its server cannot be reached now.
    """
    repositories = SqlRepositories.open(settings.database)
    every_seconds = seconds(every) if every else None
    name = _name(name or source.rstrip("/").replace(":", "/").rpartition("/")[2].removesuffix(".git"))
    if is_url(source):
        refuse_unspoken(source)
        folder, known_as = settings.repositories / f"{name}.git", remote or source
    else:
        folder = locate(Path(source).expanduser()).root
        known_as = remote or origin(folder)
        name = next((each.name for each in repositories.all() if each.location == str(folder)), name)
    registered = RegisteredRepository(
        name=name, location=str(folder), remote=without_credentials(known_as), every_seconds=every_seconds
    )
    normalised(known_as)
    _refuse_a_second(registered, repositories.all())
    if is_url(source):
        _clone_once(source, folder)
    repositories.register(registered)
    return registered


def seconds(every: str) -> int:
    """The seconds of "30m", "1h" or "1d". Raises InputError for anything else."""
    found = re.fullmatch(r"([1-9][0-9]{0,3})([mhd])", every)
    if not found:
        raise InputError(f"{every!r} is no interval: write minutes, hours or days, as in 30m, 1h or 1d.")
    return int(found[1]) * _SECONDS[found[2]]


def registered_as(urls: tuple[str, ...], repositories: tuple[RegisteredRepository, ...]) -> RegisteredRepository | None:
    """The repository that one of these URLs means, None when none is."""
    wanted = {normalised(url) for url in urls}
    return next((each for each in repositories if each.remote and normalised(each.remote) in wanted), None)


def is_own_clone(repository: RegisteredRepository, settings: Settings) -> bool:
    """Whether GRACE made the folder, and may keep its branches as the remote has them."""
    return Path(repository.location).is_relative_to(settings.repositories.resolve())


def _name(given: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", given):
        return given
    raise InputError(f"{given!r} is no name: give one of letters, digits, '.', '_' and '-' with --name.")


def _refuse_a_second(new: RegisteredRepository, known: tuple[RegisteredRepository, ...]) -> None:
    for each in known:
        if each.name == new.name and each.location != new.location:
            raise InputError(f"The name {each.name} already stands for {each.location}: give another with --name.")
        if each.name != new.name and registered_as((new.remote,) if new.remote else (), (each,)):
            raise InputError(
                f"{new.remote} is registered already, as {each.name}: a push would not know which is meant. "
                f"`grace repos remove {each.name}` forgets it."
            )


def _clone_once(url: str, folder: Path) -> None:
    """Clone, unless it was done before; what was delivered to an earlier clone is kept."""
    if not folder.exists():
        return clone(url, folder)
    if normalised(origin(folder)) != normalised(url):
        raise InputError(f"{folder} is a clone of {origin(folder)}: give another name with --name, or remove it.")
    return None
