"""One test under many candidates."""

from __future__ import annotations

import gc
import os
import random
import re
from typing import TYPE_CHECKING

from . import clock, running
from .namespaces import Namespaces
from .swapping import NotSwappableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import pytest

    from .channel import Order
    from .forking import Emit
    from .swapping import Units

    Batch = tuple[int, list[Any]]
    """A candidate: its number and its edits."""

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class Trial:
    """A test, how it is run, and what each candidate makes of it."""

    def __init__(self, item: pytest.Item, units: Units, root: str, failure: running.Failure, order: Order) -> None:
        self._item = item
        self._units = units
        self._root = root
        self._seconds: float = order["seconds"]
        self._full: bool = not order["light"]
        self._isolated: bool = order["isolated"]
        self._explaining: bool = order.get("explain", False)
        self._call: Callable[[], object] | None = running.direct_call(item) if order["direct"] else None
        self._failure = failure
        self._namespaces: Namespaces | None = None

    def freeze(self) -> None:
        """Before forking: children that do not walk these objects do not copy their pages."""
        gc.collect()
        gc.freeze()

    def spoils(self, candidate: Batch) -> bool:
        """Module code that ran again cannot be taken back: the child ends with it."""
        return self._isolated or any(self._units.by_id[unit_id].is_module for unit_id, _ in candidate[1])

    def work(self, candidate: Batch, emit: Emit) -> None:
        """Judge a candidate in a forked child; explain why the original fails, which has no edits, when asked.

        State that earlier candidates left in the process shows in that explanation.
        """
        _, edits = candidate
        running.explanations(False)
        if self._namespaces is None and not self._isolated:
            self._verdict([])  # what the project sets up once, when it is first used, is no candidate's doing
            self._namespaces = Namespaces(self._root)
        letter, _ = self._verdict(edits)
        if self._namespaces is not None:
            self._namespaces.restore()
        emit(letter)
        if self._explaining and not edits and letter[0] == "f":
            running.explanations(True)
            _, error = self._verdict(edits)
            emit(self._explanation(error))

    def _explanation(self, error: BaseException | None) -> str:
        clock.arm(self._seconds)
        try:
            return _ADDRESS.sub("", repr(error))[:2000]
        except BaseException as broken:  # noqa: BLE001 - an error that cannot be shown has a class
            return f"{type(error).__name__}, not shown: {type(broken).__name__}"
        finally:
            clock.disarm()

    def _verdict(self, edits: list[Any]) -> tuple[str, BaseException | None]:
        """p(assed) h(ung) s(yntax error) n(ot swappable), or f(ailed) with what changes when the failure does.

        Together with c(rashed), which is for whoever waits for this process.
        """
        try:
            placed = self._units.prepare(edits)
        except NotSwappableError:
            return "n", None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return "s", None
        self._units.clear_caches()
        random.seed(0)
        os.chdir(self._root)
        clock.arm(self._seconds)
        try:
            for unit, code in placed:
                unit.place(code)
            outcome, error = self._judge()
        except NotSwappableError:
            return "n", None
        except clock.OutOfTime:
            return "h", None
        except BaseException as error:  # noqa: BLE001 - module code that fails when run again
            return "f?", error
        finally:
            clock.disarm()
            for unit, _ in placed:
                unit.restore()
        if outcome in (running.PASSED, running.HUNG):
            return outcome[0], error
        return "f" + (_signature(error) if error is not None else outcome), error

    def _judge(self) -> tuple[str, BaseException | None]:
        if self._call is None:
            outcome, _ = running.run(self._item, None, self._failure, self._seconds, full=self._full)
            return outcome, self._failure.error
        try:
            self._call()
        except clock.OutOfTime as late:
            return running.HUNG, late
        except BaseException as error:  # noqa: BLE001 - whatever a candidate raises is its verdict
            return running.FAILED, error
        return running.PASSED, None


def _signature(error: BaseException) -> str:
    """Changes when the failure changes: class, message and the deepest line reached."""
    try:
        text = _ADDRESS.sub("", str(error)[:300])
    except Exception:  # noqa: BLE001 - a message that cannot be rendered still has a class
        text = ""
    trace, line = error.__traceback__, 0
    while trace is not None:
        line, trace = trace.tb_lineno, trace.tb_next
    return f"{type(error).__name__}:{hash((text, line)) & 0xFFFFFFFF:x}"
