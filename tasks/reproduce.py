"""Request -> Reproduction: no repair without a red test."""

from pathlib import Path

from grace.contracts import Reproduction, Request
from grace.git import GitRepository
from tasks.persistence import stage


@stage("reproduce", 15)
def reproduce_bug(request: Request) -> Reproduction:
    """Run the tests on the base revision, in the sandbox, to see the bug."""
    from grace.generation.repair.reproduce import reproduce
    from grace.verification.interpreter import find_interpreter
    from grace.verification.sandbox import best_runner

    repository = GitRepository.open(Path(request.repository))
    return reproduce(
        request,
        repository=repository,
        runner=best_runner(),
        interpreter=find_interpreter(repository.root, request.python),
    )
