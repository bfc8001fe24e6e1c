"""The policy that judges a change is the one of the revision that it was made from."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grace.contracts import (
    Change,
    Check,
    CheckStatus,
    Decision,
    DetectorRun,
    FileEdit,
    Impact,
    Isolation,
    Provenance,
    Request,
    Risk,
    ScanReport,
    Verdict,
    Verification,
    WorkflowKind,
)
from grace.git import GitRepository
from grace.governance import POLICY_FILE, policy_version
from tasks.govern import govern
from tasks.persistence import ledger

STRICT = b'version = 1\n[[rule]]\nname = "nothing goes"\nthen = "deny"\n'
LOOSE = b'version = 1\n[[rule]]\nname = "anything goes"\nthen = "allow"\n'
BROKEN = b"version = 1\n[[rules]]\n"

Judge = Callable[..., Decision]


@pytest.fixture
def judge(make_repository: Callable[..., GitRepository], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Judge new contents of files against a repository that holds others; everything else is in favour."""
    monkeypatch.setenv("GRACE_HOME", str(tmp_path / "home"))

    def run(held: dict[str, bytes], after: dict[str, bytes | None], checkout: bytes | None = None) -> Decision:
        repository = make_repository({"a.py": b"", **held})
        base = repository.resolve("HEAD")
        if checkout is not None:
            (repository.root / ".grace").mkdir(exist_ok=True)
            (repository.root / POLICY_FILE).write_bytes(checkout)
        edits = tuple(
            FileEdit(
                path=path, before_hash=hashlib.sha256(held[path]).hexdigest() if path in held else None, after=content
            )
            for path, content in after.items()
        )
        change = Change(
            base_revision=base,
            edits=edits,
            patch=repository.patch(base, edits),
            rationale="",
            provenance=Provenance(strategy="t"),
        )
        request = Request(
            id="a" * 12,
            kind=WorkflowKind.FIX_BUG,
            repository=str(repository.root),
            base_revision=base,
            requested_by="ann",
            requested_at=datetime(2026, 1, 2, tzinfo=UTC),
        )
        ledger().start(request)
        digest = change.digest
        verification = Verification(
            change_digest=digest,
            checks=(Check(name="tests", status=CheckStatus.PASSED),),
            isolation=Isolation.BUBBLEWRAP,
        )
        scan = ScanReport(change_digest=digest, detector_runs=(DetectorRun(name="bandit", status="ok"),))
        return govern.fn(request, change, verification, scan, Impact(change_digest=digest, risk=Risk.LOW))

    return run


def test_without_a_policy_file_the_built_in_policies_decide(judge: Judge) -> None:
    decision = judge({}, {"b.py": b"x = 1\n"})
    assert decision.verdict is Verdict.ALLOW
    assert decision.policy_version.startswith("built-in ")


def test_the_repositorys_own_policy_decides_and_is_named(judge: Judge) -> None:
    decision = judge({POLICY_FILE: STRICT}, {"b.py": b"x = 1\n"})
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "nothing goes")
    assert decision.policy_version == policy_version(STRICT)


@pytest.mark.parametrize("after", [LOOSE, None])
def test_a_change_that_loosens_the_policy_is_judged_by_the_one_before(judge: Judge, after: bytes | None) -> None:
    decision = judge({POLICY_FILE: STRICT}, {POLICY_FILE: after})
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "nothing goes")


def test_a_change_that_adds_a_policy_is_judged_without_it_and_reviewed(judge: Judge) -> None:
    decision = judge({}, {POLICY_FILE: LOOSE, "tests/test_a.py": b""})
    assert (decision.verdict, decision.votes_required) == (Verdict.REVIEW, 1)
    assert decision.reason == "governance files edited; tests edited"
    assert decision.policy_version.startswith("built-in ")


def test_what_lies_in_the_checkout_is_not_the_policy(judge: Judge) -> None:
    assert judge({POLICY_FILE: STRICT}, {"b.py": b""}, checkout=LOOSE).verdict is Verdict.DENY


def test_a_policy_that_cannot_be_read_denies_even_the_change_that_would_mend_it(judge: Judge) -> None:
    decision = judge({POLICY_FILE: BROKEN}, {POLICY_FILE: LOOSE})
    assert decision.verdict is Verdict.DENY
    assert f"{POLICY_FILE} is no policy: rules: unknown key (did you mean rule?)" in decision.reason
