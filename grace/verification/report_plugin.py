"""A pytest plug-in that tells GRACE, signed, which tests were collected and how each one ended.

It is copied into a folder of its own and loaded with `-p`, before any conftest. The key lies in a file that
is deleted as it is read, so nothing that the tests print, write or exit with passes for a report.
Standard library and pytest only; any Python 3.6 on and any pytest 5 on.
"""

import hashlib
import hmac
import json
import os

import pytest


class Report:
    """Gathers what one session does; written when the session ends by itself, in the process it began in."""

    def __init__(self, path: str, key: bytes) -> None:
        self._path = path
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
            }
        ).encode()
        self._sign.update(body)
        with open(self._path, "wb") as file:
            file.write(self._sign.hexdigest().encode() + b"\n" + body)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Take the key, once, before the project's code runs."""
    path = os.environ.pop("GRACE_REPORT", "")
    if path:
        with open(path, "rb") as file:
            key = file.read()
        os.unlink(path)
        early_config.pluginmanager.register(Report(path, key))
