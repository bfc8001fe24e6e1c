"""Change -> the same change on the base branch as it is now.

People work on while a change is made or waits for votes. What was verified on an old base says little about the
new one, so the change is moved there first and verified again.
"""

from hashlib import sha256

from grace.contracts import Change, FileEdit, Rebased, Request
from grace.delivery import REQUEST_TRAILER, branch_name
from grace.ports import VersionControl


def rebase(change: Change, request: Request, *, repository: VersionControl) -> Rebased:
    """Merge the edits, each file by itself, with what its branch did to it meanwhile.

    The request's branch as it was delivered, when it was, says what it was delivered on: a second delivery must come
    to the same commit. No change is given when the branch touched the same lines, or when it has the change already.
    """
    onto = _base_now(change, request, repository)
    if onto == change.base_revision:
        return Rebased(change=change, reason="The base has not moved.")
    paths = [edit.path for edit in change.edits]
    before, now = repository.read_many(change.base_revision, paths), repository.read_many(onto, paths)
    moved = [_moved(edit, before.get(edit.path), now.get(edit.path), repository) for edit in change.edits]
    if conflicts := [edit.path for edit, new in zip(change.edits, moved, strict=True) if new is None]:
        where = f"{request.base_branch or 'the base'} is now at {onto[:12]}"
        return Rebased(reason=f"The same lines were changed meanwhile ({where}): {', '.join(conflicts)}.")
    edits = tuple(edit for edit in moved if edit and edit.after != now.get(edit.path))
    if not edits:
        return Rebased(reason=f"{request.base_branch} has this change already, at {onto[:12]}.")
    patch = repository.patch(onto, edits)
    rebased = change.model_copy(update={"base_revision": onto, "edits": edits, "patch": patch})
    return Rebased(change=rebased, reason=f"Moved to {request.base_branch} at {onto[:12]}.")


def _base_now(change: Change, request: Request, repository: VersionControl) -> str:
    mark = f"{REQUEST_TRAILER}: {request.id}"
    if (delivered_on := repository.parent(branch_name(request), mark)) is not None:
        return delivered_on
    if not request.base_branch:
        return change.base_revision
    return repository.find(f"refs/heads/{request.base_branch}") or change.base_revision


def _moved(edit: FileEdit, before: bytes | None, now: bytes | None, repository: VersionControl) -> FileEdit | None:
    """The edit as it applies to the file's content now, None when both changed the same lines."""
    if now in (before, edit.after):
        return edit
    if now is None or before is None or edit.after is None:
        return None
    merged = repository.merge(edit.after, before, now)
    return None if merged is None else FileEdit(path=edit.path, before_hash=sha256(now).hexdigest(), after=merged)
