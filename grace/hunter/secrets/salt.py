"""What secrets are hashed with: random, kept on this machine, so that a fingerprint cannot be looked up."""

import contextlib
import os
import secrets
from pathlib import Path

from grace.errors import EnvironmentLacking
from grace.places import home

_NAME = "secrets.salt"
_LENGTH = 32


def installation_salt() -> bytes:
    """The salt of this installation; made at its first use, for the owner's eyes only.

    Raises EnvironmentLacking when it can be neither read nor made.
    """
    file = home() / _NAME
    try:
        with contextlib.suppress(FileNotFoundError):
            return _complete(file)
        _make(file)
        return _complete(file)
    except OSError as error:
        reason = f"{file}, the salt that found secrets are hashed with, cannot be kept: {error.strerror or error}"
        raise EnvironmentLacking(f"{reason}. Make its folder writable, or set GRACE_HOME to one that is.") from error


def _complete(file: Path) -> bytes:
    salt = file.read_bytes()
    if len(salt) != _LENGTH:
        raise EnvironmentLacking(
            f"{file}, the salt that found secrets are hashed with, has {len(salt)} bytes instead of {_LENGTH}."
            " Delete it: a new one is made, and secrets found before count as new once."
        )
    return salt


def _make(file: Path) -> None:
    """Write aside, then name: whoever reads at the same time sees all of it, and of two writers one wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f"{_NAME}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(secrets.token_bytes(_LENGTH))
        with contextlib.suppress(FileExistsError):
            os.link(aside, file)
    finally:
        aside.unlink()
