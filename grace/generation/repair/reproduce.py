"""No repair without a red test: run the project's tests on the base revision and say what they show."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grace.contracts import Interpreter, Location, RedTest, Reproduction, ReproductionStatus, Request
from grace.generation.repair.session import NotStarted, Session, Uncollected, pytest_arguments, warm_session
from grace.ports import CommandRunner, VersionControl
from grace.progress import Progress, report

FIRST_LIMIT = 1.0
"""CPU seconds a test gets before it is suspected to hang."""
LAST_LIMIT = 3.0
"""CPU seconds a suspect gets at least, to tell slow from endless; more where other tests are slow."""
RERUNS = 3
"""How often a red test must stay red, in forks with fresh random seeds, and once more in another process."""


@dataclass
class Tally:
    """What one run over all tests showed."""

    red: dict[str, RedTest] = field(default_factory=dict)
    passed: int = 0
    skipped: int = 0


def reproduce(
    request: Request, *, repository: VersionControl, runner: CommandRunner, interpreter: Interpreter
) -> Reproduction:
    """Collect and run the tests in the sandbox; rerun what fails to tell red from flaky."""
    started = time.monotonic()
    arguments = pytest_arguments(request.options.test_command, request.options.tests)

    def result(status: ReproductionStatus, reason: str, **more: Any) -> Reproduction:
        seconds = round(time.monotonic() - started, 3)
        return Reproduction(status=status, reason=reason, seconds=seconds, interpreter=interpreter, **more)

    with repository.checkout(request.base_revision) as root:
        try:
            with warm_session(root, interpreter=interpreter, runner=runner, arguments=arguments) as session:
                report(Progress("reproduce", f"{len(session.tests)} tests collected"))
                if session.uncollected:
                    return _uncollectable(session, result)
                if not session.tests:
                    return result(ReproductionStatus.NO_TESTS, "pytest collects no test in this repository")
                tally = run_all(session, list(range(len(session.tests))))
                again = _reruns(session, tally)
            if tally.red and not again:
                again = _in_another_process(root, runner, interpreter, arguments, tally)
        except NotStarted as failure:
            return _not_started(failure, result)
    counts = {"collected": len(session.tests), "passed": tally.passed, "skipped": tally.skipped}
    if not tally.red:
        return result(ReproductionStatus.GREEN, f"all {tally.passed} tests pass", **counts)
    stable = tuple(red for name, red in tally.red.items() if name not in again)
    flaky = tuple(sorted(again))
    if not stable:
        return result(
            ReproductionStatus.FLAKY,
            f"{len(flaky)} tests fail on some runs and pass on others with the same code: {', '.join(flaky[:5])}",
            flaky=flaky,
            **counts,
        )
    return result(
        ReproductionStatus.RED,
        f"{len(stable)} of {len(session.tests)} tests fail",
        red=stable,
        flaky=flaky,
        **counts,
    )


def run_all(session: Session, indices: Sequence[int], **more: Any) -> Tally:
    """Run tests fully; those that use up the first limit hang, unless the first of them proves just slow."""
    tally = Tally()
    late: list[int] = []
    slowest = 0.0
    for answer in session.order("run", tests=list(indices), seconds=FIRST_LIMIT, **more):
        if "test" in answer:
            if answer["outcome"] == "hung":
                late.append(answer["test"])
            else:
                slowest = max(slowest, answer["seconds"])
            _count(session, tally, answer)
    for index in late:
        answers = list(session.order("run", tests=[index], seconds=max(LAST_LIMIT, 20 * slowest), **more))
        if answers[0]["outcome"] == "hung":
            break  # one that is endless speaks for the others
        tally.red.pop(session.tests[index], None)
        _count(session, tally, answers[0])
    return tally


def _count(session: Session, tally: Tally, answer: dict[str, Any]) -> None:
    name, outcome = session.tests[answer["test"]], answer["outcome"]
    if outcome == "passed":
        tally.passed += 1
    elif outcome == "skipped":
        tally.skipped += 1
    else:
        tally.red[name] = red_test(name, outcome, answer.get("failure"))


def red_test(name: str, outcome: str, failure: Sequence[Any] | None) -> RedTest:
    """The contract for one failing test as the zygote told it."""
    exception, message, frames = failure or ("", "", [])
    return RedTest(
        test_id=name,
        outcome=outcome,
        exception="" if exception == "OutOfTime" else exception,
        message=message,
        frames=tuple(Location(path=path, line=line, end_line=line) for path, line in frames),
    )


def _reruns(session: Session, tally: Tally) -> set[str]:
    """Red tests that pass when run again on the same code."""
    names = {name: k for k, name in enumerate(session.tests)}
    indices = [names[name] for name, red in tally.red.items() if red.outcome != "hung"][:50]
    passed: set[str] = set()
    for _ in range(RERUNS if indices else 0):
        for answer in session.order("run", tests=indices, seconds=FIRST_LIMIT, reseed=True):
            if answer.get("outcome") == "passed":
                passed.add(session.tests[answer["test"]])
    return passed


def _in_another_process(
    root: Path, runner: CommandRunner, interpreter: Interpreter, arguments: Sequence[str], tally: Tally
) -> set[str]:
    """Red tests that pass in a new process with another hash seed."""
    with warm_session(root, interpreter=interpreter, runner=runner, arguments=arguments, hash_seed=1) as session:
        names = {name: k for k, name in enumerate(session.tests)}
        indices = [names[n] for n, red in tally.red.items() if n in names and red.outcome != "hung"][:50]
        if not indices:
            return set()
        answers = session.order("run", tests=indices, seconds=FIRST_LIMIT)
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


def _not_started(failure: NotStarted, result: Any) -> Reproduction:
    said = str(failure).strip()
    no_tests = "no tests ran" in said or "collected 0 items" in said
    status = ReproductionStatus.NO_TESTS if no_tests else ReproductionStatus.UNCOLLECTABLE
    outcome: Reproduction = result(status, f"pytest ended before collecting any test:\n{said[-1500:]}")
    return outcome
