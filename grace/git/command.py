"""The git command, hardened: the only place that starts it.

An argument list, a fixed environment, no hooks, no prompts, no network, and no configuration but the
repository's own.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from grace.errors import EnvironmentLacking, GraceError, InputError, TransientError

IDENTITY = "GRACE <grace@localhost>"
_HARDENED = (
    *("-c", "safe.directory=*"),  # the user named this repository; what its configuration could run is off
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.untrackedCache=false"),
    *("-c", "protocol.allow=never"),  # also stops a partial clone from fetching
    *("-c", "i18n.commitEncoding=UTF-8"),  # another encoding would change commit ids
    *("-c", "gc.auto=0"),
)


def run_git(
    arguments: Sequence[str],
    *,
    cwd: Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    accept: Sequence[int] = (0,),
    timeout: float = 300.0,
) -> subprocess.CompletedProcess[bytes]:
    """Run git, hardened; time limit in seconds.

    Raises EnvironmentLacking (no git, disk full), TransientError (a lock, the time limit), InputError (no
    permission) and GraceError (anything else) unless the exit code is among those accepted.
    """
    git = _executable()
    try:
        done = subprocess.run(
            (git, "--no-pager", *_HARDENED, *arguments),
            cwd=cwd,
            input=stdin,
            env={
                "PATH": os.pathsep.join((str(Path(git).parent), os.defpath)),
                "LC_ALL": "C",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_OPTIONAL_LOCKS": "0",
                "GIT_LITERAL_PATHSPECS": "1",
                "GIT_NO_REPLACE_OBJECTS": "1",
                **identity(IDENTITY, "@0 +0000"),
                **(environment or {}),
            },
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TransientError(f"git {arguments[0]} in {cwd} took longer than {timeout:.0f} s.") from error
    except OSError as error:
        raise EnvironmentLacking(f"git cannot be started in {cwd}: {error}. Check the permissions.") from error
    if done.returncode not in accept:
        raise _failure(arguments, cwd, done.stderr.decode("utf-8", "replace").strip())
    return done


def identity(author: str, when: str) -> dict[str, str]:
    """The environment that makes `Name <address>` author and committer at a date git reads."""
    name, _, address = author.partition(" <")
    fields = {"NAME": name, "EMAIL": address.removesuffix(">"), "DATE": when}
    return {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in fields.items()}


def text(raw: bytes) -> str:
    """What git printed, fit for people and for contracts: bytes that are not UTF-8 become `\\xff`."""
    return raw.decode("utf-8", "backslashreplace")


@cache
def _executable() -> str:
    if found := shutil.which("git"):
        return found
    raise EnvironmentLacking("There is no git on this machine's PATH: install git (2.31 or later).")


def _failure(arguments: Sequence[str], cwd: Path, said: str) -> GraceError:
    command = next((a for a in arguments if not a.startswith("-") and "=" not in a), "")
    what = f"git {command} failed in {cwd}: {said}"
    if re.search(r"\.lock': File exists|index file open failed|Resource temporarily unavailable", said):
        return TransientError(f"{what}\nAnother git is at work there; if none is, remove the lock file it names.")
    if "No space left on device" in said or "Disk quota exceeded" in said:
        return EnvironmentLacking(f"No space left on the disk: free some and run again. ({what})")
    if re.search(r"ermission denied|insufficient permission|Read-only file system", said):
        return InputError(f"No permission to write: check who owns the repository. ({what})")
    return GraceError(what)
