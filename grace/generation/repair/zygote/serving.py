"""The orders a warm process serves, as a pytest plugin that takes the place of the run loop."""

from __future__ import annotations

import gc
import json
import os
import random
import sys

import pytest

from . import clock, lines, running
from .behaviour import compare
from .forking import work_through
from .swapping import NotSwappable, Units
from .values import unchanged


class Server:
    """Collects failures to collect, then answers orders until the channel closes."""

    def __init__(self, channel, root):
        self.channel = channel
        self.root = root
        self.served = False
        self.failure = running.Failure()
        self.uncollected = []
        self.items = []
        self.units = Units(root)
        self.direct = {}

    def pytest_runtest_makereport(self, item, call):
        return self.failure.makereport(item, call)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector):
        outcome = yield
        report = outcome.get_result()
        if report.failed:
            error = report.call.excinfo.value if report.call and report.call.excinfo else None
            cause = error.__cause__ if error is not None and error.__cause__ is not None else error
            described = (
                running.describe(cause, self.root)
                if cause is not None
                else ("Error", str(report.longrepr), [])
            )
            self.uncollected.append([collector.nodeid, *described, str(report.longrepr)[-2000:]])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        self.served = True
        self.items = session.items
        self.channel.send(
            {
                "ready": [item.nodeid for item in self.items],
                "uncollected": self.uncollected,
                "version": list(sys.version_info[:3]),
                "modules": self._modules(),
            }
        )
        while True:
            order = self.channel.receive()
            if order is None:
                return True
            for unit_id, described in order.get("units", ()):
                self.units.add(unit_id, described)
            for answer in getattr(self, "serve_" + order["op"])(order):
                self.channel.send(answer)
            self.channel.send({"done": order["op"]})

    def serve_run(self, order):
        """Run tests fully, in order; with the lines they execute when asked; under edits when given."""
        chosen = order["tests"]
        cover = lines.recorder(self.root, order["hang"]) if order.get("cover") else None
        state = {"ready": False, "hung": 0}

        def work(position, emit):
            if not state["ready"]:
                clock.install()
                random.seed(None if order.get("reseed") else 0)
                if cover:
                    running.spare_explanations()
                for unit, code in self.units.prepare(order.get("edits", ())):
                    unit.place(code)
                state["ready"] = True
            index = chosen[position]
            following = self.items[chosen[position + 1]] if position + 1 < len(chosen) else None
            if cover:
                cover.begin(index)
            patience = order["seconds"] / (5 if state["hung"] >= 2 else 1)  # the first two show what it is
            outcome, seconds = running.run(self.items[index], following, self.failure, patience)
            state["hung"] += outcome == running.HUNG
            if cover:
                cover.end()
            answer = {"test": index, "outcome": outcome, "seconds": seconds}
            if self.failure.error is not None and outcome != running.SKIPPED:
                answer["failure"] = running.describe(self.failure.error, self.root)
            emit(json.dumps(answer))
            if cover and following is None:
                emit(json.dumps({"lines": self._relative(cover.collected())}))

        stop = order.get("stop_at_failure", False)
        silence = order["seconds"] * 3 + 20
        positions = list(range(len(chosen)))
        for position, said, ended in work_through(
            positions, work, jobs=1, silence=silence, close=self.channel.close
        ):
            answers = [json.loads(line) for line in said if not line.startswith("!")]
            yield from answers
            if ended != "done":
                answers = [{"test": chosen[position], "outcome": ended, "seconds": order["seconds"]}]
                yield from answers
            if stop and answers[0]["outcome"] not in (running.PASSED, running.SKIPPED):
                return

    def serve_try(self, order):
        """Run one test under each candidate; one letter each: p f h c(rashed) s(yntax) n(ot swappable)."""
        index, seconds = order["test"], order["seconds"]
        item = self.items[index]
        if index not in self.direct:
            self.direct[index] = running.direct_call(item) if order["direct"] else None
        call = self.direct[index]
        self.units.look_around()
        gc.collect()
        gc.freeze()  # children that do not walk these objects do not copy their pages
        state = {"ready": False}

        def judge():
            if call is None:
                outcome, _ = running.run(item, None, self.failure, seconds, full=not order["light"])
                return outcome, self.failure.error
            clock.arm(seconds)
            try:
                call()
            except clock.OutOfTime as late:
                return running.HUNG, late
            except BaseException as error:  # noqa: BLE001 - whatever a candidate raises is its verdict
                return running.FAILED, error
            finally:
                clock.disarm()
            return running.PASSED, None

        def work(batch, emit):
            if not state["ready"]:
                clock.install()
                running.spare_explanations()
                state["ready"] = True
            candidate, edits = batch
            try:
                placed = self.units.prepare(edits)
            except NotSwappable:
                emit("n")
                return
            except (SyntaxError, ValueError):
                emit("s")
                return
            except RecursionError:
                emit("s")
                return
            self.units.clear_caches()
            random.seed(0)
            try:
                for unit, code in placed:
                    unit.place(code)
                outcome, error = judge()
            except NotSwappable:
                emit("n")
                return
            except Exception:  # noqa: BLE001 - module code that fails when run again
                emit("f?")
                return
            finally:
                for unit, _ in placed:
                    unit.restore()
            if outcome == running.PASSED:
                emit("p")
            elif outcome == running.HUNG:
                emit("h")
            else:
                emit("f" + _signature(error))

        for position, said, ended in work_through(
            order["candidates"],
            work,
            jobs=order["jobs"],
            silence=seconds * 4 + 3,
            close=self.channel.close,
            spoils=(lambda candidate: True) if order["isolated"] else self._leaves_traces,
        ):
            letter = said[-1] if said and ended == "done" else ("h" if ended == "hung" else "c")
            yield {"tried": [order["candidates"][position][0], letter]}

    def _leaves_traces(self, candidate):
        """Module code that ran again cannot be taken back: the child ends with it."""
        return any(self.units.by_id[unit_id].is_module for unit_id, _ in candidate[1])

    def serve_values(self, order):
        """Which replacement expressions have the original's value at every visit of the test."""
        yield from self._alone(lambda: unchanged(self, order))

    def serve_compare(self, order):
        """What each candidate answers to the same inputs."""
        yield from self._alone(lambda: compare(self, order))

    def _alone(self, work):
        def body(_item, emit):
            clock.install()
            for answer in work():
                emit(json.dumps(answer))

        for _, said, ended in work_through([0], body, jobs=1, silence=60, close=self.channel.close):
            yield from (json.loads(line) for line in said if not line.startswith("!"))
            if ended != "done":
                yield {"incomplete": ended}

    def _relative(self, collected):
        return {
            test: {
                os.path.relpath(path, self.root): sorted(found)
                for path, found in files.items()
                if path.startswith(self.root + os.sep)
            }
            for test, files in collected.items()
        }

    def _modules(self):
        """{relative path: module name} of everything of the project that is imported."""
        named = {}
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if path and os.path.abspath(path).startswith(self.root + os.sep):
                named.setdefault(os.path.relpath(os.path.abspath(path), self.root), name)
        return named


def _signature(error) -> str:
    """Changes when the failure changes: class, message and the deepest line reached."""
    try:
        text = str(error)[:300]
    except Exception:  # noqa: BLE001 - a message that cannot be rendered still has a class
        text = ""
    trace, line = error.__traceback__, 0
    while trace is not None:
        line, trace = trace.tb_lineno, trace.tb_next
    return "%s:%x" % (type(error).__name__, hash((text, line)) & 0xFFFFFFFF)
