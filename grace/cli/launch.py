"""Request -> outcome, through the flow; the ledger says how it ended, whatever happens on the way."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import grace
from grace.cli import interrupts
from grace.cli.prefect_runtime import mark_cancelled, orchestration
from grace.contracts import FixBug, Outcome, Request, RunStatus, RunSummary
from grace.errors import Cancelled, EnvironmentLacking, Superseded
from grace.process import is_gone
from grace.progress import Progress, listening
from grace.settings import Settings
from grace.store.ledger import SqlLedger

_PACKAGES = ("grace", "flows", "tasks", "blocks", "deployments")


def launch(request: Request, settings: Settings, listener: Callable[[Progress], None]) -> Outcome:
    """Carry a request to its outcome; a run that was started before goes on from its last finished stage.

    Raises Cancelled when the user interrupts, after the record says so and the workspaces are gone, and what
    the stages raise otherwise, which the record then holds.
    """
    refuse_foreign_packages()
    ledger = SqlLedger.open(settings.database)
    ledger.abandoned(is_gone)
    ledger.start(request)
    try:
        with orchestration(settings):
            try:
                with listening(listener):
                    return _flow(request)
            except BaseException:
                if interrupts.requested():
                    with interrupts.postponed():
                        ledger.cancel(request.id)
                        mark_cancelled(request.id)
                raise
    except BaseException as error:
        with interrupts.postponed():
            if interrupts.requested():
                ledger.cancel(request.id)
                raise _cancelled(ledger.summary(request.id)) from error
            if not isinstance(error, Superseded):  # the process that carries the run now says how it ends
                ledger.fail(request.id, f"{type(error).__name__}: {error}")
        raise


def _cancelled(run: RunSummary) -> Cancelled:
    if run.status is RunStatus.FINISHED:
        return Cancelled(f"Run {run.run_id} had finished when it was stopped: see `grace show {run.run_id}`.")
    again = f"`grace rerun {run.run_id}` goes on from its last finished stage."
    return Cancelled(f"Run {run.run_id} was cancelled. {again}")


def _flow(request: Request) -> Outcome:
    from flows.fix_bug import fix_bug

    # The ledger has the request: Prefect, which keeps parameters in clear, is told no more than which it is.
    outcome: Outcome = fix_bug(FixBug(repository=request.repository, run_id=request.id, approve=request.approve))
    return outcome


def refuse_foreign_packages() -> None:
    """Raise EnvironmentLacking when one of our packages would be imported from somewhere else.

    The names are common: a repository with a `tasks/` of its own on the import path would run inside this
    process. Looking for a top-level package imports nothing.
    """
    ours = Path(grace.__file__).resolve().parent.parent
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        found = Path(spec.origin).resolve() if spec and spec.origin else None
        if found != ours / name / "__init__.py":
            raise EnvironmentLacking(
                f"The package {name!r} would come from {found or 'nowhere'}, not from GRACE in {ours}. "
                "Start `grace` by its own command, from another folder, without PYTHONPATH."
            )
