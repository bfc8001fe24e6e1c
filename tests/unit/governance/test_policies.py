import pytest

from grace.contracts import (
    Check,
    CheckStatus,
    DetectorRun,
    FlowStep,
    Isolation,
    Location,
    Risk,
    Verdict,
    WorkflowKind,
)
from grace.governance.policies import POLICIES


def answer(decision, policy_id):
    return next(result for result in decision.results if result.policy_id == policy_id)


def test_nothing_against_it_is_allowed_and_every_policy_says_why(case):
    decision = case.decide()
    assert decision.verdict is Verdict.ALLOW
    assert decision.votes_required == 0
    assert all(result.reason for result in decision.results)


def test_every_policy_has_an_id_of_its_own(case):
    ids = [result.policy_id for result in case.decide().results]
    assert len(set(ids)) == len(ids) == len(POLICIES)
    assert ids == sorted(ids)


@pytest.mark.parametrize("status", [CheckStatus.FAILED, CheckStatus.NOT_RUN])
def test_a_check_that_did_not_pass_denies(case, status):
    case.checks += (Check(name="clean clone", status=status, reason="why not"),)
    decision = case.decide()
    assert decision.verdict is Verdict.DENY
    assert answer(decision, "GP001").evidence == f"clean clone {status.replace('_', ' ')}: why not"


def test_no_check_denies(case):
    case.checks = ()
    assert answer(case.decide(), "GP001").evidence == "no check ran"


def test_without_any_test_a_vote_is_needed(case):
    case.tested = False
    decision = case.decide()
    assert (decision.verdict, decision.votes_required) == (Verdict.REVIEW, 1)
    assert decision.reason.startswith("no test speaks for the change")
    assert answer(decision, "GP011").evidence == "tests"


def test_without_a_sandbox_a_vote_is_needed(case):
    case.isolation = Isolation.NONE
    decision = case.decide()
    assert (decision.verdict, decision.votes_required) == (Verdict.REVIEW, 1)
    assert decision.reason.startswith("sandbox-unavailable")


@pytest.mark.parametrize(
    ("severity", "confidence", "verdict"),
    [
        ("high", "high", Verdict.DENY),
        ("high", "medium", Verdict.REVIEW),
        ("medium", "high", Verdict.REVIEW),
        ("medium", "medium", Verdict.REVIEW),
        ("high", "low", Verdict.ALLOW),
        ("low", "high", Verdict.ALLOW),
    ],
)
def test_findings(case, severity, confidence, verdict):
    case.findings = (case.finding("low", "low"), case.finding(severity, confidence))
    decision = case.decide()
    assert decision.verdict is verdict
    if verdict is not Verdict.ALLOW:
        assert answer(decision, "GP003").evidence == "B1 at a.py:1: bad"


def test_the_evidence_of_a_finding_is_its_way(case):
    steps = [Location(path="web.py", line=1, end_line=1), Location(path="a.py", line=1, end_line=1)]
    flow = tuple(FlowStep(location=step, text="") for step in steps)
    case.findings = (case.finding("high", "high").model_copy(update={"flow": flow}),)
    assert answer(case.decide(), "GP003").evidence == "B1 at a.py:1: bad (web.py:1 → a.py:1)"


@pytest.mark.parametrize(
    "runs",
    [(), (DetectorRun(name="b", status="skipped", reason="r"),), (DetectorRun(name="b", status="failed"),)],
)
def test_what_was_not_scanned_needs_a_vote(case, runs):
    case.detector_runs = runs
    assert case.decide().verdict is Verdict.REVIEW


@pytest.mark.parametrize(("risk", "verdict"), [(Risk.MEDIUM, Verdict.ALLOW), (Risk.HIGH, Verdict.REVIEW)])
def test_risk(case, risk, verdict):
    case.risk = risk
    assert case.decide().verdict is verdict


@pytest.mark.parametrize(
    ("path", "policy_id"),
    [
        ("pyproject.toml", "GP006"),
        ("requirements/dev.txt", "GP006"),
        ("web/package-lock.json", "GP006"),
        (".github/workflows/ci.yml", "GP007"),
        ("Jenkinsfile", "GP007"),
        (".github/CODEOWNERS", "GP008"),
        (".grace/policy.toml", "GP008"),
        ("tests/test_a.py", "GP009"),
        ("tests/data/expected.json", "GP009"),
        ("conftest.py", "GP009"),
        ("pytest.ini", "GP009"),
    ],
)
def test_edits_of_what_decides_need_a_vote(case, path, policy_id):
    case.paths[path] = "0" * 64
    decision = case.decide()
    assert decision.verdict is Verdict.REVIEW
    assert answer(decision, policy_id).evidence == path


def test_new_tests_are_fine_where_the_workflow_writes_tests(case):
    case.paths = {"tests/test_new.py": None}
    assert case.decide().verdict is Verdict.REVIEW
    case.kind = WorkflowKind.ADD_TESTS
    assert case.decide().verdict is Verdict.ALLOW
    case.paths["conftest.py"] = "0" * 64
    assert case.decide().verdict is Verdict.REVIEW
