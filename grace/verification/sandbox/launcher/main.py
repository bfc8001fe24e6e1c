"""Confine, run, watch, report: the launcher's own story.

    GRACE ─ socket ─ launcher ─┬─ (namespaces) first process ─ command
                               └─ (other tiers) command

The process that watches reads the socket: when GRACE closes it, or dies, everything is killed. It also
keeps the wall-clock limit, counts processes, and keeps the disk from filling up. What it sends back is a
line: `exited N`, `signaled N`, `limit WHAT`, `stopped`, or `error TEXT`.
"""

import marshal
import os
import resource
import select
import sys
import time
from typing import NoReturn, TypedDict

from . import bubblewrap, kernel, landlock, namespaces, processes, seccomp

_TICK_SECONDS = 0.02
_DISK_RESERVE = 2**30
_SIGKILL = 9
_COMMAND_NOT_FOUND = 127


class Specification(TypedDict):
    """What GRACE asks for. Paths are absolute, sizes bytes, times seconds."""

    isolation: str
    argv: list[str]
    workspace: str
    readable: list[str]
    environment: dict[str, str]
    scratch: str
    scratch_bytes: int
    wall_seconds: float
    cpu_seconds: int
    memory_bytes: int
    processes: int
    file_bytes: int
    bubblewrap: str


def launch(channel: int) -> NoReturn:
    """Serve the one specification that comes over the socket `channel`, then exit."""
    os.set_inheritable(channel, False)
    specification: Specification = marshal.loads(_receive(channel))  # noqa: S302  # from our own parent
    try:
        if specification["isolation"] == "namespaces":
            _launch_in_namespaces(specification, channel)
        else:
            _keep_out()
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
            status_file = os.memfd_create("status")
            child = _start(specification, channel, status_file)
            verdict = _supervise(child, specification, channel, own_processes=False)
            if specification["isolation"] == "bubblewrap" and verdict.startswith("exited"):
                verdict = bubblewrap.verdict(status_file)
            _report(channel, verdict)
    except OSError as error:
        _report(channel, f"error {error}")
    os._exit(0)


def _launch_in_namespaces(specification: Specification, channel: int) -> None:
    if os.getuid() == 0:
        os.setgroups([])
    namespaces.unshare()
    _keep_out()  # not earlier: the caller's ids could not be mapped
    first = os.fork()
    if first:
        # the kernel kills all processes of the namespace when its first one ends, before this returns
        os.waitpid(first, 0)
        return
    try:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, _SIGKILL)
        namespaces.build_root(specification["workspace"], specification["readable"], specification["scratch_bytes"])
        child = _start(specification, channel)
        _report(channel, _supervise(child, specification, channel, own_processes=True))
    except OSError as error:
        _report(channel, f"error {error}")
    os._exit(0)


def _keep_out() -> None:
    """Let no process of the same user look into this one and the watching ones it forks (until they exec)."""
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)


def _start(specification: Specification, channel: int, status_file: int = -1) -> int:
    """Fork the command; give its process id. bubblewrap writes how it went to `status_file`."""
    child = os.fork()
    if child:
        for descriptor in (0, 1, 2):  # ours would keep the pipes open after the command has closed them
            os.close(descriptor)
        return child
    try:
        _become(specification, status_file)
    except OSError as error:
        _report(channel, f"error {error}")
    os._exit(_COMMAND_NOT_FOUND)


