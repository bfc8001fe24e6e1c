"""Whether a change leaves errors that need no test to show, and what can be done about those there are."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from grace.contracts import Change, Check, CheckStatus, Interpreter
from grace.errors import EnvironmentLacking
from grace.ports import CommandRunner, VersionControl
from grace.verification.lint import RAISING, UNREADABLE, Violation, brought_in, editable, ruff_for

NAME = "no such errors"


@dataclass(frozen=True)
class Errors:
    """What ruff found, sorted by what can be done about it."""

    found: tuple[Violation, ...]
    """In files that may be edited."""
    in_tests: tuple[Violation, ...]
    left: tuple[Violation, ...]
    """Matters that do not raise and have no safe fix, or files that ruff cannot read."""

    @property
    def red(self) -> tuple[Violation, ...]:
        """What this door is asked to repair; where there is nothing but broken tests, these, which it cannot."""
        return self.found or tuple(violation for violation in self.in_tests if violation.code in RAISING)

    @property
    def beside(self) -> str:
        """What is not repaired, for the reason."""
        said = []
        if self.found and self.in_tests:
            said.append(f"in tests or configuration, which are never edited: {listed(self.in_tests)}")
        elif self.in_tests:
            said.append(f"there are some in tests or configuration, which are never edited: {listed(self.in_tests)}")
        if self.left:
            said.append(f"without a safe fix: {listed(self.left)}")
        return "".join(f"; {text}" for text in said)


def sort_errors(violations: Iterable[Violation], tracked: Iterable[str]) -> Errors:
    """Violations of tracked files by what can be done about them."""
    known = frozenset(tracked)
    may_edit = editable(known)
    mine = [violation for violation in violations if violation.path in known]
    errors = [violation for violation in mine if violation.is_error and violation.code != UNREADABLE]
    return Errors(
        found=tuple(violation for violation in errors if violation.path in may_edit),
        in_tests=tuple(violation for violation in errors if violation.path not in may_edit),
        left=tuple(v for v in mine if v.path in may_edit and (v.code == UNREADABLE or not v.is_error)),
    )


def check_errors(change: Change, repository: VersionControl, runner: CommandRunner, interpreter: Interpreter) -> Check:
    """ruff again, on clean checkouts without and with the change: no error may be left, and nothing may be new."""
    started = time.monotonic()
    tracked = repository.files(change.base_revision)
    try:
        with repository.checkout(change.base_revision) as root:
            ruff = ruff_for(root, runner=runner, interpreter=interpreter)
            before = ruff.check(root)
        with repository.checkout(change.base_revision, patch=change.patch) as root:
            after = ruff.check(root)
    except EnvironmentLacking as error:
        return Check(name=NAME, status=CheckStatus.NOT_RUN, reason=str(error))
    left = sort_errors(after, tracked)
    new = [violation for violation in brought_in(before, after) if violation not in left.found]
    said = [f"{len(left.found)} left: {listed(left.found)}"] if left.found else []
    said += [f"{len(new)} new: {listed(new)}"] if new else []
    return Check(
        name=NAME,
        status=CheckStatus.FAILED if said else CheckStatus.PASSED,
        reason="; ".join(said),
        command=ruff.command,
        seconds=time.monotonic() - started,
    )


def listed(violations: Sequence[Violation], most: int = 5) -> str:
    """The first violations in words."""
    more = f" and {len(violations) - most} more" if len(violations) > most else ""
    return "; ".join(f"{v.title} {v.message}" for v in violations[:most]) + more
