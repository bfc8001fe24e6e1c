"""What candidates do on inputs near those the tests give: patches that overfit the tests differ there."""

from __future__ import annotations

import copy
import itertools
import random
import re
import sys
import time
import types
from typing import TYPE_CHECKING, Any

from . import clock, running

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

    from .channel import Answer, Order
    from .swapping import Unit, Units

MOST_CALLS = 40
MOST_INPUTS = 120
MOST_HANGS = 3
"""A candidate that hangs as often is not asked again."""
MOST_WALL_SECONDS = 5.0
"""The same for one that sleeps or waits this long in all."""
MOST_PARTS = 2000
"""Parts of one answer that are shown; what is larger is compared by these."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_VARIABLE, _KEYWORDS = 4, 8
"""Code flags of `*arguments` and `**keywords`."""


def compare(items: Sequence[pytest.Item], units: Units, order: Order) -> Iterator[Answer]:
    """Yield {"inputs": n, "recorded": n} and {"candidate": id, "answers": [...]}, the original first, as -1.

    order: "unit" (the function's), "tests" that call it, "candidates", "seconds" for a test, "call_seconds".
    An answer is r(eturned) and the value, x and the exception's class, h(ung) or ? for what cannot be compared.
    """
    unit = units.by_id[order["unit"]]
    calls = _recorded_calls([items[k] for k in order["tests"]], unit, order["seconds"])
    inputs = _varied(calls)
    yield {"inputs": len(inputs), "recorded": len(calls)}
    for candidate, edits in [[-1, []], *order["candidates"]]:
        try:
            placed = units.prepare(edits)
            for there, code in placed:
                there.place(code)
        except Exception as broken:  # noqa: BLE001 - reported as what the candidate does everywhere
            yield {"candidate": candidate, "answers": [f"x{type(broken).__name__}"] * len(inputs)}
            continue
        answers = _answers(units, unit, inputs, order["call_seconds"])
        for there, _ in placed:
            there.restore()
        yield {"candidate": candidate, "answers": answers}


def _answers(units: Units, unit: Unit, inputs: Sequence[_Call], seconds: float) -> list[str]:
    answers: list[str] = []
    began = time.monotonic()
    for given in inputs:
        if answers.count("h") >= MOST_HANGS or time.monotonic() - began > MOST_WALL_SECONDS:
            answers.append("h")
            continue
        units.clear_caches()
        random.seed(0)
        answers.append(_answer(unit.functions[0], given, seconds))
    return answers


def _recorded_calls(items: Sequence[pytest.Item], unit: Unit, seconds: float) -> list[_Call]:
    codes = {function.__code__ for function in unit.functions}
    calls: list[_Call] = []
    seen = set()

    def profile(frame: types.FrameType, event: str, _argument: object) -> None:
        if event != "call" or frame.f_code not in codes or len(calls) >= MOST_CALLS:
            return
        code = frame.f_code
        count = code.co_argcount + code.co_kwonlyargcount
        names = code.co_varnames[: count + bool(code.co_flags & _VARIABLE) + bool(code.co_flags & _KEYWORDS)]
        sys.setprofile(None)
        try:
            given = copy.deepcopy([frame.f_locals[name] for name in names])
            key = _shown(given)
            if key not in seen:
                seen.add(key)
                calls.append(_Call(code, given))
        except Exception:  # noqa: BLE001, S110 - arguments that cannot be copied cannot be replayed
            pass
        finally:
            sys.setprofile(profile)

    for item in items:
        if len(calls) >= MOST_CALLS:
            break
        sys.setprofile(profile)
        try:
            running.run(item, None, running.Failure(), seconds, full=False)
        finally:
            sys.setprofile(None)
    return calls


class _Call:
    """Arguments of one call."""

    def __init__(self, code: types.CodeType, given: list[Any]) -> None:
        keywords = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        self.positional = given[: code.co_argcount]
        self.keywords = dict(zip(keywords, given[code.co_argcount :]))
        rest = given[code.co_argcount + len(keywords) :]
        if code.co_flags & _VARIABLE:
            self.positional = [*self.positional, *rest[0]]
            rest = rest[1:]
        if code.co_flags & _KEYWORDS:
            self.keywords.update(rest[0])
        self._fixed = 1 if code.co_varnames[:1] in (("self",), ("cls",)) else 0

    def varied(self, chance: random.Random) -> _Call | None:
        """The same call with one argument changed a little, None when nothing can be."""
        places = [k for k in range(self._fixed, len(self.positional)) if _variants(self.positional[k])]
        if not places:
            return None
        other = copy.copy(self)
        other.positional = list(self.positional)
        place = chance.choice(places)
        other.positional[place] = chance.choice(_variants(self.positional[place]))
        return other


def _varied(calls: Sequence[_Call]) -> list[_Call]:
    chance = random.Random(0)  # noqa: S311  # variations, no secrets
    inputs = list(calls)
    for call in itertools.islice(itertools.cycle(calls), MOST_INPUTS * 2 if calls else 0):
        if len(inputs) >= MOST_INPUTS:
            break
        other = call.varied(chance)
        if other is not None:
            inputs.append(other)
    return inputs


def _variants(value: Any) -> list[Any]:
    """Values of the same type that are a little different."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1, -value, value * 2, 0] if abs(value) < 10**6 else [value + 1, value - 1]
    if isinstance(value, float):
        return [value + 0.5, -value, value * 2, 0.0]
    if isinstance(value, (str, bytes)):
        middle = len(value) // 2
        return [*_shortened(value), value[:0], value[:middle] + value[middle + 1 :]]  # type: ignore[operator]  # of one type
    if type(value) in (list, tuple):
        found = _shortened(value)
        for k, part in enumerate(value[:4]):
            for other in _variants(part)[:3]:
                found.append(value[:k] + type(value)([other]) + value[k + 1 :])
        return found
    if type(value) is dict and value:
        first = next(iter(value))
        return [{k: v for k, v in value.items() if k != first}, {}]
    if type(value) is set:
        return [set(list(value)[1:]), set()]
    return []


def _shortened(value: Any) -> list[Any]:
    """A sequence without an end, turned round, and longer."""
    return [value[1:], value[:-1], value + value[:1], value[::-1]]


def _answer(function: types.FunctionType, call: _Call, seconds: float) -> str:
    try:
        positional, keywords = copy.deepcopy((call.positional, call.keywords))
    except Exception:  # noqa: BLE001 - cannot be replayed for anybody
        return "?"
    clock.arm(seconds)
    try:
        result: Any = function(*positional, **keywords)
        if isinstance(result, (types.GeneratorType, map, filter, zip)):
            result = list(itertools.islice(result, 500))
        elif isinstance(result, types.CoroutineType):
            result.close()
            return "?"
        return "r" + _shown([result, positional])[:2000]
    except clock.OutOfTime:
        return "h"
    except BaseException as error:  # noqa: BLE001 - raising is an answer
        return f"x{type(error).__name__}"
    finally:
        clock.disarm()


def _shown(value: Any) -> str:
    """A text equal for equal values, addresses left out; of a large value the first parts."""
    left = MOST_PARTS
    inside: list[int] = []

    def parts(values: Any) -> str:
        return ",".join(map(shown, itertools.islice(values, 200)))

    def shown(part: Any) -> str:
        nonlocal left
        left -= 1
        if left < 0 or id(part) in inside:
            return "..."
        inside.append(id(part))
        try:
            if isinstance(part, (list, tuple)):
                return f"{type(part).__name__}({parts(part)})"
            if isinstance(part, dict):
                return f"{{{parts(part.items())}}}"
            if isinstance(part, (set, frozenset)):
                return f"set({','.join(sorted(map(shown, part)))})"
            renders: Any = type(part).__repr__
            if renders is object.__repr__ and hasattr(part, "__dict__"):
                return type(part).__name__ + shown(vars(part))
            return _ADDRESS.sub("", repr(part))[:400]
        finally:
            inside.pop()

    return shown(value)
