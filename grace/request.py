"""Wish -> Request: what somebody typed, made into what every stage can rely on."""

import os
import secrets
import shlex
import shutil
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from grace.contracts import Budget, FixBug, FixOptions, Request, Wish, WorkflowKind
from grace.errors import EnvironmentLacking, InputError
from grace.git import GitRepository

LEAST_FREE_BYTES = 2**20
"""Room that a repository must have for a commit."""


def resolve(wish: FixBug, *, requested_by: str) -> Request:
    """The request that a wish comes to: its base pinned to a commit, its paths found, its command read.

    `requested_by` is who asks when the wish does not say. A relative path in `tests` is looked for in the repository
    first, then in the current folder. Raises InputError when the wish cannot be carried out, EnvironmentLacking when
    the disk of the repository is full.
    """
    repository = GitRepository.open(Path(wish.repository))
    if not wish.dry_run:
        _refuse_unwritable(repository.root)
    base, branch, notes = _base(repository, wish)
    try:
        return Request(
            id=wish.run_id or secrets.token_hex(6),
            kind=WorkflowKind.FIX_BUG,
            text=wish.description,
            repository=str(repository.root),
            base_revision=base,
            base_branch=branch,
            notes=notes,
            requested_by=wish.requested_by or requested_by,
            requested_at=datetime.now(UTC),
            python=wish.python and str(Path(wish.python).expanduser().absolute()),
            options=FixOptions(
                test_command=_split(wish.test_command),
                tests=tuple(_test_path(test, repository.root) for test in wish.tests),
                errors=wish.errors,
            ),
            budget=Budget(seconds=wish.seconds),
            apply=wish.apply,
            approve=wish.approve,
            dry_run=wish.dry_run,
        )
    except ValidationError as error:
        raise InputError(f"The request is not valid: {said(error)}") from error


def said(error: ValidationError) -> str:
    """Which fields are wrong, and why, in one line."""
    return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())


def _base(repository: GitRepository, wish: Wish) -> tuple[str, str, tuple[str, ...]]:
    """The commit to work from, the branch to follow ("" when there is none), and what the requester should know."""
    base, branch = repository.resolve(wish.base), repository.branch(wish.base)
    missing = repository.left_out(base)
    dirty = () if repository.bare or wish.base != "HEAD" else repository.uncommitted()
    if not dirty:
        return base, branch, missing
    count = "1 uncommitted file" if len(dirty) == 1 else f"{len(dirty)} uncommitted files"
    if wish.include_uncommitted:
        return repository.snapshot(), "", (f"Worked on a snapshot of the checkout, with its {count}.", *missing)
    return base, branch, (f"Worked on HEAD, without the {count}; --include-uncommitted takes them along.", *missing)


def _refuse_unwritable(root: Path) -> None:
    """Before a long search, not after it."""
    git_folder = root / ".git"
    if git_folder.is_dir() and not os.access(git_folder, os.W_OK):
        raise InputError(f"You may not write to {git_folder}, where the branch would go. --dry-run needs no write.")
    if shutil.disk_usage(root).free < LEAST_FREE_BYTES:
        raise EnvironmentLacking(f"No space left on the disk of {root}, where the branch would go: free some.")


def _test_path(given: str, root: Path) -> str:
    """The test relative to the repository, whether it was given so or relative to the current folder."""
    path, separator, node = given.partition("::")
    for candidate in (root / path, Path(path).absolute()):
        if candidate.exists() and candidate.resolve().is_relative_to(root.resolve()):
            return candidate.resolve().relative_to(root.resolve()).as_posix() + separator + node
    raise InputError(f"--tests {given}: there is no {path} in {root}.")


def _split(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise InputError(f"--test-command cannot be read: {error}. Check its quotes.") from error
