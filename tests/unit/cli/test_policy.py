import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from grace.cli.main import app
from grace.cli.policy import deciding
from grace.contracts import (
    Decision,
    Denied,
    Evidence,
    GaveUp,
    Outcome,
    PolicyResult,
    Request,
    Verdict,
    Waiting,
    WorkflowKind,
)
from grace.errors import InputError
from grace.settings import Settings
from grace.store.ledger import SqlLedger

RUN = "a" * 12
RULE = PolicyResult(policy_id="rule:two", verdict=Verdict.REVIEW, reason="two", evidence="paths: a.py")
FINE = PolicyResult(policy_id="GP001", verdict=Verdict.ALLOW, reason="3 checks passed")
DECISION = Decision(
    change_digest="d" * 64,
    verdict=Verdict.REVIEW,
    results=(RULE, FINE),
    votes_required=2,
    roles=("maintainer", "owner"),
    within_seconds=5400,
    policy_version=".grace/policy.toml@1a2b3c4d5e6f",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own for each test."""
    monkeypatch.setenv("GRACE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def grace(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["policy", *arguments])


def record(outcome: Outcome | None) -> None:
    ledger = SqlLedger.open(Settings().database)
    ledger.start(
        Request(
            id=RUN,
            kind=WorkflowKind.FIX_BUG,
            repository="/somewhere",
            base_revision="0" * 40,
            requested_by="ann",
            requested_at=datetime(2026, 1, 2, tzinfo=UTC),
        )
    )
    if outcome:
        ledger.finish(RUN, outcome)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A policy file whose second rule never matches."""
    file = tmp_path / "policy.toml"
    file.write_text('version = 1\n[[rule]]\nname = "a"\nthen = "deny"\n[[rule]]\nname = "b"\nthen = "deny"\n')
    return file


@pytest.mark.parametrize("command", ["check", "explain"])
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    assert f"Example:  grace policy {command}" in grace(command, "--help").stdout


def test_check_counts_the_rules_and_warns(policy: Path) -> None:
    said = grace("check", str(policy))
    assert said.exit_code == 0
    assert f"{policy}: 2 rules" in said.stdout
    assert "warning: 'b' can never match" in said.stdout


def test_check_answers_programs(policy: Path) -> None:
    answer = json.loads(grace("check", str(policy), "--json").stdout)
    assert (answer["status"], answer["rules"], len(answer["warnings"])) == ("ok", ["a", "b"], 1)


@pytest.mark.parametrize("content", ["version = 9", None])
def test_check_refuses_what_is_no_policy_or_not_there(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "bad.toml"
    if content:
        file.write_text(content)
    error = grace("check", str(file)).exception
    assert isinstance(error, InputError)
    assert error.exit_code == 2
    assert str(file) in str(error)


def test_explain_says_what_decided_on_which_evidence_and_what_it_asks_for() -> None:
    record(Waiting(run_id=RUN, reason="two", evidence=Evidence(decision=DECISION)))
    said = grace("explain", "aaaa")
    assert said.exit_code == 0
    assert said.stdout.splitlines() == [
        f"Run {RUN}: review, by .grace/policy.toml@1a2b3c4d5e6f",
        "It asks for 2 votes of maintainer or owner within 1.5 hours.",
        "",
        "Decided by",
        "  rule:two  review: two (paths: a.py)",
        "",
        "Beside it",
        "  GP001  allow: 3 checks passed",
    ]


def test_explain_answers_programs() -> None:
    record(Waiting(run_id=RUN, reason="two", evidence=Evidence(decision=DECISION)))
    answer = json.loads(grace("explain", RUN, "--json").stdout)
    assert (answer["status"], answer["decided_by"]) == ("review", ["rule:two"])
    assert answer["decision"]["results"][0]["evidence"] == "paths: a.py"


@pytest.mark.parametrize(
    ("outcome", "why"),
    [(GaveUp(run_id=RUN, reason="no repair", cause="no_repair"), "no repair"), (None, "it has no outcome yet")],
)
def test_explain_says_that_nothing_was_decided(outcome: Outcome | None, why: str) -> None:
    record(outcome)
    said = grace("explain", RUN)
    assert said.exit_code == 0
    assert f"nothing was decided: {why}" in said.stdout
    answer = json.loads(grace("explain", RUN, "--json").stdout)
    assert (answer["status"], answer["decided_by"], answer["decision"]) == ("undecided", [], None)


def test_what_stands_in_a_policy_cannot_draw_over_the_terminal() -> None:
    escaping = RULE.model_copy(update={"evidence": "paths: \x1b[2J"})
    decision = DECISION.model_copy(update={"results": (escaping,)})
    record(Denied(run_id=RUN, reason="no", evidence=Evidence(decision=decision)))
    assert "\x1b" not in grace("explain", RUN).stdout


def test_of_an_allowed_change_the_rule_decided_where_one_spoke() -> None:
    allow = RULE.model_copy(update={"verdict": Verdict.ALLOW})
    ruled = DECISION.model_copy(update={"verdict": Verdict.ALLOW, "results": (allow, FINE)})
    assert deciding(ruled) == [allow]
    assert deciding(ruled.model_copy(update={"results": (FINE,)})) == [FINE]


def test_of_a_denied_change_every_denial_decided() -> None:
    both = [RULE.model_copy(update={"verdict": Verdict.DENY}), FINE.model_copy(update={"verdict": Verdict.DENY})]
    assert deciding(DECISION.model_copy(update={"verdict": Verdict.DENY, "results": (*both, FINE)})) == both
