"""Change -> Verification."""

from pathlib import Path
from typing import TYPE_CHECKING

from grace.contracts import Change, Reproduction, Request, Verification
from grace.git import GitRepository
from tasks.installation import memory
from tasks.persistence import stage

_LONG_SUITE = 100
"""Tests."""

if TYPE_CHECKING:
    from grace.verification.suite import EnteredFunctions


@stage("verify", 70)
def verify_fix(request: Request, reproduction: Reproduction, change: Change) -> Verification:
    """Prove the change: applied alone to a clean checkout, the project's own tests in a fresh process.

    For a repository that is indexed, which functions each test entered is kept: it tells which tests a change needs.
    """
    from grace.causal.impact import assess_impact
    from grace.memory.coverage import Entered, record_coverage
    from grace.memory.repositories import find_indexed
    from grace.verification.checks import verify_change
    from grace.verification.sandbox import best_runner

    repository = Path(request.repository)
    database = memory()
    indexed = find_indexed(database, repository) if database else None

    def remember(entered: "EnteredFunctions") -> None:
        if indexed:
            edited = [edit.path for edit in change.edits]
            functions = [(path, line) for path, line in entered["functions"]]
            with indexed.database.writing() as connection:
                record_coverage(connection, indexed.repo_id, Entered(functions, entered["tests"]), changed=edited)

    likeliest: tuple[str, ...] = ()
    if indexed and not request.options.errors and not request.options.test_command:
        impact = assess_impact(change, repository=GitRepository.open(repository), database=indexed.database)
        likeliest = _worth_running_first([test.id for test in impact.tests], reproduction.collected)
    return verify_change(
        change,
        repository=GitRepository.open(repository),
        runner=best_runner(),
        interpreter=reproduction.interpreter,
        test_command=request.options.test_command,
        tests=request.options.tests,
        red=() if request.options.errors else tuple(red.test_id for red in reproduction.red),
        collected=reproduction.collected,
        seconds=request.budget.seconds,
        errors=request.options.errors,
        first=likeliest,
        observe=remember if indexed else None,
    )


def _worth_running_first(likeliest: list[str], collected: int) -> tuple[str, ...]:
    """Test functions of a long suite, when they are a small part of it; else the suite itself is as soon done."""
    functions = [test for test in likeliest if "::" in test]
    return tuple(functions) if collected >= _LONG_SUITE and len(functions) * 3 <= collected else ()
