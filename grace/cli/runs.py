"""`grace runs` and `grace show`: what the ledger holds."""

from grace.cli import answer
from grace.cli.report import Reporter
from grace.process import is_gone
from grace.settings import Settings
from grace.store.ledger import SqlLedger


def runs(limit: int, *, as_json: bool) -> int:
    """List runs, newest first."""
    ledger = SqlLedger.open(Settings().database)
    ledger.abandoned(is_gone)
    found = list(ledger.recent(limit))
    if as_json:
        answer.write({"runs": [run.model_dump(mode="json") for run in found]})
    else:
        Reporter().runs(found)
    return 0


def show(prefix: str, *, as_json: bool) -> int:
    """Show one run. Raises InputError when the prefix names none or several."""
    ledger = SqlLedger.open(Settings().database)
    ledger.abandoned(is_gone)
    run_id = ledger.find(prefix)
    summary, request, outcome = ledger.summary(run_id), ledger.request(run_id), ledger.outcome(run_id)
    steps, errors = ledger.steps(run_id), ledger.errors(run_id)
    if as_json:
        answer.write(
            {
                **(answer.of_run(request, outcome, None) if outcome else {"status": None, "run_id": run_id}),
                "run": summary.model_dump(mode="json"),
                "request": request.model_dump(mode="json"),
                "steps": [step.model_dump(mode="json") for step in steps],
                "errors": list(errors),
            }
        )
        return 0
    reporter = Reporter()
    reporter.run(summary, request, steps, errors)
    if outcome:
        reporter.outcome(request, outcome, None)
    return 0
