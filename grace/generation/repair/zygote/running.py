"""Running collected tests: fully, as pytest does, or directly, as a plain call."""

from __future__ import annotations

import copy
import os
import time

from _pytest.reports import TestReport
from _pytest.runner import runtestprotocol

from . import clock

PASSED, FAILED, ERROR, HUNG, SKIPPED, CRASHED = "passed", "failed", "error", "hung", "skipped", "crashed"
_ATOMS = (int, float, complex, str, bytes, bool, type(None), type, range)
_JUDGED_MARKS = {"skip", "skipif", "xfail", "usefixtures", "filterwarnings"}


class Failure:
    """Why the last test did not pass."""

    def __init__(self):
        self.phase = ""
        self.error = None

    def makereport(self, item, call):
        """The report pytest wants, without rendering tracebacks nobody reads."""
        import pytest

        outcome, longrepr = "passed", None
        if call.excinfo is not None:
            value = call.excinfo.value
            if isinstance(value, pytest.skip.Exception):
                outcome, longrepr = "skipped", (str(item.path), 0, str(value))
            else:
                outcome, longrepr = "failed", ""
                self.phase, self.error = call.when, value
        return TestReport(
            item.nodeid, item.location, {}, outcome, longrepr, call.when, duration=call.duration
        )


def spare_explanations() -> None:
    """Failing asserts do not render the objects they compare: that is slow, and runs the project's own code."""
    from _pytest.assertion import rewrite

    def shown(value, *_rest):
        return repr(value)[:80] if type(value) in _ATOMS else type(value).__name__

    rewrite._saferepr = shown
    rewrite._call_reprcompare = lambda ops, results, expls, each_obj: expls[0]


def describe(error: BaseException, root: str):
    """(class name, message, [[path, line], ...]) of an exception; only frames below root."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        path = os.path.abspath(trace.tb_frame.f_code.co_filename)
        if path.startswith(root + os.sep):
            frames.append([os.path.relpath(path, root), max(1, trace.tb_lineno or 1)])
        trace = trace.tb_next
    try:
        message = str(error)
    except Exception as broken:  # noqa: BLE001 - a message that cannot be rendered is said to be so
        message = "<message failed: %s>" % type(broken).__name__
    if isinstance(error, SyntaxError) and error.filename:
        path = os.path.abspath(error.filename)
        if path.startswith(root + os.sep):
            frames.append([os.path.relpath(path, root), max(1, error.lineno or 1)])
    return type(error).__name__, message[:2000], frames[-40:]


def run(item, nextitem, failure, seconds, *, full=True):
    """Run one test as pytest would. Gives (outcome, CPU seconds)."""
    failure.phase, failure.error = "", None
    started = time.process_time()
    reports = []
    clock.arm(seconds)
    try:
        if full:
            reports = _full_protocol(item, nextitem)
        else:
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
    except clock.OutOfTime as late:
        clock.disarm()
        failure.phase, failure.error = "call", late
    finally:
        clock.disarm()
    spent = time.process_time() - started
    if isinstance(failure.error, clock.OutOfTime):
        return HUNG, spent
    if any(r.failed for r in reports) or (failure.error is not None and not reports):
        return (FAILED if failure.phase == "call" else ERROR), spent
    if any(r.skipped for r in reports):
        return SKIPPED, spent
    return PASSED, spent


def _full_protocol(item, nextitem):
    """pytest_runtest_protocol with every plugin's wrapper, collecting the reports."""
    collected = []

    class Listener:
        def pytest_runtest_logreport(self, report):
            collected.append(report)

    listener = Listener()
    item.config.pluginmanager.register(listener)
    try:
        item.ihook.pytest_runtest_protocol(item=item, nextitem=nextitem)
    finally:
        item.config.pluginmanager.unregister(listener)
    return collected


def direct_call(item):
    """A function that runs the test as a plain call with fresh arguments, None where fixtures or marks forbid it."""
    import pytest

    if type(item) is not pytest.Function or getattr(item, "_excinfo", None) is not None:
        return None
    if any(mark.name in _JUDGED_MARKS for mark in item.iter_markers()):
        return None
    if item.function.__code__.co_flags & 0x280:  # coroutine or async generator
        return None
    parameters = dict(item.callspec.params) if hasattr(item, "callspec") else {}
    definitions = item._fixtureinfo.name2fixturedefs
    for name in item.fixturenames:
        if name not in parameters:
            return None
        for definition in definitions.get(name, ()):
            if getattr(definition.func, "__name__", "") != "get_direct_param_fixture_func":
                return None
    function = item.obj
    wanted = item._fixtureinfo.argnames
    parameters = {name: parameters[name] for name in wanted}
    if all(isinstance(value, _ATOMS) for value in parameters.values()):
        return lambda: function(**parameters)
    try:
        copy.deepcopy(parameters)
    except Exception:  # noqa: BLE001 - not copyable: such a test takes the slow road
        return None
    return lambda: function(**copy.deepcopy(parameters))
