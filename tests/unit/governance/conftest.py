"""Facts about one small change, each of which a test can replace."""

from datetime import UTC, datetime

import pytest

from grace.contracts import (
    Change,
    Check,
    CheckStatus,
    DetectorRun,
    FileEdit,
    Finding,
    Impact,
    Isolation,
    Location,
    Provenance,
    Request,
    Risk,
    ScanReport,
    Severity,
    Verification,
    Vote,
    WorkflowKind,
)
from grace.governance import decide

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Case:
    """A change that passes everything, until a test says otherwise."""

    def __init__(self):
        self.paths = {"a.py": "0" * 64}
        self.patch = ""
        self.kind = WorkflowKind.FIX_BUG
        self.checks = (Check(name="tests", status=CheckStatus.PASSED),)
        self.isolation = Isolation.NAMESPACES
        self.tested = True
        self.findings = ()
        self.detector_runs = (DetectorRun(name="bandit", status="ok"),)
        self.risk = Risk.LOW
        self.votes = ()

    @property
    def change(self):
        edits = tuple(FileEdit(path=path, before_hash=before, after=b"x") for path, before in self.paths.items())
        return Change(
            base_revision="0" * 40, edits=edits, patch=self.patch, rationale="", provenance=Provenance(strategy="t")
        )

    @property
    def request(self):
        return Request(
            id="0" * 12,
            kind=self.kind,
            repository="/r",
            base_revision="0" * 40,
            requested_by="ann",
            requested_at=NOW,
        )

    def facts(self):
        digest = self.change.digest
        return {
            "request": self.request,
            "verification": Verification(
                change_digest=digest, checks=self.checks, isolation=self.isolation, tested=self.tested
            ),
            "scan": ScanReport(change_digest=digest, findings=self.findings, detector_runs=self.detector_runs),
            "impact": Impact(change_digest=digest, risk=self.risk, reasons=("why",)),
            "votes": self.votes,
        }

    def decide(self, **overrides):
        return decide(self.change, **(self.facts() | overrides))

    def finding(self, severity, confidence):
        return Finding(
            rule_id="B1",
            title="bad",
            severity=Severity(severity),
            confidence=Severity(confidence),
            location=Location(path="a.py", line=1, end_line=1),
            detector="bandit",
            fingerprint="f",
        )

    def vote(self, voter="bob", approved=True, digest=None, at=NOW):
        return Vote(
            voter=voter,
            role="approver",
            authenticated_by="password",
            approved=approved,
            cast_at=at,
            change_digest=digest or self.change.digest,
        )


@pytest.fixture
def case():
    return Case()


@pytest.fixture
def new_case():
    """For property tests: a case per example."""
    return Case
