"""Judge a change: apply it alone to a clean checkout and run the user's own test command there."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grace.contracts import Change, Check, CheckStatus, FileEdit, Interpreter, Verification
from grace.errors import EnvironmentLacking, IntegrityError
from grace.git.workspaces import workspace
from grace.ports import CommandRunner, Limits, VersionControl
from grace.redaction import redact, redact_command
from grace.verification import suite
from grace.verification.error_check import check_errors
from grace.verification.protected_files import is_test_or_configuration
from grace.verification.suite import EnteredFunctions, SuiteRun

__all__ = ["is_test_or_configuration", "verify_change"]

_Run = Callable[[Sequence[str], str], SuiteRun]

_HASH_SEED, *_OTHER_HASH_SEEDS = "0", "1", "4242"
_MAX_RED = 200
_MOST_REPEATS, _FEW = 2, 5
"""How often a command is run again, and how many tests may have failed for that."""
_NO_TESTS = 5
"""pytest's exit code when it collects nothing."""
_EXCERPT = 4000


def verify_change(
    change: Change,
    *,
    repository: VersionControl,
    runner: CommandRunner,
    interpreter: Interpreter,
    test_command: tuple[str, ...],
    tests: tuple[str, ...],
    red: tuple[str, ...],
    collected: int,
    seconds: float,
    errors: bool = False,
    first: tuple[str, ...] = (),
    observe: Callable[[EnteredFunctions], None] | None = None,
) -> Verification:
    """Whether the change does what is claimed for it. A failed check is a value, not an exception.

    `red` are the pytest ids of the tests that failed before, `collected` is how many tests there were then
    (0: not known), `seconds` bounds each run (wall clock). Every run has a fresh checkout. With `errors` the claim is
    that no error which needs no test is left; then a project without tests is not `tested`, and that is no failure.
    `first` are pytest ids that are likely to notice the change: when they fail, the others need not run.
    `observe` is told which functions the tests entered, when a whole run of them passed.
    """
    limits = Limits(wall_seconds=seconds, cpu_seconds=int(seconds) + 1)

    def run(argv: Sequence[str], hash_seed: str) -> SuiteRun:
        with (
            repository.checkout(change.base_revision, patch=change.patch) as checkout,
            workspace() as scratch,
        ):
            return suite.run_tests(
                argv,
                workspace=checkout,
                scratch=scratch,
                runner=runner,
                interpreter=interpreter,
                limits=limits,
                environment={"PYTHONHASHSEED": hash_seed},
                note_entered=observe is not None,
            )

    argv = suite.resolve_command(test_command, tests, interpreter)
    checks = [_check_patch(change, repository), _check_edits(change)]
    tested = True
    if first and all(check.status is CheckStatus.PASSED for check in checks):
        checks += _check_first(run, suite.resolve_command((), first[:_MAX_RED], interpreter), red)
    if all(check.status is CheckStatus.PASSED for check in checks):
        needed = bool(not errors or test_command or tests)
        of_tests = _check_tests(run, argv, red, collected, needed=needed, observe=observe)
        tested = bool(of_tests)
        checks += of_tests
        checks += [check_errors(change, repository, runner, interpreter)] if errors else []
    else:
        reason = "an earlier check failed"
        checks.append(Check(name="test command", status=CheckStatus.NOT_RUN, reason=reason, command=argv))
    if red and all(check.status is CheckStatus.PASSED for check in checks):
        checks.append(_check_again(run, suite.resolve_command((), red[:_MAX_RED], interpreter), red))
    shown = tuple(map(_without_secrets, checks))
    return Verification(change_digest=change.digest, checks=shown, isolation=runner.isolation, tested=tested)


def _check_patch(change: Change, repository: VersionControl) -> Check:
    started = time.monotonic()
    reason = ""
    try:
        with repository.checkout(change.base_revision, patch=change.patch) as workspace:
            wrong = [edit.path for edit in change.edits if not _is_as_edited(workspace, edit)]
        if wrong:
            reason = f"after the patch these files are not what the change says: {', '.join(wrong)}"
        elif repository.patch(change.base_revision, change.edits) != change.patch:
            reason = "the patch is not the one that the edits make: it may touch other files"
    except IntegrityError as error:
        reason = str(error)
    return Check(name="patch applies", status=_status(reason), reason=reason, seconds=time.monotonic() - started)


def _is_as_edited(workspace: Path, edit: FileEdit) -> bool:
    path = workspace / edit.path
    if edit.after is None:
        return not path.exists()
    return path.is_file() and not path.is_symlink() and path.read_bytes() == edit.after


def _check_edits(change: Change) -> Check:
    forbidden = [edit.path for edit in change.edits if is_test_or_configuration(edit.path)]
    reason = f"it edits {', '.join(forbidden)}" if forbidden else ""
    return Check(name="no test or configuration edited", status=_status(reason), reason=reason)


