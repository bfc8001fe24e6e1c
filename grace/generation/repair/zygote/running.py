"""Running collected tests: fully, as pytest does, or directly, as a plain call."""

from __future__ import annotations

import copy
import os
import time
import unittest
from typing import TYPE_CHECKING

import pytest
from _pytest.assertion import rewrite
from _pytest.reports import TestReport
from _pytest.runner import runtestprotocol
from _pytest.unittest import TestCaseFunction

from . import clock

PASSED, FAILED, ERROR, HUNG, SKIPPED = "passed", "failed", "error", "hung", "skipped"
_ATOMS = (int, float, complex, str, bytes, bool, type(None), type, range)
_JUDGED_MARKS = {"skip", "skipif", "xfail", "usefixtures", "filterwarnings"}
_CASE_MARKS = ("__unittest_skip__", "__unittest_expecting_failure__")
_CASE_FIXTURE = "_unittest_setUpClass_fixture_"
_COROUTINE, _ASYNC_GENERATOR = 0x80, 0x200
_RENDERED, _COMPARED = rewrite._saferepr, rewrite._call_reprcompare

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Described = tuple[str, str, list[tuple[str, int]]]


class Failure:
    """Why the last test did not pass: the first error counts, what happens in its wake does not."""

    def __init__(self) -> None:
        self.phase = ""
        self.error: BaseException | None = None

    def note(self, phase: str, error: BaseException) -> None:
        """Keep the first."""
        if self.error is None:
            self.phase, self.error = phase, error

    def makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> TestReport:
        """The report pytest wants, without rendering tracebacks nobody reads."""
        outcome: Any = PASSED
        longrepr: Any = None
        phase: Any = call.when
        if call.excinfo is not None:
            value = call.excinfo.value
            if isinstance(value, pytest.skip.Exception):
                outcome, longrepr = SKIPPED, (item.location[0], 0, str(value))
            else:
                outcome, longrepr = FAILED, ""
                self.note(phase, value)
        return TestReport(item.nodeid, item.location, {}, outcome, longrepr, phase, duration=call.duration)


def explanations(wanted: bool) -> None:
    """Whether failing asserts render the objects they compare: that is slow, and runs the project's own code."""
    hooks: Any = rewrite
    hooks._saferepr = _RENDERED if wanted else _shown_briefly
    hooks._call_reprcompare = _COMPARED if wanted else _first_that_fails


def _shown_briefly(value: object, *_rest: object) -> str:
    return repr(value)[:80] if type(value) in _ATOMS else type(value).__name__


def _first_that_fails(_operators: Any, _results: Any, explained: Any, _objects: Any) -> str:
    return str(explained[0])


def describe(error: BaseException, root: str) -> Described:
    """(class name, message, [(path, line), ...]) of an exception; only frames below root."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        path = os.path.abspath(name)
        if path.startswith(root + os.sep) and not name.startswith("<"):  # `<frozen importlib>` is no file
            frames.append((os.path.relpath(path, root), max(1, trace.tb_lineno or 1)))
        trace = trace.tb_next
    try:
        message = str(error)
    except Exception as broken:  # noqa: BLE001 - a message that cannot be rendered is said to be so
        message = f"<message failed: {type(broken).__name__}>"
    if isinstance(error, SyntaxError) and error.filename:
        path = os.path.abspath(error.filename)
        if path.startswith(root + os.sep):
            frames.append((os.path.relpath(path, root), max(1, error.lineno or 1)))
    return type(error).__name__, message[:2000], frames[-40:]


def run(
    item: pytest.Item,
    following: pytest.Item | None,
    failure: Failure,
    seconds: float,
    *,
    full: bool = True,
) -> tuple[str, float]:
    """Run one test as pytest would. Gives (outcome, CPU seconds).

    `following` is the test that comes next: fixtures that it shares stay. Without `full` the wrappers that
    plug-ins put around whole tests are left out.
    """
    failure.phase, failure.error = "", None
    started = time.process_time()
    reports: list[TestReport] = []
    clock.arm(seconds)
    try:
        if full:
            _full_protocol(item, following, reports)
        else:
            reports += runtestprotocol(item, log=False, nextitem=following)
    except clock.OutOfTime as late:
        failure.note("call", late)
    finally:
        clock.disarm()
    spent = time.process_time() - started
    if isinstance(failure.error, clock.OutOfTime):
        return HUNG, spent
    if any(report.failed for report in reports):
        return (ERROR if failure.phase in ("setup", "teardown") else FAILED), spent
    if any(report.skipped for report in reports):
        return SKIPPED, spent
    return PASSED, spent


def _full_protocol(item: pytest.Item, following: pytest.Item | None, reports: list[TestReport]) -> None:
    """`pytest_runtest_protocol` with every plug-in's wrapper, collecting the reports."""

    class Listener:
        def pytest_runtest_logreport(self, report: TestReport) -> None:
            reports.append(report)

    listener = Listener()
    item.config.pluginmanager.register(listener)
    try:
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
    finally:
        item.config.pluginmanager.unregister(listener)


def _case_call(item: TestCaseFunction) -> Callable[[], object] | None:
    """`setUp`, the method, `tearDown` and the clean-ups on a new instance; None where a class or module is set up."""
    case: Any = getattr(item.parent, "obj", None)
    plain: Any = unittest.TestCase
    if not issubclass(case, plain) or case.run is not plain.run or issubclass(case, unittest.IsolatedAsyncioTestCase):
        return None
    for name in ("setUpClass", "tearDownClass"):
        if getattr(getattr(case, name), "__func__", None) is not getattr(plain, name).__func__:
            return None
    if any(getattr(of, mark, False) for of in (case, getattr(case, item.name, None)) for mark in _CASE_MARKS):
        return None
    if not all(name == "request" or name.startswith(_CASE_FIXTURE) for name in item.fixturenames):
        return None

    def call() -> None:
        instance = case(item.name)
        try:
            instance.setUp()
            try:
                getattr(instance, item.name)()
            finally:
                instance.tearDown()
        finally:
            instance.doCleanups()

    return call


def direct_call(item: pytest.Item) -> Callable[[], object] | None:
    """A function that runs the test as a plain call with fresh arguments, None where fixtures or marks forbid it."""
    if any(mark.name in _JUDGED_MARKS for mark in item.iter_markers()):
        return None
    if isinstance(item, TestCaseFunction):
        return _case_call(item)
    if type(item) is not pytest.Function:
        return None
    code = getattr(item.function, "__code__", None)
    if code is None or code.co_flags & (_COROUTINE | _ASYNC_GENERATOR):
        return None
    parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    definitions = item._fixtureinfo.name2fixturedefs
    for name in item.fixturenames:
        if name not in parameters:
            return None
        for definition in definitions.get(name, ()):
            if getattr(definition.func, "__name__", "") != "get_direct_param_fixture_func":
                return None
    function: Callable[..., object] = item.obj
    parameters = {name: parameters[name] for name in item._fixtureinfo.argnames}
    if all(isinstance(value, _ATOMS) for value in parameters.values()):
        return lambda: function(**parameters)
    try:
        copy.deepcopy(parameters)
    except Exception:  # noqa: BLE001 - not copyable: such a test takes the slow road
        return None
    return lambda: function(**copy.deepcopy(parameters))
