"""GP003: new weaknesses are denied when grave and certain, and need a vote from medium on."""

from grace.contracts import Finding, Location, PolicyResult, Severity, Verdict
from grace.governance.facts import Facts, allowed


def findings(facts: Facts) -> PolicyResult:
    """Deny high severity with high confidence; review medium or more of both."""
    new = facts.scan.findings
    blocking = [f for f in new if f.severity is f.confidence is Severity.HIGH]
    concerning = [f for f in new if Severity.LOW not in (f.severity, f.confidence)]
    if blocking:
        return _result(Verdict.DENY, "a grave weakness", blocking)
    if concerning:
        return _result(Verdict.REVIEW, "a weakness", concerning)
    return allowed("GP003", f"no new weakness of medium severity or above ({len(new)} below)")


def _result(verdict: Verdict, what: str, found: list[Finding]) -> PolicyResult:
    evidence = "; ".join(map(_said, found))
    return PolicyResult(policy_id="GP003", verdict=verdict, reason=f"the change brings in {what}", evidence=evidence)


def _said(finding: Finding) -> str:
    """What, where, and by which way the data comes there."""
    said = f"{finding.rule_id} at {_place(finding.location)}: {finding.title}"
    return f"{said} ({' → '.join(_place(step.location) for step in finding.flow)})" if finding.flow else said


def _place(location: Location) -> str:
    return f"{location.path}:{location.line}"
