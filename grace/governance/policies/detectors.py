"""GP004: what was not scanned needs a vote."""

from grace.contracts import PolicyResult, Verdict
from grace.governance.facts import Facts, allowed


def detectors(facts: Facts) -> PolicyResult:
    """Review when a detector failed or skipped something, or when none ran."""
    gaps = [run for run in facts.scan.detector_runs if run.status != "ok"]
    if facts.scan.detector_runs and not gaps:
        return allowed("GP004", "every detector ran")
    return PolicyResult(
        policy_id="GP004",
        verdict=Verdict.REVIEW,
        reason="not everything was scanned",
        evidence="; ".join(f"{run.name} {run.status}: {run.reason}" for run in gaps) or "no detector ran",
    )
