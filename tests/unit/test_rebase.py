"""A change follows its branch."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from grace.contracts import Change, FileEdit, Provenance, Request, WorkflowKind
from grace.git import GitRepository, run_git
from grace.rebase import rebase

LINES = [f"line {number}\n" for number in range(9)]
Files = dict[str, str | None]


def ask(repository: GitRepository, branch: str = "main") -> Request:
    return Request(
        id="a" * 12,
        kind=WorkflowKind.FIX_BUG,
        repository=str(repository.root),
        base_revision=repository.resolve("HEAD"),
        base_branch=branch,
        requested_by="ann",
        requested_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


def changed(repository: GitRepository, files: Files) -> Change:
    base = repository.resolve("HEAD")
    before = repository.read_many(base, list(files))
    edits = tuple(
        FileEdit(
            path=path,
            before_hash=sha256(before[path]).hexdigest() if path in before else None,
            after=None if content is None else content.encode(),
        )
        for path, content in files.items()
    )
    return Change(
        base_revision=base,
        edits=edits,
        patch=repository.patch(base, edits),
        rationale="because",
        provenance=Provenance(strategy="test"),
    )


def go_on(repository: GitRepository, files: Files, branch: str = "main") -> str:
    """What somebody commits meanwhile."""
    for path, content in files.items():
        (repository.root / path).unlink(missing_ok=True)
        if content is not None:
            (repository.root / path).write_text(content)
    run_git(("add", "--all"), cwd=repository.root)
    run_git(("commit", "--quiet", "--message=Meanwhile"), cwd=repository.root)
    return repository.resolve(branch)


def text(*replaced: tuple[int, str]) -> str:
    lines = [*LINES]
    for number, line in replaced:
        lines[number] = line
    return "".join(lines)


@pytest.fixture
def repository(make_repository: Callable[..., GitRepository]) -> GitRepository:
    return make_repository({"a.txt": text(), "b.txt": "b\n"})


def test_a_base_that_has_not_moved_leaves_the_change_as_it_is(repository: GitRepository) -> None:
    change = changed(repository, {"a.txt": text((1, "ours\n"))})
    assert rebase(change, ask(repository), repository=repository).change == change


def test_commits_elsewhere_move_the_base_and_keep_the_identity(repository: GitRepository) -> None:
    request, change = ask(repository), changed(repository, {"a.txt": text((1, "ours\n")), "new.txt": "n\n"})
    tip = go_on(repository, {"b.txt": "theirs\n"})
    moved = rebase(change, request, repository=repository).change
    assert moved is not None
    assert (moved.base_revision, moved.digest, moved.edits) == (tip, change.digest, change.edits)


def test_commits_to_other_lines_are_merged_and_make_another_change_of_it(repository: GitRepository) -> None:
    request, change = ask(repository), changed(repository, {"a.txt": text((1, "ours\n"))})
    go_on(repository, {"a.txt": text((7, "theirs\n"))})
    moved = rebase(change, request, repository=repository).change
    assert moved is not None
    assert moved.edits[0].after == text((1, "ours\n"), (7, "theirs\n")).encode()
    assert moved.digest != change.digest
    with repository.checkout(moved.base_revision, patch=moved.patch) as root:
        assert (root / "a.txt").read_bytes() == moved.edits[0].after


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"a.txt": text((1, "ours\n"))}, {"a.txt": text((1, "theirs\n"))}),
        ({"a.txt": text((1, "ours\n"))}, {"a.txt": None}),
        ({"a.txt": None}, {"a.txt": text((1, "theirs\n"))}),
        ({"new.txt": "ours\n"}, {"new.txt": "theirs\n"}),
    ],
    ids=["same line", "they delete", "we delete", "both add"],
)
def test_a_conflict_is_named_and_gives_no_change(repository: GitRepository, ours: Files, theirs: Files) -> None:
    request, change = ask(repository), changed(repository, ours)
    tip = go_on(repository, theirs)
    refused = rebase(change, request, repository=repository)
    assert refused.change is None
    assert next(iter(ours)) in refused.reason
    assert tip[:12] in refused.reason


def test_what_the_branch_has_already_is_not_changed_again(repository: GitRepository) -> None:
    request, change = ask(repository), changed(repository, {"a.txt": text((1, "ours\n")), "b.txt": None})
    go_on(repository, {"a.txt": text((1, "ours\n"))})
    moved = rebase(change, request, repository=repository).change
    assert moved is not None
    assert [edit.path for edit in moved.edits] == ["b.txt"]
    go_on(repository, {"b.txt": None})
    done = rebase(change, request, repository=repository)
    assert (done.change, "has this change already" in done.reason) == (None, True)


@pytest.mark.parametrize("branch", ["", "gone"], ids=["no branch", "a branch that is gone"])
def test_without_a_branch_to_follow_the_base_stays(repository: GitRepository, branch: str) -> None:
    request, change = ask(repository, branch), changed(repository, {"a.txt": text((1, "ours\n"))})
    go_on(repository, {"b.txt": "theirs\n"})
    assert rebase(change, request, repository=repository).change == change


def test_what_was_delivered_stays_on_what_it_was_delivered_on(repository: GitRepository) -> None:
    request, change = ask(repository), changed(repository, {"a.txt": text((1, "ours\n"))})
    message = f"Fix\n\nGrace-Request-Id: {request.id}\n"
    commit = repository.commit(change.base_revision, change.edits, message, "GRACE <g@h>", request.requested_at)
    repository.create_branch(f"grace/fix-bug/{request.id}", commit)
    go_on(repository, {"b.txt": "theirs\n"})
    assert rebase(change, request, repository=repository).change == change
