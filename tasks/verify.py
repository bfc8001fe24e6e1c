"""Change -> Verification."""

from pathlib import Path

from grace.contracts import Change, Reproduction, Request, Verification
from grace.git import GitRepository
from tasks.persistence import stage


@stage("verify", 70)
def verify_fix(request: Request, reproduction: Reproduction, change: Change) -> Verification:
    """Prove the change: applied alone to a clean checkout, the project's own tests in a fresh process."""
    from grace.verification.checks import verify_change
    from grace.verification.sandbox import best_runner

    return verify_change(
        change,
        repository=GitRepository.open(Path(request.repository)),
        runner=best_runner(),
        interpreter=reproduction.interpreter,
        test_command=request.options.test_command,
        tests=request.options.tests,
        red=() if request.options.errors else tuple(red.test_id for red in reproduction.red),
        collected=reproduction.collected,
        seconds=request.budget.seconds,
        errors=request.options.errors,
    )
