"""A pytest plug-in that tells GRACE, signed, which tests were collected, how each one ended and what it entered.

It is copied into a folder of its own and loaded with `-p`, before any conftest. The key lies in a file that
is deleted as it is read, so nothing that the tests print, write or exit with passes for a report.
Standard library and pytest only; any Python 3.6 on and any pytest 5 on.
"""

import hashlib
import hmac
import json
import os
import sys
import threading
import types  # noqa: F401 - named in type comments
import typing  # noqa: F401 - as above

import pytest


class Entered:
    """Notes which of the project's functions each test enters; stands aside when something else traces.

    From Python 3.12 on by `sys.monitoring`, which reports each function once a test; before, by a trace function
    that asks for no lines. Neither changes what the tests do, and both cost little beside running them.
    """

    _TOOL = 4

    def __init__(self, root: str, wanted: bool) -> None:
        self._wanted = wanted
        self._root = os.path.join(root, "")
        self._seen = set()  # type: set[types.CodeType]
        self._tests = {}  # type: dict[str, set[types.CodeType]]
        self._monitoring = getattr(sys, "monitoring", None)  # type: typing.Any

    def _trace(self, frame, event, argument):  # type: ignore[no-untyped-def]  # called for every call of every test
        self._seen.add(frame.f_code)

    def _started(self, code, offset):  # type: ignore[no-untyped-def]  # as above
        self._seen.add(code)
        return self._monitoring.DISABLE

    def begin(self) -> bool:
        """Watch from now on; False when nobody wants to know, or something else already traces."""
        if not self._wanted:
            return False
        self._seen = set()
        if self._monitoring is None:
            if sys.gettrace() is not None:
                return False
            threading.settrace(self._trace)
            sys.settrace(self._trace)
            return True
        monitoring = self._monitoring
        if monitoring.get_tool(self._TOOL) is not None:
            return False
        monitoring.use_tool_id(self._TOOL, "grace")
        monitoring.register_callback(self._TOOL, monitoring.events.PY_START, self._started)
        monitoring.set_events(self._TOOL, monitoring.events.PY_START)
        monitoring.restart_events()
        return True

    def end(self, test: str) -> None:
        """Stop watching; what was seen is the test's."""
        if self._monitoring is None:
            if sys.gettrace() == self._trace:
                sys.settrace(None)
                threading.settrace(None)
        else:
            self._monitoring.set_events(self._TOOL, 0)
            self._monitoring.free_tool_id(self._TOOL)
        self._tests.setdefault(test, set()).update(self._seen)

    def as_json(self) -> "dict[str, object]":
        """Functions as [path, first line], and for each test the numbers of those it entered."""
        numbers = {}  # type: dict[types.CodeType, int | None]
        functions = []  # type: list[object]
        tests = {}
        for test, codes in self._tests.items():
            for code in codes - numbers.keys():
                path = os.path.abspath(code.co_filename)
                inside = path.startswith(self._root) and not code.co_name.startswith("<")
                numbers[code] = len(functions) if inside else None
                if inside:
                    functions.append([path[len(self._root) :], code.co_firstlineno])
            tests[test] = sorted(number for number in map(numbers.get, codes) if number is not None)
        return {"functions": functions, "tests": tests}


class Report:
    """Gathers what one session does; written when the session ends by itself, in the process it began in."""

    def __init__(self, path: str, key: bytes, entered: Entered) -> None:
        self._path = path
        self._entered = entered
        self._sign = hmac.new(key, digestmod=hashlib.sha256)
        self._process = os.getpid()
        self._selected = set()  # type: set[str]
        self._deselected = set()  # type: set[str]
        self._outcomes = {}  # type: dict[str, str]
        self._finished = set()  # type: set[str]
        self._uncollected = []  # type: list[str]

    def pytest_deselected(self, items: "list[pytest.Item]") -> None:
        """Tests left out by -k, -m or a plug-in that says so."""
        self._deselected.update(item.nodeid for item in items)

    def pytest_collectreport(self, report: "pytest.CollectReport") -> None:
        """A file or class whose tests could not be found."""
        if report.outcome == "failed":
            self._uncollected.append(report.nodeid)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session):  # type: ignore[no-untyped-def]  # a generator
        """Every test that is about to run."""
        self._selected.update(item.nodeid for item in session.items)
        yield

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: "list[str]") -> None:
        """The same, when pytest-xdist collects in other processes."""
        self._selected.update(ids)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item):  # type: ignore[no-untyped-def]  # as above
        """What a test enters, its fixtures included; its parameters do not make it another test."""
        watching = self._entered.begin()
        yield
        if watching:
            self._entered.end(item.nodeid.split("[", 1)[0])

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self, report: "pytest.TestReport"):  # type: ignore[no-untyped-def]  # as above
        """How setup, call and teardown of a test ended; the worst counts, a later run of it replaces it."""
        if report.when == "setup" or report.outcome == "failed" or report.when == "call":
            self._outcomes[report.nodeid] = report.outcome
        if report.when == "teardown":
            self._finished.add(report.nodeid)
        yield

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, exitstatus: int):  # type: ignore[no-untyped-def]  # as above
        """Write the report, with the exit status as it was before conftest hooks could change it."""
        yield
        if os.getpid() != self._process:
            return
        body = json.dumps(
            {
                "exit_status": int(exitstatus),
                "selected": len(self._selected),
                "deselected": len(self._deselected),
                "not_finished": sorted(self._selected - self._finished)[:20],
                "uncollected": self._uncollected[:20],
                "outcomes": self._outcomes,
                "entered": self._entered.as_json(),
            }
        ).encode()
        self._sign.update(body)
        with open(self._path, "wb") as file:
            file.write(self._sign.hexdigest().encode() + b"\n" + body)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Take the key, once, before the project's code runs."""
    path = os.environ.pop("GRACE_REPORT", "")
    wanted = bool(os.environ.pop("GRACE_REPORT_ENTERED", ""))
    if path:
        with open(path, "rb") as file:
            key = file.read()
        os.unlink(path)
        early_config.pluginmanager.register(Report(path, key, Entered(os.getcwd(), wanted)))
