import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import (
    AuditHead,
    Change,
    Decision,
    FileEdit,
    PolicyResult,
    Provenance,
    Request,
    Verdict,
    WorkflowKind,
)
from grace.delivery import commit_message, deliver, read_audit
from grace.errors import IntegrityError
from grace.git import run_git

AUDIT = AuditHead(length=7, mac="ab" * 32)
OLD, NEW = b"def f():\n    return 1\n", b"def f():\n    return 2\n"


def request_for(base: str, **fields) -> Request:
    values = {
        "id": "0123456789ab",
        "kind": WorkflowKind.FIX_BUG,
        "repository": "/r",
        "base_revision": base,
        "requested_by": "ann",
        "requested_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    }
    return Request(**(values | fields))


def change_for(base: str, rationale: str = "Return 2 from f. The tests expect it.", patch: str = "") -> Change:
    edit = FileEdit(path="a.py", before_hash=hashlib.sha256(OLD).hexdigest(), after=NEW)
    return Change(
        base_revision=base,
        edits=(edit,),
        patch=patch,
        rationale=rationale,
        provenance=Provenance(strategy="t"),
    )


def decision_for(change: Change, verdict: Verdict = Verdict.ALLOW) -> Decision:
    results = (PolicyResult(policy_id="GP001", verdict=verdict, reason="because"),)
    return Decision(change_digest=change.digest, verdict=verdict, results=results, policy_version="1")


@pytest.fixture
def repository(make_repository):
    return make_repository({"a.py": OLD})


@pytest.fixture
def change(repository):
    base = repository.resolve("HEAD")
    return change_for(base, patch=repository.patch(base, change_for(base).edits))


def test_delivers_one_commit_on_a_branch_named_by_the_request(repository, change):
    delivery = deliver(change, request_for(change.base_revision), decision_for(change), AUDIT, repository=repository)
    assert delivery.branch == "grace/fix-bug/0123456789ab"
    assert delivery.created
    assert repository.resolve(delivery.branch) == delivery.commit
    assert repository.resolve(f"{delivery.branch}^") == change.base_revision
    assert repository.read(delivery.branch, "a.py") == NEW
    log = run_git(("log", "-1", "--format=%an <%ae> %aI%n%B", delivery.commit), cwd=repository.root).stdout.decode()
    assert log.split("\n\n")[0] == "GRACE <grace@localhost> 2026-01-02T03:04:05+00:00\nReturn 2 from f"
    trailers = run_git(("log", "-1", "--format=%(trailers)", delivery.commit), cwd=repository.root).stdout.decode()
    assert trailers.strip().splitlines() == [
        "Grace-Request-Id: 0123456789ab",
        f"Grace-Change-Digest: {change.digest}",
        f"Grace-Audit: 7:{'ab' * 32}",
    ]
    assert repository.uncommitted() == ()


def test_a_second_delivery_finds_the_first(repository, change):
    arguments = (change, request_for(change.base_revision), decision_for(change), AUDIT)
    first = deliver(*arguments, repository=repository)
    second = deliver(*arguments, repository=repository)
    assert second == first.model_copy(update={"created": False})


def test_a_branch_that_holds_something_else_stops_the_delivery(repository, change):
    repository.create_branch("grace/fix-bug/0123456789ab", "HEAD")
    with pytest.raises(IntegrityError, match="git branch -D"):
        deliver(change, request_for(change.base_revision), decision_for(change), AUDIT, repository=repository)


def test_applies_on_request(repository, change):
    request = request_for(change.base_revision, apply=True)
    delivery = deliver(change, request, decision_for(change), AUDIT, repository=repository)
    assert delivery.applied_to_checkout
    assert (repository.root / "a.py").read_bytes() == NEW


def test_what_is_applied_already_stays_applied(repository, change):
    arguments = (change, request_for(change.base_revision, apply=True), decision_for(change), AUDIT)
    first = deliver(*arguments, repository=repository)
    (repository.root / "new.txt").write_text("mine")
    assert deliver(*arguments, repository=repository) == first.model_copy(update={"created": False})
    (repository.root / "a.py").write_bytes(NEW + b"# mine\n")
    assert "not clean" in deliver(*arguments, repository=repository).note


def test_says_why_a_dirty_checkout_is_not_applied_to(repository, change):
    (repository.root / "a.py").write_text("mine")
    request = request_for(change.base_revision, apply=True)
    delivery = deliver(change, request, decision_for(change), AUDIT, repository=repository)
    assert not delivery.applied_to_checkout
    assert "not clean" in delivery.note
    assert (repository.root / "a.py").read_text() == "mine"


def test_says_why_a_checkout_elsewhere_is_not_applied_to(repository, change):
    run_git(("commit", "--quiet", "--allow-empty", "--message=on"), cwd=repository.root)
    request = request_for(change.base_revision, apply=True)
    delivery = deliver(change, request, decision_for(change), AUDIT, repository=repository)
    assert "revision" in delivery.note
    assert (repository.root / "a.py").read_bytes() == OLD


def test_a_decision_that_denies_or_is_about_another_change_stops_the_delivery(repository, change):
    request = request_for(change.base_revision)
    other = decision_for(change).model_copy(update={"change_digest": "0" * 64})
    for decision in (decision_for(change, Verdict.DENY), other):
        with pytest.raises(IntegrityError):
            deliver(change, request, decision, AUDIT, repository=repository)
    assert not run_git(("branch", "--list", "grace/*"), cwd=repository.root).stdout


def test_a_delivery_that_another_decision_vouches_for_is_another_commit(repository, change):
    arguments = (change, request_for(change.base_revision), decision_for(change))
    deliver(*arguments, AUDIT, repository=repository)
    with pytest.raises(IntegrityError, match="holds"):
        deliver(*arguments, AuditHead(length=8, mac=AUDIT.mac), repository=repository)


@pytest.mark.parametrize(
    "named", ["", "7", "7:", f"0:{'0' * 64}", f"7:{'AB' * 32}", f"07:{'ab' * 32}", f"7:{'ab' * 33}"]
)
def test_a_malformed_audit_trailer_names_nothing(named):
    assert read_audit(named) is None


@given(st.text(max_size=300))
def test_every_rationale_makes_a_good_message(rationale):
    change = change_for("0" * 40, rationale)
    subject, blank, *rest = commit_message(change, request_for("0" * 40), AUDIT).split("\n")
    assert 0 < len(subject) <= 72
    assert blank == ""
    assert rest[-4:-2] == ["Grace-Request-Id: 0123456789ab", f"Grace-Change-Digest: {change.digest}"]
    name, _, value = rest[-2].partition(": ")
    assert (name, read_audit(value)) == ("Grace-Audit", AUDIT)


def test_a_long_first_sentence_is_shortened_and_kept_in_the_body():
    message = commit_message(change_for("0" * 40, "word " * 40 + "end. More."), request_for("0" * 40), AUDIT)
    assert message.split("\n")[0].endswith(" ...")
    assert "end. More." in message
