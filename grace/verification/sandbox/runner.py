"""Run a command through the launcher: start it, keep its output within bounds, and end it for certain."""

import marshal
import selectors
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from grace.contracts import Isolation
from grace.errors import EnvironmentLacking, InputError
from grace.git.workspaces import workspace
from grace.ports import CommandResult, Confinement, Limits, RunningCommand
from grace.verification.sandbox.launcher.main import Specification
from grace.verification.sandbox.launcher.namespaces import HOME
from grace.verification.sandbox.output import Capture
from grace.verification.sandbox.terminal import plain_text

SCRATCH_BYTES = 512 * 2**20
"""Size of each of /tmp, /dev/shm and the home folder, where the tier can bound them."""

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_GRACE_SECONDS = 10.0
_COMMAND_NOT_FOUND = 127
_BOOTSTRAP = "import sys; sys.path.append(sys.argv[1]); from launcher.main import launch; launch(int(sys.argv[2]))"


@dataclass(frozen=True)
class LaunchRunner:
    """A `CommandRunner` of one isolation tier."""

    isolation: Isolation

    def run(self, argv: Sequence[str], confinement: Confinement, limits: Limits) -> CommandResult:
        """Run to the end or to a limit; no process of it is left when this returns.

        Raises EnvironmentLacking when the sandbox cannot be set up, InputError when the workspace is not
        a folder.
        """
        started = time.monotonic()
        with _launched(self.isolation, argv, confinement, limits, talking=False) as launched:
            capture = Capture(limits.output_bytes)
            stdout = cast("BinaryIO", launched.process.stdout)
            finished = _drain(stdout, capture, started + limits.wall_seconds + _GRACE_SECONDS)
            try:
                ending = launched.ending(_GRACE_SECONDS if finished else 0)
            except EnvironmentLacking as error:
                said = plain_text(capture.content()).strip()
                if said.startswith("bwrap: execvp "):  # its way of saying that there is no such command
                    return CommandResult(_COMMAND_NOT_FOUND, said + "\n", time.monotonic() - started)
                raise EnvironmentLacking(f"{error}{said and f' ({said})'}") from error
        output = plain_text(capture.content())
        kind, _, detail = ending.partition(" ")
        if kind == "limit":
            output += f"\n[ended by the sandbox: {_limit_text(detail, limits)}]\n"
        return CommandResult(
            exit_code=_exit_code(kind, detail),
            output=output,
            seconds=time.monotonic() - started,
            timed_out=ending == "limit time",
            dropped_bytes=capture.dropped,
        )

    @contextmanager
    def _start(self, argv: Sequence[str], confinement: Confinement, limits: Limits) -> Iterator[RunningCommand]:
        with _launched(self.isolation, argv, confinement, limits, talking=True) as launched:
            talk = Talk(launched, limits.output_bytes)
            try:
                yield talk
            finally:
                talk.stop()

    def start(
        self, argv: Sequence[str], confinement: Confinement, limits: Limits
    ) -> AbstractContextManager[RunningCommand]:
        """Start a process to talk to; leaving the context ends it and all it started.

        A sandbox that cannot be set up shows as end of file on `stdout`, and the reason in what `stop`
        gives. Raises InputError when the workspace is not a folder.
        """
        return self._start(argv, confinement, limits)


class Launched:
    """The launcher process and the socket that holds it alive."""

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket) -> None:
        self.process = process
        self._channel = channel

    def ending(self, patience: float) -> str:
        """Wait for the report up to `patience` seconds, then stop everything. Raises EnvironmentLacking."""
        self._channel.settimeout(max(patience, 0.001))
        try:
            report = self._read()
        except TimeoutError:
            report = ""
        self.stop()
        if report.startswith("error "):
            raise EnvironmentLacking(
                f"The sandbox could not be set up: {report[6:]}. `grace doctor` says which tiers work here."
            )
        return report or "signaled 9"

    def stop(self) -> str:
        """End the launcher and everything below it; give its report if it was not read before."""
        report = ""
        if self.process.returncode is None:
            self._channel.shutdown(socket.SHUT_WR)
            self._channel.settimeout(_GRACE_SECONDS)
            try:
                report = self._read()
                self.process.wait(_GRACE_SECONDS)
            except (TimeoutError, subprocess.TimeoutExpired):
                self.process.kill()  # the first process of a namespace dies with it, and all below
                self.process.wait()
        return report

    def _read(self) -> str:
        content = b""
        while piece := self._channel.recv(65536):
            content += piece
        return content.decode("utf-8", "replace").strip().partition("\n")[0]


