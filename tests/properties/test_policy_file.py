"""What must hold for every policy file that somebody could write."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import (
    Change,
    Check,
    CheckStatus,
    Decision,
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
    Verdict,
    Verification,
    Vote,
    WorkflowKind,
)
from grace.errors import InputError
from grace.governance import PolicyFile, decide, parse_policy
from grace.governance.policy_file import When

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PATHS = ("a.py", "pay/b.py", "tests/test_a.py", "pyproject.toml", ".grace/policy.toml", ".github/workflows/ci.yml")
GLOBS = ("**", "*.py", "pay/**", ".grace/", "nowhere")


def some(values: Any) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(list(values)), min_size=1, max_size=3)


CONDITIONS: dict[str, st.SearchStrategy[Any]] = {
    "workflow": some(WorkflowKind),
    "requested_by": some(["ann", "bob"]),
    "paths": some(GLOBS),
    "only_paths": some(GLOBS),
    "touches": some(["tests", "dependencies", "ci", "policy"]),
    "lines_changed_at_least": st.integers(0, 2),
    "lines_changed_at_most": st.integers(2, 4),
    "verification": st.sampled_from(["passed", "failed"]),
    "isolation": some(Isolation),
    "findings_at_least": st.sampled_from(Severity),
    "risk_at_least": st.just(Risk.LOW),
    "risk_at_most": st.sampled_from(Risk),
}
CONDITION = st.sampled_from(sorted(CONDITIONS)).flatmap(lambda name: st.tuples(st.just(name), CONDITIONS[name]))
WHEN = st.lists(CONDITION, max_size=3).map(dict)
RULES = st.lists(st.tuples(WHEN, st.sampled_from(Verdict)), max_size=4)
NEVER = {"requested_by": ["nobody"]}

Rules = list[tuple[dict[str, Any], Verdict]]


def written(rules: Rules, names: str = "r") -> bytes:
    """The rules as somebody would write them: JSON's values are also TOML's."""
    tables = []
    for number, (when, then) in enumerate(rules):
        conditions = ", ".join(f"{name} = {json.dumps(value)}" for name, value in when.items())
        tables.append(f'[[rule]]\nname = "{names}{number}"\nwhen = {{ {conditions} }}\nthen = "{then}"\n')
    return ("version = 1\n" + "".join(tables)).encode()


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """Everything that decide needs to know about some change."""
    paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3, unique=True))
    change = Change(
        base_revision="0" * 40,
        edits=tuple(FileEdit(path=path, after=b"") for path in paths),
        patch="".join(f"diff --git a/{path} b/{path}\n@@ -0,0 +1 @@\n+\n" for path in paths),
        rationale="",
        provenance=Provenance(strategy="t"),
    )
    finding = st.builds(
        Finding,
        rule_id=st.just("B1"),
        title=st.just("bad"),
        severity=st.sampled_from(Severity),
        confidence=st.sampled_from(Severity),
        location=st.just(Location(path="a.py", line=1, end_line=1)),
        detector=st.just("bandit"),
        fingerprint=st.just("f"),
    )
    vote = st.builds(
        Vote,
        voter=st.sampled_from("ab"),
        role=st.just("approver"),
        authenticated_by=st.just("password"),
        approved=st.booleans(),
        cast_at=st.just(NOW),
        change_digest=st.just(change.digest),
    )
    statuses = draw(st.lists(st.sampled_from([CheckStatus.PASSED, *CheckStatus]), max_size=2))
    return {
        "change": change,
        "request": Request(
            id="0" * 12,
            kind=draw(st.sampled_from(WorkflowKind)),
            repository="/r",
            base_revision="0" * 40,
            requested_by=draw(st.sampled_from(["ann", "bob"])),
            requested_at=NOW,
        ),
        "verification": Verification(
            change_digest=change.digest,
            checks=tuple(Check(name="tests", status=status) for status in statuses),
            isolation=draw(st.sampled_from(Isolation)),
            tested=draw(st.booleans()),
        ),
        "scan": ScanReport(
            change_digest=change.digest,
            findings=tuple(draw(st.lists(finding, max_size=2))),
            detector_runs=(DetectorRun(name="bandit", status="ok"),),
        ),
        "impact": Impact(change_digest=change.digest, risk=draw(st.sampled_from(Risk))),
        "votes": tuple(draw(st.lists(vote, max_size=1))),
    }


def judged(case: dict[str, Any], rules: Rules) -> Decision:
    return decide(**case, policy_file=written(rules))


def speaker(case: dict[str, Any], rules: Rules) -> str | None:
    """Which rule spoke, None when none did."""
    first = judged(case, rules).results[0].policy_id
    return first if first.startswith("rule:") else None


def test_every_condition_is_tried() -> None:
    assert list(CONDITIONS) == list(When.model_fields)


@given(cases(), RULES)
def test_what_the_built_in_policies_deny_stays_denied(case: dict[str, Any], rules: Rules) -> None:
    if decide(**case).verdict is Verdict.DENY:
        assert judged(case, rules).verdict is Verdict.DENY


@given(cases(), RULES)
def test_what_was_not_verified_is_never_allowed(case: dict[str, Any], rules: Rules) -> None:
    if not case["verification"].passed:
        assert judged(case, rules).verdict is Verdict.DENY


@given(cases(), RULES)
def test_a_change_of_the_policy_is_never_allowed_unread(case: dict[str, Any], rules: Rules) -> None:
    if any(edit.path.startswith(".grace/") for edit in case["change"].edits):
        assert judged(case, rules).verdict is not Verdict.ALLOW


@given(cases(), RULES)
def test_a_verdict_is_never_milder_than_any_answer_in_the_record(case: dict[str, Any], rules: Rules) -> None:
    decision = judged(case, rules)
    order = list(Verdict)
    assert order.index(decision.verdict) == max(order.index(result.verdict) for result in decision.results)
    assert bool(decision.votes_required) is (decision.verdict is Verdict.REVIEW)


@given(cases(), RULES)
def test_the_first_rule_that_matches_alone_speaks(case: dict[str, Any], rules: Rules) -> None:
    alone = [speaker(case, [rule]) is not None for rule in rules]
    expected = f"rule:r{alone.index(True)}" if any(alone) else None
    assert speaker(case, rules) == expected


@given(cases(), RULES, st.sampled_from(Verdict), st.data())
def test_a_rule_that_never_matches_changes_nothing(
    case: dict[str, Any], rules: Rules, then: Verdict, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(rules)))
    extra = written([(NEVER, then)], "never").decode().partition("\n")[2]
    tables = written(rules).decode().split("[[rule]]")
    tables[at] += extra
    with_extra = decide(**case, policy_file="[[rule]]".join(tables).encode())
    without = judged(case, rules)
    assert with_extra == without.model_copy(update={"policy_version": with_extra.policy_version})


@given(st.one_of(st.binary(), st.text().map(str.encode), st.text(alphabet="[]{}=\"'.,\n 1rulevson").map(str.encode)))
def test_whatever_stands_in_the_file_it_is_read_or_refused_in_words(text: bytes) -> None:
    try:
        assert isinstance(parse_policy(text, "policy.toml"), PolicyFile)
    except InputError as error:
        assert str(error).startswith("policy.toml is no policy: ")


PLAIN = st.recursive(
    st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.text(st.characters(max_codepoint=0x7E, exclude_categories=["Cc"])),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["name", "then", "votes", "roles", "within", "x"]), PLAIN), WHEN, PLAIN)
def test_whatever_values_its_keys_have_the_file_is_read_or_refused_in_words(
    keys: dict[str, Any], when: dict[str, Any], value: Any
) -> None:
    conditions = ", ".join(f"{name} = {json.dumps(value)}" for name in when)
    lines = [f"{name} = {json.dumps(each)}" for name, each in keys.items()]
    text = "\n".join(["version = 1", "[[rule]]", f"when = {{ {conditions} }}", *lines])
    try:
        assert isinstance(parse_policy(text.encode(), "policy.toml"), PolicyFile)
    except InputError as error:
        assert "rule 1" in str(error)
