"""What a person in the Prefect UI reads to understand and decide: diff, evidence, findings."""

from collections.abc import Iterable
from typing import Any

from grace.contracts import Evidence, Outcome, Request

DIFF_KEY, EVIDENCE_KEY, FINDINGS_KEY = "grace-diff", "grace-evidence", "grace-findings"


def diff_markdown(request: Request, outcome: Outcome) -> str:
    """The outcome and the diff."""
    lines = [f"# {outcome.status.replace('_', ' ').capitalize()}", "", outcome.reason, ""]
    lines += [f"Repository `{request.repository}` at `{request.base_revision[:12]}`, run `{request.id}`.", ""]
    repair = outcome.evidence.repair
    if repair and repair.change:
        # A longer fence than any in the patch, so that the patch cannot end the block.
        fence = "`" * (max(map(len, _fences(repair.change.patch)), default=2) + 1)
        lines += [repair.change.rationale, "", f"{fence}diff", repair.change.patch.rstrip("\n"), fence]
    return "\n".join(lines)


def evidence_rows(evidence: Evidence) -> list[dict[str, Any]]:
    """One row per thing the run found out, in the order it did."""
    rows: list[dict[str, Any]] = []

    def add(stage: str, what: str, result: str, detail: str = "") -> None:
        rows.append({"stage": stage, "what": what, "result": result, "detail": detail})

    if reproduction := evidence.reproduction:
        add("reproduce", "tests on the base revision", reproduction.status.value, reproduction.reason)
        for red in reproduction.red:
            add("reproduce", red.test_id, red.outcome, f"{red.exception} {red.message}".strip())
    if repair := evidence.repair:
        tried = f"{repair.candidates_tried} candidates tried, {repair.plausible} pass every test"
        add("generate", tried, f"confidence {repair.confidence:.2f}", repair.reason)
        if repair.tests_weak:
            add("generate", "test suite", "weak", "patches that behave differently all pass the tests")
    if verification := evidence.verification:
        for check in verification.checks:
            add("verify", check.name, check.status.value, check.reason)
        add("verify", "isolation", verification.isolation.value)
    if scan := evidence.scan:
        for run in scan.detector_runs:
            add("scan", run.name, run.status, run.reason)
    if impact := evidence.impact:
        add("assess", "risk", impact.risk.value, "; ".join(impact.reasons))
        for spot in impact.blind_spots:
            add("assess", "blind spot", "not known", spot)
    if decision := evidence.decision:
        for result in decision.results:
            add("govern", result.policy_id, result.verdict.value, result.reason)
    for vote in evidence.votes:
        add("vote", f"{vote.voter} ({vote.role})", "for" if vote.approved else "against", vote.comment)
    return rows


def findings_rows(evidence: Evidence) -> list[dict[str, Any]]:
    """One row per new weakness."""
    return [
        {
            "severity": finding.severity.value,
            "confidence": finding.confidence.value,
            "rule": finding.rule_id,
            "what": finding.title,
            "where": f"{finding.location.path}:{finding.location.line}",
            "cwe": finding.cwe or "",
        }
        for finding in (evidence.scan.findings if evidence.scan else ())
    ]


def _fences(text: str) -> Iterable[str]:
    run = ""
    for character in text:
        if character == "`":
            run += character
        elif run:
            yield run
            run = ""
    yield run