def _check_tests(
    run: _Run,
    argv: tuple[str, ...],
    red: tuple[str, ...],
    collected: int,
    *,
    needed: bool,
    observe: Callable[[EnteredFunctions], None] | None,
) -> list[Check]:
    """The checks that tests make; none when there is no test and none is needed."""
    name, unsteady = "test command", ""
    try:
        suite_run = run(argv, _HASH_SEED)
        for _ in range(_MOST_REPEATS):
            if not (failed := _few_others_failed(suite_run, red)):
                break
            unsteady = unsteady or f"passed when run again; failed at first: {', '.join(failed)}"
            suite_run = run(argv, _HASH_SEED)
    except EnvironmentLacking as error:
        return [Check(name=name, status=CheckStatus.NOT_RUN, reason=str(error), command=argv)]
    if suite_run.result.exit_code == suite.COMMAND_NOT_FOUND:
        reason = f"{argv[0]} is not there or does not start in the sandbox"
        return [_of_run(name, suite_run, reason, CheckStatus.NOT_RUN)]
    if not needed and not collected and _has_no_test(suite_run):
        return []
    reason = suite.why_failed(suite_run)
    if not suite.is_pytest(argv):
        remark = "exit code 0; it is not pytest, so whether every test ran could not be checked"
        return [_of_run(name, suite_run, reason or remark, _status(reason))]
    incomplete = _why_incomplete(suite_run, collected)
    if observe and suite_run.report and not reason and not incomplete:
        observe(suite_run.report["entered"])
    return [
        _of_run(name, suite_run, reason or unsteady, _status(reason)),
        Check(name="every collected test ran", status=_status(incomplete), reason=incomplete),
    ]


def _check_first(run: _Run, argv: tuple[str, ...], red: tuple[str, ...]) -> list[Check]:
    """A check when these tests decide; none when only the whole run can, as where few failed that may be unsteady."""
    try:
        suite_run = run(argv, _HASH_SEED)
    except EnvironmentLacking:
        return []  # the whole run says so
    if suite_run.report is None or _few_others_failed(suite_run, red):
        return []
    outcomes = list(suite_run.report["outcomes"].values())
    if "failed" not in outcomes:
        return []
    return [_of_run("likeliest tests", suite_run, suite.why_failed(suite_run), CheckStatus.FAILED)]


def _few_others_failed(suite_run: SuiteRun, red: tuple[str, ...]) -> tuple[str, ...]:
    """The tests that failed, where they are few and none of them was red: timings, say, fail at any time."""
    if suite_run.report is None or suite_run.result.timed_out:
        return ()
    failed = tuple(test for test, outcome in suite_run.report["outcomes"].items() if outcome == "failed")
    return failed if len(failed) <= _FEW and not set(failed) & set(red) else ()


def _check_again(run: _Run, argv: tuple[str, ...], red: tuple[str, ...]) -> Check:
    """The tests that were red, alone, under other hash seeds: order and luck differ, the answer must not."""
    name = "red tests again"
    with ThreadPoolExecutor() as pool:
        try:
            runs = list(pool.map(lambda seed: run(argv, seed), _OTHER_HASH_SEEDS))
        except EnvironmentLacking as error:
            return Check(name=name, status=CheckStatus.NOT_RUN, reason=str(error), command=argv)
    for seed, suite_run in zip(_OTHER_HASH_SEEDS, runs, strict=True):
        reason = suite.why_failed(suite_run) or _why_incomplete(suite_run, 0)
        passed = list(suite_run.report["outcomes"].values()).count("passed") if suite_run.report else 0
        if not reason and passed < min(len(red), _MAX_RED):
            reason = f"only {passed} of {min(len(red), _MAX_RED)} ran and passed"
        if reason:
            reason = f"alone and with PYTHONHASHSEED={seed}: {reason}"
            return _of_run(name, suite_run, reason, CheckStatus.FAILED)
    left_out = f"the first {_MAX_RED} of {len(red)}" if len(red) > _MAX_RED else ""
    seconds = max(suite_run.result.seconds for suite_run in runs)
    return Check(name=name, status=CheckStatus.PASSED, reason=left_out, command=argv, seconds=seconds)


def _has_no_test(suite_run: SuiteRun) -> bool:
    """Whether pytest itself says that it found nothing and that nothing kept it from finding."""
    report = suite_run.report
    if report is None or suite_run.result.exit_code != _NO_TESTS:
        return False
    return not report["selected"] and not report["deselected"] and not report["uncollected"]


def _why_incomplete(suite_run: SuiteRun, collected: int) -> str:
    report = suite_run.report
    if report is None:
        return "the test process ended before reporting"
    if report["uncollected"]:
        return f"not collected: {', '.join(report['uncollected'])}"
    if report["not_finished"]:
        return f"collected but not run to the end: {', '.join(report['not_finished'])}"
    found = report["selected"] + report["deselected"]
    if not report["selected"] or found < collected:
        return f"{found} tests were collected, {report['selected']} selected; before there were {collected}"
    return ""


def _of_run(name: str, suite_run: SuiteRun, reason: str, status: CheckStatus) -> Check:
    result = suite_run.result
    return Check(
        name=name,
        status=status,
        reason=reason,
        command=suite_run.argv,
        seconds=result.seconds,
        log_excerpt=redact(result.output)[-_EXCERPT:],  # before a cut could halve a secret
    )


def _without_secrets(check: Check) -> Check:
    """As it is kept and shown; what was run is the command as given."""
    return check.model_copy(update={"reason": redact(check.reason), "command": redact_command(check.command)})


def _status(reason_against: str) -> CheckStatus:
    return CheckStatus.FAILED if reason_against else CheckStatus.PASSED
