"""No repair without a red test: run the project's tests on the base revision and say what they show."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from grace.contracts import Interpreter, Location, RedTest, Reproduction, ReproductionStatus, Request
from grace.errors import BudgetExceeded, TransientError
from grace.generation.repair.own_command import is_own_command, shown_command, why_own_command_fails
from grace.generation.repair.session import (
    OUT_OF_TIME,
    NotStarted,
    Session,
    Uncollected,
    pytest_arguments,
    warm_session,
)
from grace.ports import CommandRunner, VersionControl
from grace.progress import Progress, report
from grace.redaction import redact

FIRST_LIMIT = 1.0
"""CPU seconds a test gets before it is suspected to hang."""
LAST_LIMIT = 3.0
"""CPU seconds a suspect gets at least, to tell slow from endless; more where other tests are slow."""
RERUNS = 3
"""How often a red test must stay red, in forks with fresh random seeds, and once more in another process."""
MOST_RERUNS = 12
"""How often where all of it is quick: an even chance then passes for a bug once in 4096 times."""
OTHER_HASH_SEEDS = (1, 2)
"""Of the other processes; the second where the first was quick."""
QUICK_SECONDS = 0.8
LEAST_WALL_SECONDS = 60.0
"""Wall seconds that collecting and running the tests get at least, also of a smaller budget."""
LEAST_SILENCE, MOST_SILENCE = 6.0, 23.0
"""Wall seconds without an end after which a test is interrupted, with a small budget and with any other."""
_TOLD_LINES = 8


@dataclass
class Tally:
    """What one run over all tests showed."""

    red: dict[str, RedTest] = field(default_factory=dict)
    passed: int = 0
    skipped: int = 0
    complete: bool = True
    """Every test had its turn."""


def reproduce(
    request: Request, *, repository: VersionControl, runner: CommandRunner, interpreter: Interpreter
) -> Reproduction:
    """Collect and run the tests in the sandbox; rerun what fails to tell red from flaky.

    A test command that is not pytest has the last word on whether there is a bug. Raises InputError when it is
    not there, and BudgetExceeded when the time is used up before any test has failed.
    """
    started = time.monotonic()
    warm = partial(
        warm_session,
        runner=runner,
        interpreter=interpreter,
        arguments=pytest_arguments(request.options.test_command, request.options.tests),
        wall_seconds=max(LEAST_WALL_SECONDS, request.budget.seconds),
    )
    silence = min(MOST_SILENCE, max(LEAST_SILENCE, request.budget.seconds / 4))

    def result(status: ReproductionStatus, reason: str, **more: Any) -> Reproduction:
        seconds = round(time.monotonic() - started, 3)
        return Reproduction(status=status, reason=redact(reason), seconds=seconds, interpreter=interpreter, **more)

    complaint = ""
    if is_own_command(request, interpreter):
        complaint = why_own_command_fails(request, repository=repository, runner=runner, interpreter=interpreter)
        if not complaint:
            return result(ReproductionStatus.GREEN, f"the test command `{shown_command(request)}` passes")
    try:
        with repository.checkout(request.base_revision) as root, warm(root) as session:
            report(Progress("reproduce", f"{len(session.tests)} tests collected"))
            if session.uncollected:
                return _uncollectable(session, result)
            if not session.tests:
                return result(ReproductionStatus.NO_TESTS, _also(complaint, "pytest collects no test here"))
            tally = run_all(session, list(range(len(session.tests))), silence=silence)
            again = _reruns(session, tally, silence) if tally.complete else set()
        for seed in OTHER_HASH_SEEDS:
            if tally.red.keys() <= again or not tally.complete:
                break
            began = time.monotonic()
            # in a checkout of its own: tests may have written to the first
            with repository.checkout(request.base_revision) as root, warm(root, hash_seed=seed) as other:
                again |= _pass_here(other, tally, silence)
            if time.monotonic() - began > QUICK_SECONDS:
                break
    except NotStarted as failure:
        return _not_started(failure, complaint, result)
    return _judged(session, tally, again, complaint, result)


def _judged(session: Session, tally: Tally, again: set[str], complaint: str, result: Any) -> Reproduction:
    """What red tests, of which some pass `again`, and a failing command come to."""
    many = len(session.tests)
    counts = {"collected": many, "passed": tally.passed, "skipped": tally.skipped}
    stable = tuple(red for name, red in tally.red.items() if name not in again)
    outcome: Reproduction
    if not tally.red and complaint:
        reason = _also(complaint, f"no failing test can be seen in it: all {tally.passed} tests pytest runs here pass")
        outcome = result(ReproductionStatus.RED, reason, **counts)
    elif not tally.red:
        outcome = result(ReproductionStatus.GREEN, f"all {tally.passed} tests pass", **counts)
    elif not stable:
        shown = ", ".join(sorted(again)[:5])
        count = "1 test fails" if len(again) == 1 else f"{len(again)} tests fail"
        reason = f"{count} on some runs and not on others with the same code: {shown}"
        outcome = result(ReproductionStatus.FLAKY, reason, flaky=tuple(sorted(again)), **counts)
    else:
        reason = f"{len(stable)} of {many} tests fail"
        if not tally.complete:
            reason += f"; the time was used up before {many - tally.passed - tally.skipped - len(tally.red)} others"
        outcome = result(ReproductionStatus.RED, reason, red=stable, flaky=tuple(sorted(again)), **counts)
    return outcome


def run_all(session: Session, indices: Sequence[int], silence: float = MOST_SILENCE) -> Tally:
    """Run tests fully; those that use up the first limit hang, unless the first of them proves just slow.

    `silence` is how many wall seconds a test may go on without an end. When the session's own time is used up,
    the tally is not complete; BudgetExceeded is raised when it has nothing red.
    """
    tally = Tally()
    late: list[int] = []
    slowest = 0.0
    try:
        for answer in session.order("run", tests=list(indices), seconds=FIRST_LIMIT, silence=silence):
            if "test" in answer:
                if _busy_at_its_limit(answer):
                    late.append(answer["test"])
                elif answer["outcome"] != "hung":
                    slowest = max(slowest, answer["seconds"])
                _count(session, tally, answer)
        for index in late:
            limit = max(LAST_LIMIT, 20 * slowest)
            answers = list(session.order("run", tests=[index], seconds=limit, silence=3 * limit + silence))
            if answers[0]["outcome"] == "hung":
                break  # one that is endless speaks for the others
            tally.red.pop(session.tests[index], None)
            _count(session, tally, answers[0])
    except TransientError:
        if not session.out_of_time:
            raise
        if not tally.red:
            ran = f"{tally.passed + tally.skipped} of {len(indices)} tests"
            raise BudgetExceeded(
                f"The time was used up when {ran} had run, none of them red: --timeout gives more, --tests names fewer."
            ) from None
        tally.complete = False
    return tally


def _busy_at_its_limit(answer: dict[str, Any]) -> bool:
    """Whether a test was stopped while computing: it may be slow. One that waits, or cannot be stopped, hangs."""
    return answer["outcome"] == "hung" and "failure" in answer and answer["seconds"] >= FIRST_LIMIT / 2


def _count(session: Session, tally: Tally, answer: dict[str, Any]) -> None:
    name, outcome = session.tests[answer["test"]], answer["outcome"]
    if outcome == "passed":
        tally.passed += 1
    elif outcome == "skipped":
        tally.skipped += 1
    else:
        tally.red[name] = red_test(name, outcome, answer.get("failure"))


def red_test(name: str, outcome: str, failure: Sequence[Any] | None) -> RedTest:
    """The contract for one failing test as the zygote told it, without secrets in its message."""
    exception, message, frames = failure or ("", "", [])
    if outcome == "hung":
        message = message or "it did not end"
    return RedTest(
        test_id=name,
        outcome=outcome,
        exception="" if exception == "OutOfTime" else exception,
        message=redact(message),
        frames=tuple(Location(path=path, line=line, end_line=line) for path, line in frames),
    )


def _reruns(session: Session, tally: Tally, silence: float) -> set[str]:
    """Red tests that pass when run again on the same code."""
    started = time.monotonic()
    passed: set[str] = set()
    for number in range(MOST_RERUNS):
        if number >= RERUNS and time.monotonic() - started > QUICK_SECONDS:
            break
        passed |= _pass_here(session, tally, silence, reseed=True)
    return passed


def _pass_here(session: Session, tally: Tally, silence: float, **more: Any) -> set[str]:
    """Those of the red tests that pass in this session, the first 50 of those that end."""
    names = {name: k for k, name in enumerate(session.tests)}
    indices = [names[n] for n, red in tally.red.items() if n in names and red.outcome != "hung"][:50]
    if not indices:
        return set()
    answers = session.order("run", tests=indices, seconds=FIRST_LIMIT, silence=silence, **more)
    return {session.tests[a["test"]] for a in answers if a.get("outcome") == "passed"}


def collection_red(failure: Uncollected) -> RedTest:
    """A file that cannot be collected, as a test that fails."""
    return red_test(
        failure.test_id or "collection", "error", (failure.exception, failure.message, list(failure.frames))
    )


def _uncollectable(session: Session, result: Any) -> Reproduction:
    red = tuple(collection_red(failure) for failure in session.uncollected)
    first = session.uncollected[0]
    reason = f"{first.test_id} cannot be collected: {first.exception}: {first.message}"
    outcome: Reproduction = result(
        ReproductionStatus.UNCOLLECTABLE, reason[:2000], red=red, collected=len(session.tests)
    )
    return outcome


def _not_started(failure: NotStarted, complaint: str, result: Any) -> Reproduction:
    said = re.sub(r"(?m)^INTERNALERROR> ?", "", str(failure)).strip()
    ended_itself = "Traceback" in said or "INTERNALERROR" in str(failure)
    no_tests = not ended_itself and ("no tests ran" in said or "collected 0 items" in said)
    status = ReproductionStatus.NO_TESTS if no_tests else ReproductionStatus.UNCOLLECTABLE
    silent = "the test process ended without a word, as after os._exit() in conftest.py or at an import"
    said = said.replace(OUT_OF_TIME, "the time was used up")
    told = "\n".join(said.splitlines()[-_TOLD_LINES:]) or silent
    outcome: Reproduction = result(status, _also(complaint, f"pytest ended before any test was collected:\n{told}"))
    return outcome


def _also(complaint: str, reason: str) -> str:
    return f"{complaint}\n{reason}" if complaint else reason
