"""Words that stand for one another: families of functions, methods and names that programmers confuse."""

import collections
import datetime
import decimal
import difflib
import functools
import io
import pathlib
import re
from collections.abc import Iterator

_FAMILIES = (
    ("any", "all"), ("min", "max"), ("append", "extend", "insert", "add", "update"), ("lower", "upper", "casefold"),
    ("sorted", "reversed", "list", "set", "tuple"), ("find", "rfind", "index"), ("strip", "lstrip", "rstrip"),
    ("startswith", "endswith"), ("keys", "values", "items"), ("split", "rsplit", "splitlines", "partition"),
    ("partition", "rpartition"), ("left", "right"), ("start", "end", "stop"), ("first", "last"), ("prev", "next"),
    ("remove", "discard", "pop"), ("pop", "popleft"), ("append", "appendleft"), ("ceil", "floor", "trunc"),
    ("floor", "round"), ("int", "float", "round"), ("isdigit", "isalpha", "isalnum", "isdecimal", "isnumeric"),
    ("match", "search", "fullmatch"), ("get", "pop", "setdefault"), ("union", "intersection", "difference"),
    ("heappush", "heappop"), ("ljust", "rjust", "center"), ("title", "capitalize"), ("read", "readline", "readlines"),
    ("sum", "len", "max", "min"), ("encode", "decode"), ("isinstance", "issubclass"), ("parent", "child"),
    ("bisect_left", "bisect_right"), ("combinations", "permutations"), ("str", "repr"), ("x", "y"),
    ("row", "column", "col"), ("rows", "columns", "cols"), ("width", "height"), ("key", "value"), ("low", "high"),
    ("lo", "hi"), ("issubset", "issuperset"), ("predecessors", "successors"), ("incoming", "outgoing"),
    ("head", "tail"), ("source", "target"), ("begin", "end"), ("before", "after"), ("hour", "minute", "second"),
("iteritems", "items"), ("itervalues", "values"), ("iterkeys", "keys"), ("unicode", "str"), ("xrange", "range"),
    ("basestring", "str"), ("__next__", "next"), ("__nonzero__", "__bool__"), ("parents", "children"),
    ("ancestors", "descendants"), ("in", "out"), ("up", "down"), ("old", "new"),
)  # fmt: skip
_RELATIVES: dict[str, tuple[str, ...]] = {}
for _family in _FAMILIES:
    for _name in _family:
        _RELATIVES[_name] = (*_RELATIVES.get(_name, ()), *(n for n in _family if n != _name))


def relatives(name: str) -> Iterator[str]:
    """Names of the same family, also where one word of a compound name is exchanged."""
    yield from _RELATIVES.get(name, ())
    words = name.split("_")
    if len(words) > 1:
        for k, word in enumerate(words):
            for other in _RELATIVES.get(word, ()):
                yield "_".join([*words[:k], other, *words[k + 1 :]])


_STANDARD_TYPES: tuple[type, ...] = (
    str, bytes, list, dict, set, int, float, collections.deque, collections.Counter, collections.OrderedDict,
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, io.StringIO, pathlib.Path,
    re.Match, re.Pattern,
)  # fmt: skip


@functools.lru_cache(maxsize=1024)
def standard_siblings(name: str) -> tuple[str, ...]:
    """Members spelled much like this one, of the standard types that have it."""
    found: dict[str, None] = {}
    for owner in _STANDARD_TYPES:
        members = [m for m in dir(owner) if not m.startswith("_")]
        if name in members:
            found.update(dict.fromkeys(difflib.get_close_matches(name, members, n=5, cutoff=0.55)))
    found.pop(name, None)
    return tuple(found)
