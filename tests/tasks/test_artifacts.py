import re
from datetime import UTC, datetime

import pytest

from grace.contracts import (
    Change,
    Denied,
    DetectorRun,
    Evidence,
    FileEdit,
    Finding,
    FlowStep,
    Location,
    Provenance,
    RedTest,
    Repair,
    Request,
    ScanReport,
    Severity,
    Suppression,
    Tally,
    WorkflowKind,
)
from tasks.artifacts import (
    DIFF_KEY,
    EVIDENCE_KEY,
    FINDINGS_KEY,
    MOST_SHOWN,
    ballot_markdown,
    diff_markdown,
    evidence_rows,
    findings_rows,
)
from tasks.summary import summarise

REQUEST = Request(
    id="a" * 12,
    kind=WorkflowKind.FIX_BUG,
    repository="/somewhere",
    base_revision="0" * 40,
    requested_by="ann",
    requested_at=datetime(2026, 1, 2, tzinfo=UTC),
)
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def with_patch(patch: str) -> Evidence:
    change = Change(
        base_revision="0" * 40,
        edits=(FileEdit(path="README.md", after=b""),),
        patch=patch,
        rationale="because",
        provenance=Provenance(strategy="search"),
    )
    return Evidence(repair=Repair(change=change, reason="found"))


@pytest.mark.parametrize("key", [DIFF_KEY, EVIDENCE_KEY, FINDINGS_KEY])
def test_keys_have_the_form_that_prefect_accepts(key: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", key)


def test_a_patch_with_fences_cannot_end_its_block() -> None:
    patch = "--- a\n+````python\n+```\n"
    markdown = diff_markdown(REQUEST, Denied(run_id="a" * 12, reason="no", evidence=with_patch(patch)))
    assert f"`````diff\n{patch}`````" in markdown


def test_a_patch_is_a_block_of_its_own() -> None:
    shown = diff_markdown(REQUEST, Denied(run_id="a" * 12, reason="no", evidence=with_patch("-a\n+b\n")))
    assert "\n```diff\n-a\n+b\n```" in shown


def test_a_ballot_shows_what_is_decided_on_and_the_words_of_others_as_words() -> None:
    tally = Tally(change_digest="d", status="open", reason="one of 2 votes is missing", closes_at=NOON)
    request = REQUEST.model_copy(update={"requested_by": "**ann** <b>"})
    shown = ballot_markdown(request, with_patch("-a\n+b\n"), tally)
    for part in (
        "one of 2 votes is missing",
        "```diff\n-a\n+b\n```",
        "Until** 2026-01-02 12:00",
        "approvals code aaaa",
    ):
        assert part in shown
    assert r"\*\*ann\*\* \<b\>" in shown


def test_a_huge_patch_is_cut_and_says_so() -> None:
    shown = diff_markdown(REQUEST, Denied(run_id="a" * 12, reason="no", evidence=with_patch("+x\n" * 50_000)))
    assert len(shown) < MOST_SHOWN + 1000
    assert "characters more" in shown


def test_the_reason_is_told_where_there_is_no_change() -> None:
    assert "too risky" in diff_markdown(REQUEST, Denied(run_id="a" * 12, reason="too risky"))


def test_evidence_keeps_the_order_of_the_stages() -> None:
    evidence = with_patch("--- a\n").model_copy(update={"scan": ScanReport(change_digest="d")})
    assert [row["stage"] for row in evidence_rows(evidence)] == ["generate"]


def test_nothing_found_out_is_no_row() -> None:
    assert evidence_rows(Evidence()) == []
    assert findings_rows(Evidence()) == []


def test_a_finding_says_what_and_where() -> None:
    finding = Finding(
        rule_id="B602",
        title="shell",
        severity=Severity.HIGH,
        confidence=Severity.LOW,
        location=Location(path="a.py", line=3, end_line=4),
        detector="bandit",
        fingerprint="f",
    )
    rows = findings_rows(Evidence(scan=ScanReport(change_digest="d", findings=(finding,))))
    assert rows == [
        {
            "severity": "high",
            "confidence": "low",
            "rule": "B602",
            "what": "shell",
            "where": "a.py:3",
            "way": "",
            "cwe": "",
        }
    ]


def test_a_finding_shows_its_way_and_what_was_taken_back_shows_why() -> None:
    def finding(rule: str, *lines: int) -> Finding:
        steps = [Location(path="a.py", line=line, end_line=line) for line in lines]
        return Finding(
            rule_id=rule,
            title="shell",
            severity=Severity.HIGH,
            confidence=Severity.HIGH,
            location=steps[-1],
            flow=tuple(FlowStep(location=step, text="") for step in steps[:-1]),
            detector="taint",
            fingerprint="f",
        )

    scan = ScanReport(
        change_digest="d",
        findings=(finding("command-injection", 1, 2, 3),),
        gone=(finding("B602", 9), finding("B602", 10)),
        suppressed=(Suppression(finding=finding("B605", 7), reason="it is constant"),),
    )
    evidence = Evidence(scan=scan)
    assert findings_rows(evidence)[0]["way"] == "a.py:1 → a.py:2"
    rows = [(row["what"], row["result"], row["detail"]) for row in evidence_rows(evidence)]
    assert rows == [
        ("B605 at a.py:7", "taken back", "it is constant"),
        ("weaknesses that the change ends", "2", "B602"),
    ]
    assert summarise(scan) == "1 new findings, 1 taken back"


def test_a_scan_that_is_not_complete_says_so_in_one_line() -> None:
    run = DetectorRun(name="taint", status="failed", reason="boom")
    assert summarise(ScanReport(change_digest="d", detector_runs=(run,))) == "0 new findings; not complete: taint"


def test_every_red_test_is_named() -> None:
    from grace.contracts import Interpreter, Reproduction, ReproductionStatus

    reproduction = Reproduction(
        status=ReproductionStatus.RED,
        red=(RedTest(test_id="t.py::one", outcome="failed", exception="ValueError", message="bad"),),
        interpreter=Interpreter(executable="python", version=(3, 11, 0), found_as="own"),
    )
    rows = evidence_rows(Evidence(reproduction=reproduction))
    assert ("t.py::one", "failed", "ValueError bad") in [(r["what"], r["result"], r["detail"]) for r in rows]
