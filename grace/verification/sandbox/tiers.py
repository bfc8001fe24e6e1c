"""Which tiers of isolation work here, found out by trying them."""

from dataclasses import dataclass
from functools import cache

from grace.contracts import Isolation
from grace.errors import EnvironmentLacking
from grace.git.workspaces import workspace
from grace.ports import CommandRunner, Confinement, Limits
from grace.verification.sandbox.runner import LaunchRunner

_ADVICE = {
    Isolation.BUBBLEWRAP: "Install bubblewrap (the package `bubblewrap`) and allow user namespaces.",
    Isolation.NAMESPACES: "Allow user namespaces: sysctl user.max_user_namespaces > 0 and, where they exist, "
    "kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0; in a container "
    "allow unshare and mount.",
    Isolation.LANDLOCK: "Use Linux 5.13 or later with `landlock` in the kernel's lsm= list.",
    Isolation.NONE: "",
}
_PROMISES = {
    Isolation.BUBBLEWRAP: "Own files, processes, network and IPC by bubblewrap; system calls filtered.",
    Isolation.NAMESPACES: "Own files, processes, network and IPC, with Landlock; system calls filtered.",
    Isolation.LANDLOCK: "Cannot open files outside, make sockets or (Linux 6.12 on) signal other processes; "
    "can see that files and processes exist and change modes and times of the caller's own files.",
    Isolation.NONE: "Limits and cleaning up only: the code can do whatever you can.",
}


@dataclass(frozen=True)
class Tier:
    """One way of keeping code apart, and whether it works here."""

    isolation: Isolation
    available: bool
    reason: str
    """What it keeps apart when available, else why it is not."""
    advice: str
    """What to do about it; empty when there is nothing to do."""


def best_runner() -> CommandRunner:
    """The strongest tier that works on this machine; found out once per process."""
    return runner_for(next(tier.isolation for tier in map(_probe, Isolation) if tier.available))


def runner_for(isolation: Isolation) -> CommandRunner:
    """The runner of one tier, whether or not it works here."""
    return LaunchRunner(isolation)


def tiers() -> tuple[Tier, ...]:
    """Every tier, strongest first, tried out."""
    return tuple(_probe(isolation) for isolation in Isolation)


@cache
def _probe(isolation: Isolation) -> Tier:
    with workspace() as folder:
        confinement = Confinement(workspace=folder)
        try:
            result = runner_for(isolation).run(
                ["/bin/sh", "-c", "echo works > proof"], confinement, Limits(wall_seconds=10)
            )
            works = result.exit_code == 0 and (folder / "proof").is_file()
            reason = (
                _PROMISES[isolation] if works else f"a trial run ended with {result.exit_code}: {result.output.strip()}"
            )
        except EnvironmentLacking as error:
            works, reason = False, str(error)
    return Tier(isolation, works, reason, "" if works else _ADVICE[isolation])
