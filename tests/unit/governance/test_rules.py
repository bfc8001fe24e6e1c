import hashlib

import pytest

from grace.contracts import Check, CheckStatus, FileEdit, Isolation, Risk, Verdict, WorkflowKind
from grace.governance import policy_version
from grace.governance.policy_file import PathRole, When
from grace.governance.rules import PATH_ROLES

FAILED = (Check(name="tests", status=CheckStatus.FAILED),)


def policy(*rules):
    """A policy of rules, each given as its conditions and what follows."""
    written = [f'[[rule]]\nname = "r{n}"\nwhen = {{ {when} }}\n{then}\n' for n, (when, then) in enumerate(rules)]
    return ("version = 1\n" + "".join(written)).encode()


def holds(case, when):
    """Whether a change meets the conditions, and the evidence for it."""
    decision = case.decide(policy_file=policy((when, 'then = "deny"')))
    first = decision.results[0]
    return first.evidence if first.policy_id == "rule:r0" else None


def patched(case, *hunks, paths=("a.py",)):
    case.paths = dict.fromkeys(paths, "0" * 64)
    case.patch = "".join(
        f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@ def f():\n{hunk}"
        for path, hunk in zip(paths, hunks, strict=True)
    )


def set_up(case, **facts):
    for name, value in facts.items():
        setattr(case, name, value)
    return case


@pytest.mark.parametrize(
    ("when", "facts", "evidence"),
    [
        ("", {}, "it has no conditions"),
        ('workflow = ["refactor", "fix_bug"]', {}, "workflow: fix_bug"),
        ('requested_by = ["ann"]', {}, "requested_by: ann"),
        ('paths = ["x", "*.py"]', {"paths": {"b/a.py": None, "c.md": None}}, "paths: b/a.py"),
        ('only_paths = ["*.py", "*.md"]', {"paths": {"a.py": None, "c.md": None}}, "only_paths: a.py, c.md"),
        ('touches = ["ci", "tests"]', {"paths": {"tests/x.json": None}}, "touches: tests (tests/x.json)"),
        ('verification = "passed"', {}, "verification: passed"),
        ('verification = "failed"', {"checks": FAILED}, "verification: failed"),
        ('verification = "failed"', {"checks": ()}, "verification: failed"),
        ('isolation = ["bubblewrap", "namespaces"]', {}, "isolation: namespaces"),
        ('risk_at_least = "medium"', {"risk": Risk.HIGH}, "risk_at_least medium: high"),
        ('risk_at_most = "medium"', {"risk": Risk.MEDIUM}, "risk_at_most medium: medium"),
        ('workflow = ["fix_bug"], risk_at_most = "low"', {}, "workflow: fix_bug; risk_at_most low: low"),
    ],
)
def test_conditions_that_hold_are_the_evidence_with_their_values(case, when, facts, evidence):
    assert holds(set_up(case, **facts), when) == evidence


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        ('workflow = ["refactor"]', {}),
        ('requested_by = ["bob"]', {}),
        ('paths = ["b/**"]', {}),
        ('only_paths = ["*.py"]', {"paths": {"a.py": None, "c.md": None}}),
        ('touches = ["ci", "tests"]', {}),
        ('verification = "failed"', {}),
        ('verification = "passed"', {"checks": ()}),
        ('isolation = ["bubblewrap"]', {"isolation": Isolation.NONE}),
        ('findings_at_least = "low"', {}),
        ('risk_at_least = "medium"', {}),
        ('risk_at_most = "medium"', {"risk": Risk.HIGH}),
        ('workflow = ["fix_bug"], risk_at_least = "high"', {}),
    ],
)
def test_a_rule_does_not_match_when_one_condition_does_not_hold(case, when, facts):
    assert holds(set_up(case, **facts), when) is None


@pytest.mark.parametrize(("severity", "matches"), [("low", True), ("medium", True), ("high", False)])
def test_findings_count_from_their_severity_on(case, severity, matches):
    case.findings = (case.finding("medium", "low"),)
    evidence = f"findings_at_least {severity}: B1 medium at a.py:1"
    assert holds(case, f'findings_at_least = "{severity}"') == (evidence if matches else None)


def test_lines_that_go_and_lines_that_come_are_both_counted(case):
    patched(case, "-old\n+new\n+more\n same\n--- looks like a header\n", "+++ so does this\n", paths=("a.py", "b.py"))
    assert holds(case, "lines_changed_at_most = 5") == "lines_changed_at_most 5: 5"
    assert holds(case, "lines_changed_at_most = 4") is None
    assert holds(case, "lines_changed_at_least = 5") == "lines_changed_at_least 5: 5"
    assert holds(case, "lines_changed_at_least = 6") is None


def test_what_git_writes_is_counted_and_what_is_no_text_is_endless(case, make_repository):
    repository = make_repository({"a.py": "one\ntwo\n", "b.bin": b"\xff\0"})
    base = repository.resolve("HEAD")

    def count(*edits):
        case.paths = dict.fromkeys((edit.path for edit in edits), "0" * 64)
        case.patch = repository.patch(base, edits)
        return holds(case, "lines_changed_at_least = 0").rpartition(" ")[2]

    text = FileEdit(path="a.py", before_hash=hashlib.sha256(b"one\ntwo\n").hexdigest(), after=b"one\n2\n\n")
    binary = FileEdit(path="b.bin", before_hash=hashlib.sha256(b"\xff\0").hexdigest(), after=b"\xff\1")
    assert count(text) == "3"
    assert count(text, FileEdit(path="new.py", after=b"")) == "3"
    assert count(text, binary) == "inf"


