"""Which files declare dependencies, by their names, and what each is for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath

from grace.hunter.dependencies.declarations import Declarations
from grace.hunter.dependencies.readers import (
    pdm_lock,
    pipfile,
    pipfile_lock,
    poetry_lock,
    pylock,
    pyproject,
    requirements,
    setup_cfg,
    setup_py,
    uv_lock,
)


class Role(Enum):
    """What a file's versions mean."""

    LOCK = "lock"
    """Exactly what is installed."""
    REQUIREMENTS = "requirements"
    """What is installed: exact versions are expected, ranges are a gap."""
    CONSTRAINTS = "constraints"
    """Versions for what others require."""
    PROJECT = "project"
    """What a project works with: ranges are right here, and a lock file beside it says what is installed."""


@dataclass(frozen=True)
class Format:
    """A kind of dependency file."""

    role: Role
    read: Callable[[bytes], Declarations]
    """Raises `source_text.Unreadable`."""


_BY_NAME = {
    "pyproject.toml": Format(Role.PROJECT, pyproject.read),
    "Pipfile": Format(Role.PROJECT, pipfile.read),
    "setup.cfg": Format(Role.PROJECT, setup_cfg.read),
    "setup.py": Format(Role.PROJECT, setup_py.read),
    "uv.lock": Format(Role.LOCK, uv_lock.read),
    "poetry.lock": Format(Role.LOCK, poetry_lock.read),
    "pdm.lock": Format(Role.LOCK, pdm_lock.read),
    "Pipfile.lock": Format(Role.LOCK, pipfile_lock.read),
    "pylock.toml": Format(Role.LOCK, pylock.read),
}
REQUIREMENTS = Format(Role.REQUIREMENTS, requirements.read)
"""Of files that a requirements file includes, whatever their names."""
CONSTRAINTS = Format(Role.CONSTRAINTS, requirements.read)
_PATTERNS = (
    (re.compile(r"pylock\.[^.]+\.toml"), _BY_NAME["pylock.toml"]),
    (re.compile(r"(.*[-_.])?constraints?([-_.].*)?\.txt", re.IGNORECASE), CONSTRAINTS),
    (re.compile(r"(.*[-_.])?(requirements?|requires|reqs)([-_.].*)?\.txt", re.IGNORECASE), REQUIREMENTS),
    (
        re.compile(r"(.*[-_.])?(requirements?|reqs)([-_.].*)?\.in", re.IGNORECASE),
        Format(Role.PROJECT, requirements.read),
    ),
)
_IN_FOLDER = ((".txt", REQUIREMENTS), (".in", Format(Role.PROJECT, requirements.read)))
"""What files in a folder named `requirements` are, by how their names end."""


def format_of(path: str) -> Format | None:
    """The format of a file by its name; None: it declares no dependencies."""
    place = PurePosixPath(path)
    if known := _BY_NAME.get(place.name):
        return known
    for pattern, format_ in _PATTERNS:
        if pattern.fullmatch(place.name):
            return format_
    if place.parent.name.lower() in ("requirements", "reqs"):
        return next((format_ for ending, format_ in _IN_FOLDER if place.name.endswith(ending)), None)
    return None


def is_dependency_file(path: str) -> bool:
    """Whether a file declares dependencies, by its name."""
    return format_of(path) is not None
