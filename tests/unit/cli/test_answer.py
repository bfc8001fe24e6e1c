import json
from datetime import UTC, datetime

import pytest

from grace.cli import answer
from grace.contracts import (
    Change,
    Check,
    CheckStatus,
    Delivered,
    Delivery,
    Denied,
    Evidence,
    FileEdit,
    GaveUp,
    Isolation,
    NothingToDo,
    Outcome,
    Proposed,
    Provenance,
    Repair,
    Request,
    Unverified,
    Verification,
    Waiting,
    WorkflowKind,
)

RUN = "a" * 12
REQUEST = Request(
    id=RUN,
    kind=WorkflowKind.FIX_BUG,
    repository="/somewhere",
    base_revision="0" * 40,
    notes=("Worked on HEAD.",),
    requested_by="ann",
    requested_at=datetime(2026, 1, 2, tzinfo=UTC),
)
CHANGE = Change(
    base_revision="0" * 40,
    edits=(FileEdit(path="a.py", after=b"\xff"),),
    patch="--- a\n",
    rationale="because",
    provenance=Provenance(strategy="search"),
)


def proved(status: CheckStatus) -> Evidence:
    return Evidence(
        repair=Repair(change=CHANGE, reason="found", tests_weak=True),
        verification=Verification(
            change_digest=CHANGE.digest,
            checks=(Check(name="tests", status=status),),
            isolation=Isolation.BUBBLEWRAP,
        ),
    )


PASSED, FAILED = proved(CheckStatus.PASSED), proved(CheckStatus.FAILED)
DELIVERY = Delivery(branch="grace/fix-bug/x", commit="1" * 40, created=True, note="Not applied.")
CASES: list[tuple[Outcome, str, int]] = [
    (Delivered(run_id=RUN, reason="", delivery=DELIVERY, evidence=PASSED), "fixed", 0),
    (Proposed(run_id=RUN, reason="", evidence=PASSED), "fixed", 0),
    (Proposed(run_id=RUN, reason="", evidence=FAILED), "unverified", 1),
    (Delivered(run_id=RUN, reason="", delivery=DELIVERY), "unverified", 1),
    (NothingToDo(run_id=RUN, reason=""), "nothing_to_fix", 0),
    (Waiting(run_id=RUN, reason="", evidence=PASSED), "waiting", 3),
    (Denied(run_id=RUN, reason="", evidence=PASSED), "denied", 4),
    (Unverified(run_id=RUN, reason="", evidence=FAILED), "unverified", 1),
    (GaveUp(run_id=RUN, reason="", cause="no_repair"), "not_fixed", 1),
    (GaveUp(run_id=RUN, reason="", cause="flaky"), "flaky", 1),
    (GaveUp(run_id=RUN, reason="", cause="no_tests"), "no_tests", 1),
    (GaveUp(run_id=RUN, reason="", cause="uncollectable"), "uncollectable", 1),
]


@pytest.mark.parametrize(("outcome", "status", "code"), CASES)
def test_every_outcome_has_its_word_and_exit_code(outcome: Outcome, status: str, code: int) -> None:
    assert (answer.status(outcome), answer.exit_code(outcome)) == (status, code)


@pytest.mark.parametrize("outcome", [case[0] for case in CASES])
def test_every_outcome_has_the_same_fields_and_is_json(outcome: Outcome) -> None:
    fields = answer.of_run(REQUEST, outcome, 1.5)
    assert fields.keys() == answer.of_run(REQUEST, CASES[0][0], 1.5).keys()
    assert json.loads(json.dumps(fields)) == fields


@pytest.mark.parametrize("outcome", [case[0] for case in CASES if case[0].evidence.repair])
def test_the_diff_is_there_also_when_nothing_was_delivered(outcome: Outcome) -> None:
    assert answer.of_run(REQUEST, outcome, None)["diff"] == "--- a\n"


def test_what_the_user_should_know_is_in_the_notes() -> None:
    assert answer.notes(REQUEST, CASES[0][0]) == [
        "Worked on HEAD.",
        "The tests are weak here: patches that behave differently all pass them. Read the diff.",
        "Not applied.",
    ]
