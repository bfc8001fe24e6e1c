"""Change -> Delivery: one commit on a branch of its own.

Idempotent by construction: the branch is named by the request, and the commit id depends on nothing but the
change and the request. A second delivery, by this process or another, finds what the first one made.
"""

import re
import textwrap

from grace.contracts import AuditHead, Change, Decision, Delivery, Request, Verdict
from grace.errors import InputError, IntegrityError
from grace.ports import VersionControl

AUTHOR = "GRACE <grace@localhost>"
BRANCHES = "grace/"
"""What the names of all delivered branches begin with."""
REQUEST_TRAILER, DIGEST_TRAILER, AUDIT_TRAILER = "Grace-Request-Id", "Grace-Change-Digest", "Grace-Audit"
_SUBJECT_WIDTH, _BODY_WIDTH = 72, 76


def deliver(
    change: Change, request: Request, decision: Decision, audit: AuditHead, *, repository: VersionControl
) -> Delivery:
    """Commit the change to its branch, and apply it to the checkout when the request asks for that.

    The commit names the audit head that has the decision as its last record: what is in the repository vouches
    for what is in the audit log.
    That the votes a review asks for are there is the caller's to know (`governance.satisfied`). Raises
    IntegrityError when the decision is not about this change or denies it, or when the branch holds something
    else.
    """
    if decision.change_digest != change.digest:
        raise IntegrityError(
            f"The decision is about {decision.change_digest[:12]}, not {change.digest[:12]}: decide again."
        )
    if decision.verdict is Verdict.DENY:
        raise IntegrityError(f"A denied change is not delivered: {decision.reason}")
    branch = branch_name(request)
    message = commit_message(change, request, audit)
    commit = repository.commit(change.base_revision, change.edits, message, AUTHOR, request.requested_at)
    created = repository.create_branch(branch, commit)
    applied, note = _apply(change, repository) if request.apply else (False, "")
    return Delivery(branch=branch, commit=commit, created=created, applied_to_checkout=applied, note=note)


def branch_name(request: Request) -> str:
    """`grace/<kind>/<request id>`."""
    return f"{BRANCHES}{request.kind.value.replace('_', '-')}/{request.id}"


def commit_message(change: Change, request: Request, audit: AuditHead) -> str:
    """Subject (at most 72 characters), wrapped body and trailers, from the change's rationale."""
    rationale = " ".join(_printable(change.rationale).split())
    first, _, rest = rationale.partition(". ")
    subject = first.rstrip(".") or f"{request.kind.value.replace('_', ' ')}".capitalize()
    if len(subject) > _SUBJECT_WIDTH:
        subject, rest = textwrap.shorten(subject, _SUBJECT_WIDTH, placeholder=" ..."), rationale
        if len(subject) < _SUBJECT_WIDTH // 3:  # one endless word
            subject = f"{first[: _SUBJECT_WIDTH - 4]} ..."
    body = textwrap.fill(rest, _BODY_WIDTH, break_long_words=False, break_on_hyphens=False)
    trailers = {
        REQUEST_TRAILER: request.id,
        DIGEST_TRAILER: change.digest,
        AUDIT_TRAILER: f"{audit.length}:{audit.mac}",
    }
    lines = "".join(f"{name}: {value}\n" for name, value in trailers.items())
    return "\n\n".join(part for part in (subject, body, lines) if part)


def read_audit(trailer: str) -> AuditHead | None:
    """The audit head that a commit names, None when it is malformed."""
    found = re.fullmatch(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", trailer)
    return AuditHead(length=int(found[1]), mac=found[2]) if found else None


def _apply(change: Change, repository: VersionControl) -> tuple[bool, str]:
    if repository.resolve("HEAD") != change.base_revision:
        return False, "Not applied to the checkout: it is not at the revision the change was made for."
    if _is_applied(change, repository):
        return True, ""
    try:
        repository.apply(change.patch)
    except InputError as refusal:
        return False, f"Not applied to the checkout: {refusal}"
    return True, ""


def _is_applied(change: Change, repository: VersionControl) -> bool:
    """Whether the checkout holds the edits already, as after an earlier delivery."""
    edited = [edit.path for edit in change.edits]
    if not set(edited) <= set(repository.uncommitted()):
        return False
    there = repository.read_many(repository.snapshot(), edited)
    return all(there.get(edit.path) == edit.after for edit in change.edits)


def _printable(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)
