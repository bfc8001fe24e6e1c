"""What a person in the Prefect UI reads to understand and decide: diff, evidence, findings."""

from collections.abc import Iterable
from typing import Any

from grace.contracts import Change, Evidence, Finding, Location, Outcome, Request, Tally

MOST_SHOWN = 100_000
"""Characters of a patch; more makes a page that nobody reads and a browser chokes on."""
DIFF_KEY, EVIDENCE_KEY, FINDINGS_KEY = "grace-diff", "grace-evidence", "grace-findings"


def diff_markdown(request: Request, outcome: Outcome) -> str:
    """The outcome and the diff."""
    lines = [f"# {outcome.status.replace('_', ' ').capitalize()}", "", outcome.reason, ""]
    lines += [f"Repository `{request.repository}` at `{request.base_revision[:12]}`, run `{request.id}`.", ""]
    if change := outcome.evidence.proposed:
        lines += [change.rationale, "", *_fenced(change)]
    return "\n".join(lines)


def ballot_markdown(request: Request, evidence: Evidence, tally: Tally) -> str:
    """What somebody needs in order to vote: why they are asked, the diff, and all that was found out about it."""
    lines = [f"## Run `{request.id}` asks for votes", "", f"{tally.reason}.", ""]
    lines += [f"- **Repository** `{request.repository}`", f"- **Asked for by** {_cell(request.requested_by)}"]
    lines += [f"- **Votes so far** {_votes(tally)}"]
    if tally.closes_at:
        lines += [f"- **Until** {tally.closes_at:%Y-%m-%d %H:%M} UTC"]
    lines += [f"- **Your code** `grace approvals code {request.id}` gives it", ""]
    if change := evidence.proposed:
        lines += ["### The change", "", change.rationale, "", *_fenced(change), ""]
    if findings := findings_rows(evidence):
        lines += ["### New weaknesses", "", *_table(findings), ""]
    lines += ["### What was found out", "", *_table(evidence_rows(evidence))]
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
        for each in scan.suppressed:
            add("scan", f"{each.finding.rule_id} at {_place(each.finding.location)}", "taken back", each.reason)
        if scan.gone:
            add("scan", "weaknesses that the change ends", str(len(scan.gone)), ", ".join(_rules(scan.gone)))
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
            "where": _place(finding.location),
            "way": " → ".join(_place(step.location) for step in finding.flow),
            "cwe": finding.cwe or "",
        }
        for finding in (evidence.scan.findings if evidence.scan else ())
    ]


def _place(location: Location) -> str:
    return f"{location.path}:{location.line}"


def _rules(findings: Iterable[Finding]) -> list[str]:
    return sorted({finding.rule_id for finding in findings})


def _votes(tally: Tally) -> str:
    said = [f"{_cell(vote.voter)} {'for' if vote.approved else 'against'} it" for vote in tally.counted]
    said += [f"{_cell(refused.vote.voter)} does not count ({_cell(refused.reason)})" for refused in tally.refused]
    return "; ".join(said) or "none"


def _fenced(change: Change) -> list[str]:
    patch = change.patch.rstrip("\n")
    if len(patch) > MOST_SHOWN:
        patch = f"{patch[:MOST_SHOWN]}\n... {len(patch) - MOST_SHOWN} characters more: `grace show` has all of it"
    # A longer fence than any in the patch, so that the patch cannot end the block.
    fence = "`" * max(3, 1 + max(map(len, _fences(patch))))
    return [f"{fence}diff", patch, fence]


def _table(rows: list[dict[str, Any]]) -> list[str]:
    columns = list(rows[0]) if rows else []
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"] if columns else []
    return lines + [f"| {' | '.join(_cell(str(row[column])) for column in columns)} |" for row in rows]


def _cell(text: str) -> str:
    """Words of others, as words: no markup of theirs becomes ours."""
    flat = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+!|~" else c for c in flat)


def _fences(text: str) -> Iterable[str]:
    run = ""
    for character in text:
        if character == "`":
            run += character
        elif run:
            yield run
            run = ""
    yield run
