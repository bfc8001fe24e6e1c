"""What the rooms need from outside, as protocols. Adapters implement them; tests use the shipped twins.

Prefect-free and effect-free: importing this module does nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from grace.contracts import FileEdit, Intent, Isolation, Outcome, Plan, Request, RunStep, RunSummary


@dataclass(frozen=True)
class Limits:
    """What a confined command may use."""

    wall_seconds: float = 120.0
    cpu_seconds: int = 120
    """CPU seconds of any one process."""
    memory_bytes: int = 4 * 2**30
    """Address space of any one process."""
    processes: int = 256
    file_bytes: int = 256 * 2**20
    """Size of any one file written."""
    output_bytes: int = 2**20
    """Output kept; the rest is dropped and counted."""


@dataclass(frozen=True)
class Confinement:
    """What a confined command may see and touch. Everything else does not exist for it."""

    workspace: Path
    """Working directory, readable and writable."""
    readable: tuple[Path, ...] = ()
    """Read-only folders and files, such as the interpreter's."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the sandbox's own minimal environment."""


@dataclass(frozen=True)
class CommandResult:
    """How a confined command ended."""

    exit_code: int
    """Negative: killed by that signal."""
    output: str
    """stdout and stderr in the order written, free of terminal escapes, capped."""
    seconds: float
    timed_out: bool = False
    dropped_bytes: int = 0


class RunningCommand(Protocol):
    """A confined process that is talked to over its standard input and output."""

    stdin: BinaryIO
    stdout: BinaryIO

    def stop(self) -> str:
        """Kill the whole process group; give what it wrote to stderr (capped)."""
        ...


class CommandRunner(Protocol):
    """Runs other people's code, kept apart."""

    @property
    def isolation(self) -> Isolation:
        """The tier in force."""
        ...

    def run(self, argv: Sequence[str], confinement: Confinement, limits: Limits) -> CommandResult:
        """Run to the end or to a limit; the whole process group is gone when this returns."""
        ...

    def start(
        self, argv: Sequence[str], confinement: Confinement, limits: Limits
    ) -> AbstractContextManager[RunningCommand]:
        """Start a long-lived process; leaving the context kills its whole process group."""
        ...


class VersionControl(Protocol):
    """The repository a run works for. Nothing here touches its checkout except `apply`."""

    root: Path

    def resolve(self, revision: str) -> str:
        """Full commit id. Raises InputError when there is none."""
        ...

    def find(self, revision: str) -> str | None:
        """Full commit id, None when there is none."""
        ...

    def parent(self, branch: str, mark: str) -> str | None:
        """What the last commit of a branch is made on, None unless a line of its message is `mark`."""
        ...

    def merge(self, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """Both changes to a file's content, None when they touch the same lines."""
        ...

    def uncommitted(self) -> tuple[str, ...]:
        """Paths that differ from HEAD, untracked ones included."""
        ...

    def snapshot(self) -> str:
        """A commit of HEAD plus everything uncommitted, referenced by nothing."""
        ...

    def files(self, revision: str) -> tuple[str, ...]:
        """Tracked paths of a revision."""
        ...

    def blobs(self, revision: str) -> Mapping[str, str]:
        """Path -> what identifies the content, of the files of a revision: equal ids, equal bytes."""
        ...

    def read(self, revision: str, path: str) -> bytes | None:
        """Content of a file at a revision, None when it is not there."""
        ...

    def read_many(self, revision: str, paths: Sequence[str]) -> dict[str, bytes]:
        """Contents of files at a revision; those that are not there are left out."""
        ...

    def checkout(self, revision: str, *, patch: str = "") -> AbstractContextManager[Path]:
        """A throwaway clone at a revision, with only the patch applied; removed on leaving."""
        ...

    def patch(self, base: str, edits: Sequence[FileEdit]) -> str:
        """The edits as text `git apply` reads, whatever the encoding of the files."""
        ...

    def commit(self, base: str, edits: Sequence[FileEdit], message: str, author: str, when: datetime) -> str:
        """Write a commit on top of base, on no branch. Same arguments, same commit id."""
        ...

    def create_branch(self, name: str, commit: str) -> bool:
        """Point a new branch at commit. False when it already does; IntegrityError when it points elsewhere."""
        ...

    def apply(self, patch: str) -> None:
        """Apply to the user's checkout, which must be clean. All or nothing."""
        ...


class Ledger(Protocol):
    """The durable record of runs. Every method may be called again with the same arguments."""

    def start(self, request: Request) -> None:
        """Record a run once; recording it again changes nothing. IntegrityError: same id, other request.

        Secrets in its text are masked. Its test command is kept as given: running the run again needs it.
        """
        ...

    def carry(self, run_id: str, flow_run_id: str | None = None, carried_by: str = "") -> int:
        """Take a run on, whether it begins or goes on; what it has finished stays.

        `carried_by` names a process that nobody would miss if it died (`abandoned`).
        Gives a fencing token: whoever carried the run before can record nothing more, and methods that are given
        their older token raise Superseded.
        """
        ...

    def guard(self, run_id: str, carrier: int) -> None:
        """Raise Superseded when another process has taken the run on since this token was given."""
        ...

    def understood(self, run_id: str, *, intent: Intent | None = None, plan: Plan | None = None) -> None:
        """Record what the request means and how it will be carried out."""
        ...

    def begin_step(self, run_id: str, stage: str, progress_percent: int, carrier: int | None = None) -> int:
        """Say which stage a run is in. Gives the number of this attempt, from 1."""
        ...

    def end_step(
        self,
        run_id: str,
        stage: str,
        attempt: int,
        status: Literal["finished", "failed"],
        summary: str,
        carrier: int | None = None,
    ) -> None:
        """Say how an attempt at a stage ended."""
        ...

    def finish(self, run_id: str, outcome: Outcome, carrier: int | None = None) -> None:
        """Record the outcome."""
        ...

    def fail(self, run_id: str, error: str) -> None:
        """Record that a run ended in an error."""
        ...

    def cancel(self, run_id: str) -> None:
        """Record that the user stopped a run."""
        ...

    def abandoned(self, is_gone: Callable[[str], bool]) -> tuple[str, ...]:
        """Record that running runs have failed whose process is gone. Gives their ids."""
        ...

    def find(self, prefix: str) -> str:
        """The run id that starts with prefix. Raises InputError when none or several do."""
        ...

    def knows(self, run_id: str) -> bool:
        """Whether there is a run of exactly this id."""
        ...

    def find_by_flow_run(self, flow_run_id: str) -> str | None:
        """The run that a flow run of Prefect carried last."""
        ...

    def flow_run(self, run_id: str) -> str | None:
        """The flow run of Prefect that carried a run last."""
        ...

    def request(self, run_id: str) -> Request:
        """The request of a run. Raises InputError when there is none."""
        ...

    def outcome(self, run_id: str) -> Outcome | None:
        """The outcome of a run, None while there is none."""
        ...

    def summary(self, run_id: str) -> RunSummary:
        """One run as `grace runs` shows it. Raises InputError when there is none."""
        ...

    def errors(self, run_id: str) -> tuple[str, ...]:
        """What went wrong in a run, oldest first."""
        ...

    def steps(self, run_id: str) -> tuple[RunStep, ...]:
        """The attempts at the stages of a run, in the order they began."""
        ...

    def recent(self, limit: int) -> Iterator[RunSummary]:
        """Runs, newest first."""
        ...


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """The current instant, with its zone."""
        ...
