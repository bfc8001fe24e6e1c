"""Which lines of the project a test executes."""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType, ModuleType
    from typing import Any

    Lines = dict[str, set[int]]
    """Line numbers by absolute path."""


class Recorder:
    """What all recorders offer."""

    def begin(self, test: int) -> None:
        """From now on lines are this test's."""
        raise NotImplementedError

    def end(self) -> None:
        """Record no more."""
        raise NotImplementedError

    def collected(self) -> dict[int, Lines]:
        """The lines of each test."""
        raise NotImplementedError


def recorder(root: str, interrupted: bool) -> Recorder:
    """The cheapest recorder this interpreter offers for files below root.

    Tests that are going to be `interrupted` are not given to coverage.py: an exception out of a signal handler
    can leave its tracer holding a lock.
    """
    if sys.version_info >= (3, 12):
        return Monitoring(root)
    if interrupted:
        return Tracing(root)
    try:
        import coverage
    except ImportError:
        return Tracing(root)
    return Coverage(coverage, root)


if sys.version_info >= (3, 12):

    class Monitoring(Recorder):
        """sys.monitoring (PEP 669): a line costs once per test."""

        def __init__(self, root: str) -> None:
            self._prefix = root + os.sep
            self._lines: dict[int, Lines] = {}
            self._current: Lines = {}
            self._tool: int | None = None

        def _own_tool(self) -> int:
            """Taken in the child that records: the process it was forked from has none to give back."""
            if self._tool is None:
                monitoring = sys.monitoring
                self._tool = next(k for k in (3, 4, 1) if monitoring.get_tool(k) is None)
                monitoring.use_tool_id(self._tool, "grace")
                monitoring.register_callback(self._tool, monitoring.events.LINE, self._line)
            return self._tool

        def _line(self, code: CodeType, line: int) -> Any:
            if code.co_filename.startswith(self._prefix):
                self._current.setdefault(code.co_filename, set()).add(line)
            return sys.monitoring.DISABLE

        def begin(self, test: int) -> None:
            """From now on lines are this test's."""
            self._current = self._lines.setdefault(test, {})
            tool = self._own_tool()
            sys.monitoring.restart_events()
            sys.monitoring.set_events(tool, sys.monitoring.events.LINE)

        def end(self) -> None:
            """Record no more."""
            sys.monitoring.set_events(self._own_tool(), 0)

        def collected(self) -> dict[int, Lines]:
            """The lines of each test."""
            return self._lines


class Coverage(Recorder):
    """coverage.py's C tracer, one context a test."""

    def __init__(self, coverage: ModuleType, root: str) -> None:
        self._coverage = coverage.Coverage(
            data_file=None, config_file=False, include=[os.path.join(root, "*")], messages=False
        )

    def begin(self, test: int) -> None:
        """From now on lines are this test's."""
        self._coverage.start()
        self._coverage.switch_context(str(test))

    def end(self) -> None:
        """Record no more."""
        self._coverage.stop()

    def collected(self) -> dict[int, Lines]:
        """The lines of each test."""
        found: dict[int, Lines] = {}
        data = self._coverage.get_data()
        for path in data.measured_files():
            for line, contexts in data.contexts_by_lineno(path).items():
                for context in filter(None, contexts):
                    found.setdefault(int(context), {}).setdefault(path, set()).add(line)
        return found


class Tracing(Recorder):
    """sys.settrace, for old interpreters without coverage.py."""

    def __init__(self, root: str) -> None:
        self._prefix = root + os.sep
        self._lines: dict[int, Lines] = {}
        self._current: Lines = {}

    def _adding(self, path: str) -> Callable[[int], None]:
        return self._current.setdefault(path, set()).add

    def _call(self, frame: FrameType, _event: str, _argument: object) -> Any:
        path = frame.f_code.co_filename
        if not path.startswith(self._prefix):
            return None
        add = self._adding(path)
        add(frame.f_lineno)

        def line(frame: FrameType, _event: str, _argument: object) -> Any:
            add(frame.f_lineno)
            return line

        return line

    def begin(self, test: int) -> None:
        """From now on lines are this test's."""
        self._current = self._lines.setdefault(test, {})
        threading.settrace(self._call)
        sys.settrace(self._call)

    def end(self) -> None:
        """Record no more."""
        sys.settrace(None)
        threading.settrace(None)

    def collected(self) -> dict[int, Lines]:
        """The lines of each test."""
        return self._lines


class Telling(Tracing):
    """Tells of each line at once as JSON [path, line], for a test that ends its process."""

    def __init__(self, root: str, tell: Callable[[str], None]) -> None:
        super().__init__(root)
        self._tell = tell

    def _adding(self, path: str) -> Callable[[int], None]:
        known = self._current.setdefault(path, set())

        def add(line: int) -> None:
            if line not in known:
                known.add(line)
                self._tell(json.dumps([path, line]))

        return add
