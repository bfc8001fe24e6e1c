"""`grace fix` and `grace rerun`: from arguments to a request, from an outcome to words and an exit code."""

import getpass
import os
import secrets
import shlex
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from grace.cli import answer
from grace.cli.launch import launch
from grace.cli.report import Reporter
from grace.contracts import Budget, FixOptions, Request, WorkflowKind
from grace.errors import EnvironmentLacking, InputError
from grace.git import GitRepository
from grace.settings import Settings

LEAST_FREE_BYTES = 2**20
"""Room that a repository must have for a commit."""


@dataclass(frozen=True)
class FixArguments:
    """What the user typed."""

    repository: Path
    test_command: str
    tests: tuple[str, ...]
    description: str
    seconds: float
    python: str | None
    apply: bool
    approve: bool
    dry_run: bool
    include_uncommitted: bool
    errors: bool = False


def fix(arguments: FixArguments, *, as_json: bool) -> int:
    """Repair a bug. Gives the exit code; raises InputError when the arguments cannot be carried out."""
    return _carry_out(to_request(arguments, Settings()), as_json=as_json)


def rerun(prefix: str, *, approve: bool, as_json: bool) -> int:
    """Go on with a recorded run. Gives the exit code."""
    from grace.store.ledger import SqlLedger

    ledger = SqlLedger.open(Settings().database)
    request = ledger.request(ledger.find(prefix))
    return _carry_out(request.model_copy(update={"approve": request.approve or approve}), as_json=as_json)


def _carry_out(request: Request, *, as_json: bool) -> int:
    began = time.monotonic()
    reporter = Reporter(quiet=as_json)
    with reporter.watching(request) as listener:
        outcome = launch(request, Settings(), listener)
    seconds = round(time.monotonic() - began, 2)
    if as_json:
        answer.write(answer.of_run(request, outcome, seconds))
    else:
        reporter.outcome(request, outcome, seconds)
    return answer.exit_code(outcome)


def to_request(arguments: FixArguments, settings: Settings) -> Request:
    """The request that the arguments ask for. Raises InputError when they cannot be carried out."""
    repository = GitRepository.open(arguments.repository)
    if not arguments.dry_run:
        _refuse_unwritable(repository.root)
    base, notes = _base(repository, arguments)
    try:
        return Request(
            id=secrets.token_hex(6),
            kind=WorkflowKind.FIX_BUG,
            text=arguments.description,
            repository=str(repository.root),
            base_revision=base,
            notes=notes,
            requested_by=login_name(settings),
            requested_at=datetime.now(UTC),
            python=arguments.python and str(Path(arguments.python).expanduser().absolute()),
            options=FixOptions(
                test_command=_split(arguments.test_command),
                tests=tuple(_test_path(test, repository.root) for test in arguments.tests),
                errors=arguments.errors,
            ),
            budget=Budget(seconds=arguments.seconds),
            apply=arguments.apply,
            approve=arguments.approve,
            dry_run=arguments.dry_run,
        )
    except ValidationError as error:
        details = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InputError(f"The request is not valid: {details}") from error


def _base(repository: GitRepository, arguments: FixArguments) -> tuple[str, tuple[str, ...]]:
    head = repository.resolve("HEAD")
    dirty = () if repository.bare else repository.uncommitted()
    missing = repository.left_out(head)
    if not dirty:
        return head, missing
    count = "1 uncommitted file" if len(dirty) == 1 else f"{len(dirty)} uncommitted files"
    if arguments.include_uncommitted:
        return repository.snapshot(), (f"Worked on a snapshot of the checkout, with its {count}.", *missing)
    return head, (f"Worked on HEAD, without the {count}; --include-uncommitted takes them along.", *missing)


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


def login_name(settings: Settings) -> str:
    """Who runs this command."""
    try:
        return settings.user or getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in some containers
        return f"uid {os.getuid()}"
