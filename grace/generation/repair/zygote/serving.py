"""The orders a warm process serves, as a pytest plug-in that takes the place of the run loop."""

from __future__ import annotations

import json
import os
import random
import sys
from typing import TYPE_CHECKING

import pytest

from . import clock, lines, running
from .behaviour import compare
from .forking import CRASHED, DONE, LAST_WORD, work_through
from .swapping import Units
from .trying import Trial
from .values import unchanged

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from typing import Any

    from .channel import Answer, Channel, Order
    from .forking import Emit

HUNG_BEFORE = 2
"""After so many tests that hang in one process, the others get a fifth of the time."""


class Server:
    """Collects failures to collect, then answers orders until the channel closes."""

    def __init__(self, channel: Channel, root: str) -> None:
        self.channel = channel
        self.root = root
        self.served = False
        self.failure = running.Failure()
        self.uncollected: list[list[Any]] = []
        self.items: list[pytest.Item] = []
        self.units = Units(root)

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        """Reports without rendered tracebacks; the error itself is kept."""
        return self.failure.makereport(item, call)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, None]:
        """Note what cannot be collected and why."""
        outcome = yield
        if outcome.excinfo is not None:  # not an error of this file alone: pytest gives up
            self._note(collector, outcome.excinfo[1], "")
            return
        report = outcome.get_result()
        if report.failed:
            error = report.call.excinfo.value if report.call and report.call.excinfo else None
            self._note(collector, error, str(report.longrepr))

    def _note(self, collector: pytest.Collector, error: BaseException | None, text: str) -> None:
        cause = error.__cause__ if error is not None and error.__cause__ is not None else error
        described = running.describe(cause, self.root) if cause is not None else ("Error", text, [])
        self.uncollected.append([collector.nodeid, *described, text[-2000:]])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Serve orders: {"op": "run" | "try" | "values" | "compare", "units": new units, ...}."""
        clock.disarm()
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
        serving: dict[str, Callable[[Order], Iterator[Answer]]] = {
            "run": self._run,
            "try": self._try,
            "values": self._values,
            "compare": self._compare,
        }
        while True:
            order = self.channel.receive()
            if order is None:
                return True
            for unit_id, described in order.get("units", ()):
                self.units.add(unit_id, described)
            for answer in serving[order["op"]](order):
                self.channel.send(answer)
            self.channel.send({"done": order["op"]})

    def _run(self, order: Order) -> Iterator[Answer]:
        """Run tests fully, in order; with the lines they execute when asked; under edits when given."""
        untold: list[int] = []  # run in the present child, which tells lines with its last test
        lost: list[int] = []
        for answer in self._answers(order, order["tests"]):
            yield answer
            if "lines" in answer:
                untold = []
            elif answer["outcome"] == CRASHED or ("failure" not in answer and answer["outcome"] == running.HUNG):
                lost, untold = lost + untold, []  # the child is gone
                if order.get("cover") and answer["outcome"] == CRASHED:
                    yield from self._last_lines(order, answer["test"])
            else:
                untold.append(answer["test"])
            if order.get("stop_at_failure") and answer.get("outcome") not in (
                running.PASSED,
                running.SKIPPED,
            ):
                return
        if lost and order.get("cover"):
            yield from (answer for answer in self._answers(order, lost) if "lines" in answer)

    def _answers(self, order: Order, tests: list[int]) -> Iterator[Answer]:
        seconds = order["seconds"]
        recorder = lines.recorder(self.root, order.get("hang", False)) if order.get("cover") else None
        edits = order.get("edits", [])
        state = {"ready": False, "hung": 0}

        def work(position: int, emit: Emit) -> None:
            if not state["ready"]:
                random.seed(None if order.get("reseed") else 0)
                running.explanations(not recorder and not edits)
                for unit, code in self.units.prepare(edits):
                    unit.place(code)
                state["ready"] = True
            index = tests[position]
            following = self.items[tests[position + 1]] if position + 1 < len(tests) else None
            if recorder:
                recorder.begin(index)
            patience = seconds / (5 if state["hung"] >= HUNG_BEFORE else 1)
            outcome, spent = running.run(self.items[index], following, self.failure, patience)
            state["hung"] += outcome == running.HUNG
            if recorder:
                recorder.end()
            answer = {"test": index, "outcome": outcome, "seconds": spent}
            if self.failure.error is not None and outcome != running.SKIPPED:
                answer["failure"] = running.describe(self.failure.error, self.root)
            emit(json.dumps(answer))
            if recorder and following is None:
                emit(json.dumps({"lines": self._relative(recorder.collected())}))

        positions = list(range(len(tests)))
        silence = order.get("silence", seconds * 3 + 20)
        for position, said, ended in work_through(positions, work, jobs=1, silence=silence, close=self.channel.close):
            yield from (json.loads(line) for line in said if not line.startswith(LAST_WORD))
            if ended != DONE:
                yield {"test": tests[position], "outcome": ended, "seconds": seconds}

    def _last_lines(self, order: Order, index: int) -> Iterator[Answer]:
        """The lines of a test that ends its process, told as they are reached."""

        def work(_item: int, emit: Emit) -> None:
            random.seed(0)
            recorder = lines.Telling(self.root, emit)
            recorder.begin(index)
            running.run(self.items[index], None, self.failure, order["seconds"])

        for _, said, _ in work_through([0], work, jobs=1, silence=20, close=self.channel.close):
            found: lines.Lines = {}
            for line in said:
                if not line.startswith(LAST_WORD):
                    path, number = json.loads(line)
                    found.setdefault(path, set()).add(number)
            yield {"lines": self._relative({index: found})}

    def _try(self, order: Order) -> Iterator[Answer]:
        """Run one test under each candidate; a letter each, see `Trial.verdict`."""
        self.units.look_around()
        trial = Trial(self.items[order["test"]], self.units, self.root, self.failure, order)
        trial.freeze()
        for position, said, ended in work_through(
            order["candidates"],
            trial.work,
            jobs=order["jobs"],
            silence=order["seconds"] * 4 + 3,
            close=self.channel.close,
            spoils=trial.spoils,
        ):
            letter, *explained = said if ended == DONE else [ended[0]]
            answer: Answer = {"tried": [order["candidates"][position][0], letter]}
            yield {**answer, "explained": explained[0]} if explained else answer

    def _values(self, order: Order) -> Iterator[Answer]:
        """Which replacement expressions have the original's value at every visit of the test."""
        yield from self._alone(lambda: unchanged(self.items[order["test"]], self.root, order))

    def _compare(self, order: Order) -> Iterator[Answer]:
        """What each candidate answers to the same inputs."""
        yield from self._alone(lambda: compare(self.items, self.units, order))

    def _alone(self, work: Callable[[], Iterator[Answer]]) -> Iterator[Answer]:
        def body(_item: int, emit: Emit) -> None:
            for answer in work():
                emit(json.dumps(answer))

        for _, said, ended in work_through([0], body, jobs=1, silence=60, close=self.channel.close):
            yield from (json.loads(line) for line in said if not line.startswith(LAST_WORD))
            if ended != DONE:
                yield {"incomplete": ended}

    def _relative(self, collected: dict[int, lines.Lines]) -> dict[int, dict[str, list[int]]]:
        return {
            test: {
                os.path.relpath(path, self.root): sorted(found)
                for path, found in files.items()
                if path.startswith(self.root + os.sep)
            }
            for test, files in collected.items()
        }

    def _modules(self) -> dict[str, str]:
        """{relative path: module name} of everything of the project that is imported."""
        named: dict[str, str] = {}
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if path and os.path.abspath(path).startswith(self.root + os.sep):
                named.setdefault(os.path.relpath(os.path.abspath(path), self.root), name)
        return named
