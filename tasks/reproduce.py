"""Request -> Reproduction: no repair without a red test, or an error that needs none."""

from pathlib import Path

from grace.contracts import Reproduction, Request
from grace.git import GitRepository
from tasks.persistence import stage


@stage("reproduce", 15)
def reproduce_bug(request: Request) -> Reproduction:
    """Run the tests on the base revision, in the sandbox, to see the bug; or find the errors that need no test."""
    from grace.generation.repair.errors import find_errors
    from grace.generation.repair.reproduce import reproduce
    from grace.verification.interpreter import find_interpreter
    from grace.verification.sandbox import best_runner

    repository = GitRepository.open(Path(request.repository))
    door = find_errors if request.options.errors else reproduce
    return door(
        request,
        repository=repository,
        runner=best_runner(),
        interpreter=find_interpreter(repository.root, request.python),
    )
