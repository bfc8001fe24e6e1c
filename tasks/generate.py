"""Reproduction -> Repair."""

from pathlib import Path

from grace.contracts import Repair, Reproduction, Request
from grace.git import GitRepository
from tasks.persistence import stage


@stage("generate", 30)
def generate_fix(request: Request, reproduction: Reproduction) -> Repair:
    """Search for a change that turns the red tests green and breaks none; or repair errors that need no test."""
    from grace.generation.repair.errors import fix_errors
    from grace.generation.repair.search import repair
    from grace.verification.sandbox import best_runner

    repository = GitRepository.open(Path(request.repository))
    door = fix_errors if request.options.errors else repair
    return door(request, reproduction, repository=repository, runner=best_runner())
