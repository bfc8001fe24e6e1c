"""The project's own test command, where it is not pytest: run once, since only it says whether there is a bug."""

import shlex

from grace.contracts import Interpreter, Request
from grace.errors import InputError
from grace.git.workspaces import workspace
from grace.ports import CommandRunner, Limits, VersionControl
from grace.redaction import redact, redact_command
from grace.verification import suite

_EXCERPT = 600


def is_own_command(request: Request, interpreter: Interpreter) -> bool:
    """Whether the request names a test command other than pytest."""
    given = request.options.test_command
    return bool(given) and not suite.is_pytest(suite.resolve_command(given, (), interpreter))


def shown_command(request: Request) -> str:
    """The test command in words, without secrets."""
    return shlex.join(redact_command(request.options.test_command))


def why_own_command_fails(
    request: Request, *, repository: VersionControl, runner: CommandRunner, interpreter: Interpreter
) -> str:
    """Run the command on a checkout of the base revision; why it fails, empty when it passes.

    Its time limit is the request's. Raises InputError when there is no such command.
    """
    seconds = request.budget.seconds
    with (
        repository.checkout(request.base_revision) as checkout,
        workspace() as scratch,
    ):
        ran = suite.run_tests(
            suite.resolve_command(request.options.test_command, request.options.tests, interpreter),
            workspace=checkout,
            scratch=scratch,
            runner=runner,
            interpreter=interpreter,
            limits=Limits(wall_seconds=seconds, cpu_seconds=int(seconds) + 1),
        )
    said = redact(ran.result.output).strip()[-_EXCERPT:]
    command = shown_command(request)
    if ran.result.exit_code == suite.COMMAND_NOT_FOUND:
        raise InputError(f"The test command `{command}` needs a program that is not there: {said}. Name another.")
    reason = suite.why_failed(ran)
    return reason and f"the test command `{command}` fails ({reason}):\n{said}"