def _become(specification: Specification, status_file: int) -> None:
    isolation = specification["isolation"]
    kernel.prctl(kernel.PR_SET_PDEATHSIG, _SIGKILL)
    os.setsid()
    kernel.close_on_exec_from(3)
    os.chdir(specification["workspace"])
    _limit(specification)
    argv = specification["argv"]
    if isolation == "bubblewrap":
        argv = bubblewrap.command(
            specification["bubblewrap"],
            argv,
            workspace=specification["workspace"],
            readable=specification["readable"],
            environment=specification["environment"],
            scratch_bytes=specification["scratch_bytes"],
            filter_program=seccomp.program(own_network=True, own_processes=True),
            status_file=status_file,
        )
    else:
        kernel.drop_capabilities()
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if isolation == "namespaces":
        if landlock.version():
            writable = [specification["workspace"], "/tmp", namespaces.HOME, "/dev"]  # noqa: S108  # inside
            landlock.restrict(["/"], writable, own_network=True)
        seccomp.install(seccomp.program(own_network=True, own_processes=True))
    elif isolation == "landlock":
        readable = [*namespaces.SYSTEM, *namespaces.SYSTEM_FILES, *specification["readable"], "/proc"]
        readable += namespaces.account_files()
        writable = [specification["workspace"], specification["scratch"]]
        writable += [f"/dev/{name}" for name in namespaces.DEVICES]
        landlock.restrict(readable, writable, own_network=False)
        seccomp.install(seccomp.program(own_network=False, own_processes=False))
    try:
        os.execvpe(argv[0], argv, specification["environment"])  # noqa: S606  # never a shell
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
        os._exit(_COMMAND_NOT_FOUND)


def _limit(specification: Specification) -> None:
    cpu = specification["cpu_seconds"]
    limits = [
        (resource.RLIMIT_CPU, cpu, cpu + 1),  # SIGXCPU first, SIGKILL a second later
        (resource.RLIMIT_AS, specification["memory_bytes"], specification["memory_bytes"]),
        (resource.RLIMIT_FSIZE, specification["file_bytes"], specification["file_bytes"]),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 4096, 4096),
    ]
    if specification["isolation"] == "namespaces":
        # counted in this user namespace alone; for a caller who is root the watch below does it
        limits.append((resource.RLIMIT_NPROC, specification["processes"], specification["processes"]))
    for kind, soft, hard in limits:
        _, allowed = resource.getrlimit(kind)
        if allowed != resource.RLIM_INFINITY:
            soft, hard = min(soft, allowed), min(hard, allowed)
        resource.setrlimit(kind, (soft, hard))
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # when memory runs out, this goes first
    except OSError:
        return  # the new /proc is read-only: the first process has set it


def _supervise(child: int, specification: Specification, channel: int, *, own_processes: bool) -> str:
    """Watch until the command ends or must end; leave no process behind; say how it ended."""
    deadline = time.monotonic() + specification["wall_seconds"]
    reserve = min(_DISK_RESERVE, _free_bytes(specification["workspace"]) // 2)
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    poll.register(os.pidfd_open(child), select.POLLIN)
    verdict = ""
    while not verdict:
        ready = [descriptor for descriptor, _ in poll.poll(_TICK_SECONDS * 1000)]
        status = processes.reap(child)
        if status is not None:
            ended = os.waitstatus_to_exitcode(status)
            verdict = f"exited {ended}" if ended >= 0 else f"signaled {-ended}"
        elif channel in ready:
            verdict = "stopped"
        elif time.monotonic() > deadline:
            verdict = "limit time"
        elif processes.count(own_namespace=own_processes) > specification["processes"]:
            verdict = "limit processes"
        elif _free_bytes(specification["workspace"]) < reserve:
            verdict = "limit disk"
    if not own_processes:
        processes.kill_descendants(child)
    return verdict


def _free_bytes(path: str) -> int:
    state = os.statvfs(path)
    return state.f_bavail * state.f_frsize


def _receive(channel: int) -> bytes:
    size = int.from_bytes(os.read(channel, 4), "little")
    content = b""
    while len(content) < size:
        piece = os.read(channel, size - len(content))
        if not piece:
            sys.exit("the specification ended early")
        content += piece
    return content


def _report(channel: int, text: str) -> None:
    try:
        os.write(channel, text.encode() + b"\n")
    except BrokenPipeError:
        return  # GRACE is gone; nobody is left to tell
