"""Text out of bytes of unknown making, and where in it something stands."""

import codecs
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable
from itertools import chain
from typing import Any

from grace.errors import InputError

LARGEST = 8 * 2**20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DEEPEST_KEY = 64
_KEY_PART = re.compile(r"[\w\"' \t-]+")


class Unreadable(InputError):
    """A file is not what its name says; the message is the reason alone."""


def decode(content: bytes, *, largest: int = LARGEST) -> str:
    """The text of a file: UTF-8, or what its byte order mark says. Raises Unreadable."""
    if len(content) > largest:
        raise Unreadable(f"it is larger than {largest // 2**10:,} KiB")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeError as error:
        raise Unreadable("it is not text in UTF-8") from error
    if "\0" in text:
        raise Unreadable("it is a binary file")
    return text


def toml(text: str) -> dict[str, Any]:
    """The table of a TOML file. Raises Unreadable."""
    if any(line.count(".") > _DEEPEST_KEY and _has_a_deep_key(line) for line in text.splitlines()):
        raise Unreadable("it is nested too deeply")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise Unreadable("it is nested too deeply") from error
    except ValueError as error:  # no TOML, or a number longer than Python reads
        raise Unreadable(f"it is not TOML: {str(error)[:200]}") from error


def _has_a_deep_key(line: str) -> bool:
    """Whether a line has a dotted key of many parts: reading one takes time that grows with their square."""
    run = 0
    for part in line.split(".")[1:-1]:
        run = run + 1 if _KEY_PART.fullmatch(part) else 0
        if run > _DEEPEST_KEY:
            return True
    return False


class Lines:
    """Finds the lines that values came from, in files whose parsers do not say.

    Looks on from what was found last, as values come in the order of the file; gives up after so many lines that
    only a file made to waste time needs them.
    """

    def __init__(self, text: str) -> None:
        self._lines = text.splitlines()
        self._taken: dict[str, int] = defaultdict(int)
        self._last = 0
        self._left = 50 * len(self._lines) + 1_000_000

    def find(self, *words: str, after: int = 0) -> int:
        """The next line (from 1) with all the words that was not given for them before; 1 when there is none."""
        return self._next("\0".join(words), lambda line: all(word in line for word in words), after)

    def find_key(self, name: str) -> int:
        """The next line (from 1) that gives a key of a TOML table a value; 1 when there is none."""
        starts = tuple(f"{quote}{name}{quote}" for quote in ("", '"', "'"))

        def is_there(line: str) -> bool:
            line = line.lstrip()
            start = next((each for each in starts if line.startswith(each)), None)
            return start is not None and line[len(start) :].lstrip().startswith(("=", "."))

        return self._next(f"key\0{name}", is_there, 0)

    def starting(self, word: str) -> list[int]:
        """Every line (from 1) that begins with a word."""
        return [number for number, line in enumerate(self._lines, 1) if line.startswith(word)]

    def _next(self, key: str, is_there: Callable[[str], bool], after: int) -> int:
        first = max(after, self._taken[key])
        for number in chain(range(max(first, self._last), len(self._lines)), range(first, self._last)):
            self._left -= 1
            if self._left < 0:
                break
            if is_there(self._lines[number]):
                self._taken[key] = number + 1
                self._last = max(after, number)
                return number + 1
        return 1
