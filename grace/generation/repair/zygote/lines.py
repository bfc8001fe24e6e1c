"""Which lines of the project a test executes."""

from __future__ import annotations

import os
import sys


def recorder(root: str, interrupted: bool):
    """The cheapest recorder this interpreter offers. All have `begin(test)`, `end()` and `collected()`.

    Tests that are going to be `interrupted` are not given to coverage.py: an exception out of a signal handler can
    leave its tracer holding a lock.
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


class Monitoring:
    """sys.monitoring (PEP 669): a line costs once per test."""

    def __init__(self, root):
        self.prefix = root + os.sep
        self.lines = {}
        self.current = {}
        tool = sys.monitoring
        self.tool_id = next(i for i in (3, 4, 1) if tool.get_tool(i) is None)
        tool.use_tool_id(self.tool_id, "grace")
        tool.register_callback(self.tool_id, tool.events.LINE, self._line)

    def _line(self, code, line):
        if code.co_filename.startswith(self.prefix):
            self.current.setdefault(code.co_filename, set()).add(line)
        return sys.monitoring.DISABLE

    def begin(self, test):
        self.current = self.lines.setdefault(test, {})
        sys.monitoring.restart_events()
        sys.monitoring.set_events(self.tool_id, sys.monitoring.events.LINE)

    def end(self):
        sys.monitoring.set_events(self.tool_id, 0)

    def collected(self):
        return self.lines


class Coverage:
    """coverage.py's C tracer, one context a test."""

    def __init__(self, coverage, root):
        self.coverage = coverage.Coverage(data_file=None, config_file=False, include=[root + os.sep + "*"])

    def begin(self, test):
        self.coverage.start()
        self.coverage.switch_context(str(test))

    def end(self):
        self.coverage.stop()

    def collected(self):
        lines = {}
        data = self.coverage.get_data()
        for path in data.measured_files():
            for line, contexts in data.contexts_by_lineno(path).items():
                for context in contexts:
                    if context:
                        lines.setdefault(int(context), {}).setdefault(path, set()).add(line)
        return lines


class Tracing:
    """sys.settrace, for old interpreters without coverage.py."""

    def __init__(self, root):
        self.prefix = root + os.sep
        self.lines = {}
        self.current = {}

    def _call(self, frame, _event, _argument):
        if not frame.f_code.co_filename.startswith(self.prefix):
            return None
        add = self.current.setdefault(frame.f_code.co_filename, set()).add
        add(frame.f_lineno)

        def line(frame, _event, _argument):
            add(frame.f_lineno)
            return line

        return line

    def begin(self, test):
        self.current = self.lines.setdefault(test, {})
        sys.settrace(self._call)

    def end(self):
        sys.settrace(None)

    def collected(self):
        return self.lines