class Talk:
    """A `RunningCommand`."""

    def __init__(self, launched: Launched, output_bytes: int) -> None:
        self._launched = launched
        self._capture = Capture(output_bytes)
        self.stdin = cast("BinaryIO", launched.process.stdin)
        self.stdout = cast("BinaryIO", launched.process.stdout)
        stderr = cast("BinaryIO", launched.process.stderr)
        self._reader = threading.Thread(target=_drain, args=(stderr, self._capture, None), daemon=True)
        self._reader.start()
        self._report = ""

    def stop(self) -> str:
        """End everything; give what was written to stderr (capped), and the reason of a forced end."""
        self._report = self._launched.stop() or self._report
        self._reader.join(_GRACE_SECONDS)
        text = plain_text(self._capture.content())
        if self._report.startswith(("error ", "limit ")):
            text += f"\n[the sandbox: {self._report}]\n"
        return text


@contextmanager
def _launched(
    isolation: Isolation, argv: Sequence[str], confinement: Confinement, limits: Limits, *, talking: bool
) -> Iterator[Launched]:
    folder = confinement.workspace.absolute()
    if not folder.is_dir():
        raise InputError(f"The workspace {folder} is not a folder; name one that is.")
    with _scratch(isolation) as scratch:
        specification = _specification(isolation, argv, confinement, folder, limits, scratch)
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                process = subprocess.Popen(
                    [
                        sys.executable,
                        "-I",
                        "-S",
                        "-c",
                        _BOOTSTRAP,
                        str(Path(__file__).parent),
                        str(theirs.fileno()),
                    ],
                    stdin=subprocess.PIPE if talking else subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE if talking else subprocess.STDOUT,
                    cwd="/",
                    env={},
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            launched = Launched(process, ours)
            try:
                message = marshal.dumps(dict(specification))
                ours.sendall(len(message).to_bytes(4, "little") + message)
                yield launched
            finally:
                launched.stop()
                for stream in (process.stdin, process.stdout, process.stderr):
                    if stream is not None:
                        _close(stream)


@contextmanager
def _scratch(isolation: Isolation) -> Iterator[Path | None]:
    """A folder for HOME and TMPDIR, None where the sandbox makes them in its own memory."""
    if isolation in (Isolation.BUBBLEWRAP, Isolation.NAMESPACES):
        yield None
    else:
        with workspace() as folder:
            yield folder


def _close(stream: object) -> None:
    try:
        cast("BinaryIO", stream).close()
    except BrokenPipeError:
        return  # unsent input of a process that has ended


def _specification(
    isolation: Isolation,
    argv: Sequence[str],
    confinement: Confinement,
    workspace: Path,
    limits: Limits,
    scratch: Path | None,
) -> Specification:
    home, temporary = HOME, "/tmp"  # noqa: S108  # inside, where it is new and empty
    if scratch is not None:
        home, temporary = str(scratch / "home"), str(scratch / "tmp")
        Path(home).mkdir()
        Path(temporary).mkdir()
    return {
        "isolation": str(isolation),
        "argv": [str(word) for word in argv],
        "workspace": str(workspace),
        "readable": [str(path.absolute()) for path in confinement.readable],
        "environment": {
            "PATH": _PATH,
            "LANG": "C.UTF-8",
            "HOME": home,
            "TMPDIR": temporary,
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            **confinement.environment,
        },
        "scratch": str(scratch or ""),
        "scratch_bytes": SCRATCH_BYTES,
        "wall_seconds": limits.wall_seconds,
        "cpu_seconds": limits.cpu_seconds,
        "memory_bytes": limits.memory_bytes,
        "processes": limits.processes,
        "file_bytes": limits.file_bytes,
        "bubblewrap": shutil.which("bwrap", path=_PATH) or "",
    }


def _drain(stream: BinaryIO, capture: Capture, deadline: float | None) -> bool:
    """Read to the end of the stream. False when the deadline (monotonic clock) came first."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while deadline is None or time.monotonic() < deadline:
            if selector.select(None if deadline is None else max(0.0, deadline - time.monotonic())):
                piece = stream.read1(65536)  # type: ignore[attr-defined]  # Popen's pipes are buffered readers
                if not piece:
                    return True
                capture.add(piece)
    return False


def _exit_code(kind: str, detail: str) -> int:
    if kind == "exited":
        return int(detail)
    return -int(detail) if kind == "signaled" else -9


def _limit_text(what: str, limits: Limits) -> str:
    return {
        "time": f"it ran longer than {limits.wall_seconds:g} s",
        "processes": f"it started more than {limits.processes} processes",
        "disk": "it was filling up the disk",
    }[what]