def test_a_patch_that_leaves_a_file_out_is_endless(case):
    patched(case, "+new\n")
    case.paths["hidden.py"] = None
    assert holds(case, "lines_changed_at_most = 1000000") is None


def test_every_condition_is_looked_at(case):
    """A condition that is read but never checked would match everything."""
    patched(case, "+new\n", paths=("x/y.zz",))
    case.checks, case.isolation, case.risk = (), Isolation.NONE, Risk.MEDIUM
    never = {
        "workflow": '["refactor"]',
        "requested_by": '["nobody"]',
        "paths": '["other"]',
        "only_paths": '["other"]',
        "touches": '["ci"]',
        "lines_changed_at_least": "2",
        "lines_changed_at_most": "0",
        "verification": '"passed"',
        "isolation": '["landlock"]',
        "findings_at_least": '"low"',
        "risk_at_least": '"high"',
        "risk_at_most": '"low"',
    }
    assert list(never) == list(When.model_fields)
    assert [name for name, value in never.items() if holds(case, f"{name} = {value}") is not None] == []


def test_every_role_that_can_be_written_is_known():
    assert set(PATH_ROLES) == set(PathRole.__args__)


def test_the_first_rule_that_matches_decides(case):
    file = policy(('paths = ["b.py"]', 'then = "deny"'), ("", 'then = "review"'), ("", 'then = "deny"'))
    decision = case.decide(policy_file=file)
    assert decision.verdict is Verdict.REVIEW
    assert decision.reason == "r1"
    assert decision.results[0].policy_id == "rule:r1"


def test_a_review_asks_for_the_votes_of_its_rule(case):
    file = policy(("", 'then = "review"\nvotes = 2\nroles = ["maintainer"]\nwithin = "12h"'))
    decision = case.decide(policy_file=file)
    assert (decision.votes_required, decision.roles, decision.within_seconds) == (2, ("maintainer",), 43200)


def test_a_denied_change_asks_for_no_votes(case):
    case.checks = ()
    decision = case.decide(policy_file=policy(("", 'then = "review"\nvotes = 2\nroles = ["maintainer"]')))
    assert decision.verdict is Verdict.DENY
    assert (decision.votes_required, decision.roles, decision.within_seconds) == (0, (), None)


def test_where_no_rule_matches_the_built_in_policies_decide(case):
    case.risk = Risk.HIGH
    file = policy(('paths = ["b.py"]', 'then = "allow"'))
    ruled, plain = case.decide(policy_file=file), case.decide()
    assert ruled == plain.model_copy(update={"policy_version": policy_version(file)})
    assert plain.policy_version.startswith("built-in ")


def test_a_rule_can_be_stricter_than_the_built_in_policies(case):
    decision = case.decide(policy_file=policy(('paths = ["a.py"]', 'then = "deny"')))
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "r0")


def test_a_rule_that_allows_sets_reviews_aside_and_the_record_says_so(case):
    case.risk, case.paths["tests/test_a.py"] = Risk.HIGH, "0" * 64
    assert case.decide().verdict is Verdict.REVIEW
    decision = case.decide(policy_file=policy(("", 'then = "allow"')))
    assert (decision.verdict, decision.votes_required) == (Verdict.ALLOW, 0)
    answers = {result.policy_id: result for result in decision.results}
    assert answers["GP009"].reason == "set aside by rule:r0: tests edited"
    assert answers["GP009"].evidence == "tests/test_a.py"
    assert answers["GP001"].reason == "1 checks passed"


@pytest.mark.parametrize("then", ["allow", "review"])
def test_a_failed_verification_stays_denied(case, then):
    case.checks = FAILED
    assert case.decide(policy_file=policy(("", f'then = "{then}"'))).verdict is Verdict.DENY


def test_a_grave_weakness_and_a_vote_against_stay_denied(case):
    allow = policy(("", 'then = "allow"'))
    case.findings = (case.finding("high", "high"),)
    assert case.decide(policy_file=allow).verdict is Verdict.DENY
    case.findings, case.votes = (), (case.vote(approved=False),)
    assert case.decide(policy_file=allow).verdict is Verdict.DENY


@pytest.mark.parametrize("path", [".grace/policy.toml", ".grace/x/y", "sub/.grace/z", "CODEOWNERS"])
@pytest.mark.parametrize("before", ["0" * 64, None])
def test_a_change_of_who_decides_is_reviewed_whatever_a_rule_allows(case, path, before):
    case.paths[path] = before
    decision = case.decide(policy_file=policy(("", 'then = "allow"')))
    assert (decision.verdict, decision.votes_required) == (Verdict.REVIEW, 1)
    assert decision.reason == "governance files edited"


def test_what_ran_without_a_sandbox_is_reviewed_whatever_a_rule_allows(case):
    case.isolation = Isolation.NONE
    assert case.decide(policy_file=policy(("", 'then = "allow"'))).verdict is Verdict.REVIEW


def test_a_file_that_cannot_be_read_denies_and_says_why(case):
    decision = case.decide(policy_file=b"version = 1\n[[rule]]\nname = 'x'\nthen = 'alow'\n")
    assert decision.verdict is Verdict.DENY
    assert "rule 1 ('x'), then: 'alow' is not known" in decision.reason
    assert decision.results[0].policy_id == ".grace/policy.toml"
    assert decision.policy_version.startswith(".grace/policy.toml@")


def test_the_workflows_are_those_there_are(case):
    for kind in WorkflowKind:
        case.kind = kind
        assert holds(case, f'workflow = ["{kind}"]') == f"workflow: {kind}"
