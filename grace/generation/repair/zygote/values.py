"""Recorded values: a replacement that never differs from the original at any visit cannot change the test's verdict."""

from __future__ import annotations

import os
import sys

from . import clock, running

MOST_VISITS = 300
"""A site visited more often is not judged: evaluating everything there would cost more than trying."""


def unchanged(server, order):
    """Yield {"unchanged": [[...] per site]} for order["sites"].

    A site names the function, the line its statement starts on, the original expression and its replacements;
    all of them are evaluated, in the running frame, each time that line starts. Expressions are free of effects:
    the asking side sees to that.
    """
    path = os.path.join(server.root, order["path"])
    sites = [_Site(site) for site in order["sites"]]
    by_place = {}
    for site in sites:
        by_place.setdefault((site.scope, site.line), []).append(site)
    scopes = {site.scope for site in sites}

    def line(frame, event, _argument):
        if event == "line":
            for site in by_place.get((frame.f_code.co_name, frame.f_lineno), ()):
                site.visit(frame)
        return line

    def call(frame, _event, _argument):
        code = frame.f_code
        return line if code.co_filename == path and code.co_name in scopes else None

    sys.settrace(call)
    try:
        running.run(server.items[order["test"]], None, server.failure, order["seconds"], full=False)
    finally:
        sys.settrace(None)
        clock.disarm()
    yield {"unchanged": [site.verdicts() for site in sites]}


class _Site:
    def __init__(self, described):
        self.scope = described["scope"]
        self.line = described["line"]
        self.original = compile(described["original"], "<original>", "eval", dont_inherit=True)
        self.left = {
            position: compile(text, "<replacement>", "eval", dont_inherit=True)
            for position, text in enumerate(described["replacements"])
        }
        self.total = len(described["replacements"])
        self.visits = 0

    def visit(self, frame):
        self.visits += 1
        if self.visits > MOST_VISITS:
            self.left = {}
            return
        there = (frame.f_globals, dict(frame.f_locals))
        expected = _value(self.original, there)
        for position, code in list(self.left.items()):
            if not _same(expected, _value(code, there)):
                del self.left[position]

    def verdicts(self):
        """True: the same value at every visit, with at least one visit."""
        return [bool(self.visits) and position in self.left for position in range(self.total)]


def _value(code, there):
    try:
        return "value", eval(code, *there)
    except Exception as error:  # noqa: BLE001 - raising is a value to compare too
        return "raised", type(error)


def _same(one, other):
    if one[0] != other[0] or type(one[1]) is not type(other[1]):
        return False
    if one[1] is other[1]:
        return True
    try:
        return bool(one[1] == other[1])
    except Exception:  # noqa: BLE001 - what cannot be compared is taken to differ
        return False
