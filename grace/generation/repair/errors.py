"""`fix_errors`: the door for errors that need no test to show, as ruff finds them.

Files that do not parse come first (they hide the rest), then names that are not there, then ruff's own safe fixes.
Each answer is judged by ruff and, where there are tests, by them: whatever passed before still passes.
"""

import time
from functools import partial

from grace.contracts import (
    Change,
    Interpreter,
    Location,
    Provenance,
    RedTest,
    Repair,
    Reproduction,
    ReproductionStatus,
    Request,
)
from grace.generation.repair.error_steps import answer_names, mend_syntax, take_fixes
from grace.generation.repair.search import Base
from grace.generation.repair.session import NotStarted, pytest_arguments, warm_session
from grace.generation.repair.standing import Standing
from grace.generation.repair.workbench import Workbench
from grace.ports import CommandRunner, VersionControl
from grace.progress import Progress, report
from grace.verification.error_check import listed, sort_errors
from grace.verification.lint import SYNTAX, Violation, brought_in, ruff_for

STEPS = (mend_syntax, answer_names, take_fixes)
_SHARE = 0.9
"""Of the budget's seconds, for answers; the rest is for what they come to."""


def find_errors(
    request: Request, *, repository: VersionControl, runner: CommandRunner, interpreter: Interpreter
) -> Reproduction:
    """What ruff finds on the base revision; red when there is an error, and each is one red test.

    Raises InputError when ruff cannot use the project's configuration.
    """
    started = time.monotonic()
    with repository.checkout(request.base_revision) as root:
        violations = ruff_for(root, runner=runner, interpreter=interpreter).check(root)
    errors = sort_errors(violations, repository.files(request.base_revision))
    many = len(errors.red)
    report(Progress("reproduce", f"{many} errors found"))
    found = f"ruff finds {many} error{'s' * (many != 1)}" if many else "ruff finds no error that can be repaired"
    return Reproduction(
        status=ReproductionStatus.RED if many else ReproductionStatus.GREEN,
        red=tuple(_red(violation) for violation in errors.red),
        collected=_collected(request, repository, runner, interpreter) if errors.found else 0,
        seconds=round(time.monotonic() - started, 3),
        reason=found + errors.beside,
        interpreter=interpreter,
    )


def fix_errors(
    request: Request, reproduction: Reproduction, *, repository: VersionControl, runner: CommandRunner
) -> Repair:
    """Repair the errors of the base revision.

    When some stay, `plausible` is 0: the change is then what could be repaired, to be read and not delivered.
    """
    started = time.monotonic()
    tracked = repository.files(request.base_revision)
    base = Base(repository, request.base_revision, {})
    warm = partial(
        warm_session,
        interpreter=reproduction.interpreter,
        runner=runner,
        arguments=pytest_arguments(request.options.test_command, request.options.tests),
    )
    with repository.checkout(request.base_revision) as root:
        ruff = ruff_for(root, runner=runner, interpreter=reproduction.interpreter)
        before = ruff.check(root)
        if not sort_errors(before, tracked).found:
            return Repair(reason=f"{reproduction.reason}; no answer to them may be written")
        bench = Workbench(root, ruff, base, Standing(base, warm), started + request.budget.seconds * _SHARE)
        for step in STEPS:
            bench.take(step)
        after = ruff.check(root)
    errors = sort_errors(after, tracked)
    stay = (*errors.found, *(v for v in brought_in(before, after) if not v.is_error))
    seconds = round(time.monotonic() - started, 3)
    late = " before the time was used up; --timeout gives more" if bench.out_of_time else ""
    if not (change := _change(request, base, bench)):
        reason = f"no answer was found{late}: {listed(stay)}"
        return Repair(reason=reason, candidates_tried=bench.tried, seconds=seconds)
    if stay:
        reason = f"the diff repairs some errors and is not delivered: no answer was found{late} to {listed(stay)}"
        return Repair(change=change, reason=reason, candidates_tried=bench.tried, seconds=seconds)
    return Repair(
        change=change,
        reason=f"{', then '.join(change.provenance.patterns)}: ruff finds no error any more{errors.beside}",
        confidence=bench.confidence,
        candidates_tried=bench.tried,
        plausible=1 + len(bench.log.alternatives),
        alternatives=bench.log.alternatives[:10],
        tests_weak=bool(bench.log.alternatives) and bench.standing.tested,
        seconds=seconds,
    )


def _change(request: Request, base: Base, bench: Workbench) -> Change | None:
    edits = tuple(base.edits())
    if not edits:
        return None
    where = ", ".join(edit.path for edit in edits[:3]) + (f" and {len(edits) - 3} more" if len(edits) > 3 else "")
    patterns = tuple(dict.fromkeys(bench.log.operators))
    return Change(
        base_revision=request.base_revision,
        edits=edits,
        patch=base.repository.patch(request.base_revision, edits),
        rationale=f"Repair errors in {where}",
        provenance=Provenance(strategy="errors", attempt=len(bench.log.operators), patterns=patterns),
    )


def _collected(request: Request, repository: VersionControl, runner: CommandRunner, interpreter: Interpreter) -> int:
    """How many tests there are; 0 also when pytest does not start, which one of the errors may be the reason of."""
    arguments = pytest_arguments(request.options.test_command, request.options.tests)
    try:
        with (
            repository.checkout(request.base_revision) as root,
            warm_session(root, interpreter=interpreter, runner=runner, arguments=arguments) as session,
        ):
            return len(session.tests)
    except NotStarted:
        return 0


def _red(violation: Violation) -> RedTest:
    (line, _), (end_line, _) = violation.start, violation.end
    return RedTest(
        test_id=violation.title,
        outcome="error",
        exception="SyntaxError" if violation.code == SYNTAX else violation.code,
        message=violation.message,
        frames=(Location(path=violation.path, line=line, end_line=max(line, end_line)),),
    )
