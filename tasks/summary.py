"""One line a person reads about what a stage found."""

from grace.contracts import (
    AuditHead,
    BallotReading,
    Contract,
    Decision,
    Delivery,
    Impact,
    Intent,
    Plan,
    Rebased,
    Repair,
    Reproduction,
    ScanReport,
    Tally,
    Verification,
    Vote,
)


def summarise(result: Contract) -> str:
    """What this result says, in one line."""
    match result:
        case Intent():
            return result.summary
        case Plan():
            return "; ".join(step.action for step in result.steps)
        case Reproduction() | Repair() | Rebased() | BallotReading():
            return result.reason
        case Verification():
            return "; ".join(f"{check.name} {check.status.value}" for check in result.checks)
        case ScanReport():
            taken_back = f", {len(result.suppressed)} taken back" if result.suppressed else ""
            unread = [run.name for run in result.detector_runs if run.status == "failed"]
            failed = f"; not complete: {', '.join(unread)}" if unread else ""
            return f"{len(result.findings)} new findings{taken_back}{failed}"
        case Impact():
            return f"risk {result.risk.value}, {len(result.files)} files reached"
        case Decision():
            return f"{result.verdict.value}: {result.reason}"
        case Vote():
            return f"{result.voter} ({result.role}) {'for' if result.approved else 'against'}"
        case Tally():
            return f"{result.status}: {result.reason}"
        case AuditHead():
            return f"audit record {result.length}"
        case Delivery():
            return f"{result.branch} at {result.commit[:12]}"
        case _:
            return type(result).__name__
