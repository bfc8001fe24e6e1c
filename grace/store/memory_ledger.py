"""The ledger in memory: the twin of `SqlLedger` for tests and for runs nobody needs to remember."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from grace.contracts import Intent, Outcome, Plan, Request, RunStatus, RunStep, RunSummary, Waiting
from grace.errors import InputError, IntegrityError
from grace.redaction import redact
from grace.store.rules import died, same_request, superseded, the_only


@dataclass
class _Run:
    request: Request
    started_at: datetime
    status: RunStatus = RunStatus.RUNNING
    current_step: str = ""
    progress_percent: int = 0
    completed_at: datetime | None = None
    outcome: Outcome | None = None
    intent: Intent | None = None
    plan: Plan | None = None
    errors: list[str] = field(default_factory=list)
    steps: list[RunStep] = field(default_factory=list)
    carrier: int = 0
    flow_run_id: str | None = None
    carried_by: str = ""


class MemoryLedger:
    """`ports.Ledger` that forgets when the process ends."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._runs: dict[str, _Run] = {}
        self._now = now

    def start(self, request: Request) -> None:
        """Record a run once."""
        kept = request.model_copy(update={"text": redact(request.text)})
        known = self._runs.setdefault(kept.id, _Run(kept, self._now()))
        if not same_request(known.request, kept):
            raise IntegrityError(f"Run {kept.id} is already recorded with another request. Use a new run id.")

    def carry(self, run_id: str, flow_run_id: str | None = None, carried_by: str = "") -> int:
        """Take a run on; the token that is given fences off whoever carried it before."""
        run = self._get(run_id)
        run.status, run.completed_at = RunStatus.RUNNING, None
        run.carrier, run.flow_run_id, run.carried_by = run.carrier + 1, flow_run_id, carried_by
        return run.carrier

    def guard(self, run_id: str, carrier: int) -> None:
        """Raise Superseded when the token is not the newest."""
        self._carried(run_id, carrier)

    def understood(self, run_id: str, *, intent: Intent | None = None, plan: Plan | None = None) -> None:
        """Record intent and plan; None leaves what is there."""
        run = self._get(run_id)
        run.intent, run.plan = intent or run.intent, plan or run.plan

    def begin_step(self, run_id: str, stage: str, progress_percent: int, carrier: int | None = None) -> int:
        """Record that an attempt at a stage begins."""
        run = self._carried(run_id, carrier)
        run.current_step, run.progress_percent = stage, progress_percent
        attempt = 1 + sum(step.stage == stage for step in run.steps)
        run.steps.append(RunStep(stage=stage, attempt=attempt, status="running", started_at=self._now()))
        return attempt

    def end_step(
        self,
        run_id: str,
        stage: str,
        attempt: int,
        status: Literal["finished", "failed"],
        summary: str,
        carrier: int | None = None,
    ) -> None:
        """Record how an attempt ended."""
        steps = self._carried(run_id, carrier).steps
        for index, step in enumerate(steps):
            if (step.stage, step.attempt) == (stage, attempt):
                ended = {"status": status, "summary": redact(summary)}
                steps[index] = step.model_copy(update={**ended, "finished_at": step.finished_at or self._now()})

    def finish(self, run_id: str, outcome: Outcome, carrier: int | None = None) -> None:
        """Record the outcome."""
        run = self._carried(run_id, carrier)
        run.outcome = outcome
        if isinstance(outcome, Waiting):
            run.status, run.completed_at = RunStatus.WAITING, None
        else:
            run.status, run.progress_percent = RunStatus.FINISHED, 100
            run.completed_at = run.completed_at or self._now()

    def fail(self, run_id: str, error: str) -> None:
        """Record an error."""
        run = self._get(run_id)
        if run.errors[-1:] != [redact(error)]:
            run.errors.append(redact(error))
        run.status, run.completed_at = RunStatus.FAILED, self._now()

    def cancel(self, run_id: str) -> None:
        """Record that the user stopped the run; a finished run stays finished."""
        run = self._get(run_id)
        if run.status is not RunStatus.FINISHED:
            run.status, run.completed_at = RunStatus.CANCELLED, self._now()

    def abandoned(self, is_gone: Callable[[str], bool]) -> tuple[str, ...]:
        """Record that running runs have failed whose process is gone. Gives their ids."""
        running = {run_id: run for run_id, run in self._runs.items() if run.status is RunStatus.RUNNING}
        gone = tuple(run_id for run_id, run in running.items() if run.carried_by and is_gone(run.carried_by))
        for run_id in gone:
            self.fail(run_id, died(run_id))
        return gone

    def find(self, prefix: str) -> str:
        """The one run id that starts with prefix."""
        return the_only(prefix, [run_id for run_id in self._runs if run_id.startswith(prefix)])

    def knows(self, run_id: str) -> bool:
        """Whether there is a run of exactly this id."""
        return run_id in self._runs

    def find_by_flow_run(self, flow_run_id: str) -> str | None:
        """The run that a flow run of Prefect carried last."""
        carried = [run_id for run_id, run in self._runs.items() if run.flow_run_id == flow_run_id]
        return carried[-1] if carried else None

    def flow_run(self, run_id: str) -> str | None:
        """The flow run of Prefect that carried a run last."""
        return self._get(run_id).flow_run_id

    def request(self, run_id: str) -> Request:
        """The request of a run."""
        return self._get(run_id).request

    def outcome(self, run_id: str) -> Outcome | None:
        """The outcome of a run, None while there is none."""
        return self._get(run_id).outcome

    def summary(self, run_id: str) -> RunSummary:
        """One run."""
        run = self._get(run_id)
        return RunSummary(
            run_id=run_id,
            kind=run.request.kind,
            status=run.status,
            outcome=run.outcome.status if run.outcome else None,
            current_step=run.current_step,
            progress_percent=run.progress_percent,
            repository=run.request.repository,
            started_at=run.started_at,
            completed_at=run.completed_at,
        )

    def errors(self, run_id: str) -> tuple[str, ...]:
        """What went wrong, oldest first."""
        return tuple(self._get(run_id).errors)

    def steps(self, run_id: str) -> tuple[RunStep, ...]:
        """The attempts at the stages of a run."""
        return tuple(self._get(run_id).steps)

    def recent(self, limit: int) -> Iterator[RunSummary]:
        """Runs, newest first."""
        newest = sorted(self._runs, key=lambda run_id: self._runs[run_id].started_at)[::-1]
        yield from [self.summary(run_id) for run_id in newest[:limit]]

    def _carried(self, run_id: str, carrier: int | None) -> _Run:
        run = self._get(run_id)
        if carrier is not None and carrier != run.carrier:
            raise superseded(run_id)
        return run

    def _get(self, run_id: str) -> _Run:
        if run_id not in self._runs:
            raise InputError(f"There is no run {run_id!r}. `grace runs` lists the runs there are.")
        return self._runs[run_id]
