"""What candidates do on inputs near those the tests give: patches that overfit the tests differ there."""

from __future__ import annotations

import copy
import itertools
import random
import re
import sys
import types

from . import clock, running

MOST_CALLS = 40
MOST_INPUTS = 120
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def compare(server, order):
    """Yield {"inputs": n} and {"candidate": id, "answers": [...]}, the original first with id -1.

    order: units' function under "function" (path, first_line, name), "tests" that call it, "candidates", "seconds".
    """
    unit = server.units.by_id[order["unit"]]
    calls = _recorded_calls(server, unit, order["tests"], order["seconds"])
    inputs = _varied(calls)
    yield {"inputs": len(inputs), "recorded": len(calls)}
    seconds = order["call_seconds"]
    for candidate, edits in [[-1, []], *order["candidates"]]:
        answers = []
        try:
            placed = server.units.prepare(edits)
            for there, code in placed:
                there.place(code)
        except Exception as broken:  # noqa: BLE001 - reported as what the candidate does everywhere
            yield {"candidate": candidate, "answers": ["x" + type(broken).__name__] * len(inputs)}
            continue
        hung = 0
        for given in inputs:
            server.units.clear_caches()
            random.seed(0)
            answer = _answer(unit.functions[0], given, seconds) if hung < 3 else "h"
            hung += answer == "h"
            answers.append(answer)
        for there, _ in placed:
            there.restore()
        yield {"candidate": candidate, "answers": answers}


def _recorded_calls(server, unit, tests, seconds):
    codes = {function.__code__ for function in unit.functions}
    calls, seen = [], set()

    def profile(frame, event, _argument):
        if event != "call" or frame.f_code not in codes or len(calls) >= MOST_CALLS:
            return
        code = frame.f_code
        count = code.co_argcount + code.co_kwonlyargcount
        names = code.co_varnames[: count + bool(code.co_flags & 4) + bool(code.co_flags & 8)]
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

    for index in tests:
        if len(calls) >= MOST_CALLS:
            break
        sys.setprofile(profile)
        try:
            running.run(server.items[index], None, server.failure, seconds, full=False)
        finally:
            sys.setprofile(None)
    return calls


class _Call:
    def __init__(self, code, given):
        positional = code.co_argcount
        keywords = code.co_varnames[positional : positional + code.co_kwonlyargcount]
        self.positional = given[:positional]
        self.keywords = dict(zip(keywords, given[positional:]))
        rest = given[positional + len(keywords) :]
        if code.co_flags & 4:
            self.positional = [*self.positional, *rest[0]]
            rest = rest[1:]
        if code.co_flags & 8:
            self.keywords.update(rest[0])
        self.fixed = 1 if code.co_varnames[:1] in (("self",), ("cls",)) else 0

    def varied(self, chance):
        """The same call with one argument changed a little, None when nothing can be."""
        places = [k for k in range(self.fixed, len(self.positional)) if _variants(self.positional[k])]
        if not places:
            return None
        other = copy.copy(self)
        other.positional = list(self.positional)
        place = chance.choice(places)
        other.positional[place] = chance.choice(_variants(self.positional[place]))
        return other


def _varied(calls):
    chance = random.Random(0)
    inputs = list(calls)
    for call in itertools.islice(itertools.cycle(calls), MOST_INPUTS * 2 if calls else 0):
        if len(inputs) >= MOST_INPUTS:
            break
        other = call.varied(chance)
        if other is not None:
            inputs.append(other)
    return inputs


def _variants(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1, -value, value * 2, 0] if abs(value) < 10**6 else [value + 1, value - 1]
    if isinstance(value, float):
        return [value + 0.5, -value, value * 2, 0.0]
    if isinstance(value, (str, bytes)):
        empty = value[:0]
        middle = len(value) // 2
        return [
            value[1:],
            value[:-1],
            value + value[:1],
            value[::-1],
            empty,
            value[:middle] + value[middle + 1 :],
        ]
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        found = [value[1:], value[:-1], value[::-1], value + value[:1]]
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


def _answer(function, call, seconds):
    try:
        positional, keywords = copy.deepcopy((call.positional, call.keywords))
    except Exception:  # noqa: BLE001 - cannot be replayed for anybody
        return "?"
    clock.arm(seconds)
    try:
        result = function(*positional, **keywords)
        if isinstance(result, (types.GeneratorType, map, filter, zip)):
            result = list(itertools.islice(result, 500))
        elif isinstance(result, types.CoroutineType):
            result.close()
            return "?"
        clock.disarm()
        return "r" + _shown([result, positional])[:2000]
    except clock.OutOfTime:
        return "h"
    except BaseException as error:  # noqa: BLE001 - raising is an answer
        return "x" + type(error).__name__
    finally:
        clock.disarm()


def _shown(value, depth=0):
    """A text equal for equal values, addresses left out."""
    if isinstance(value, (list, tuple)):
        return "%s(%s)" % (type(value).__name__, ",".join(_shown(v, depth + 1) for v in value[:200]))
    if isinstance(value, dict):
        return "{%s}" % ",".join(
            "%s:%s" % (_shown(k, depth + 1), _shown(v, depth + 1)) for k, v in list(value.items())[:200]
        )
    if isinstance(value, (set, frozenset)):
        return "set(%s)" % ",".join(sorted(_shown(v, depth + 1) for v in value))
    if type(value).__repr__ is object.__repr__ and depth < 6 and hasattr(value, "__dict__"):
        return type(value).__name__ + _shown(vars(value), depth + 1)
    return _ADDRESS.sub("", repr(value))[:400]
