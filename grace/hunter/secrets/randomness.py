"""Whether a value looks drawn at random, as keys are, or chosen to be read, as names and words are."""

import math
import re
import string
from collections import Counter
from functools import cache

_RUN = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}|[A-Z][a-z]{2,}")
"""What may be a word: letters of one case, the first of either."""
_VOWELS = frozenset("aeiouyAEIOUY")
_HARD_TO_SAY = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}", re.IGNORECASE)
_DIGIT_BESIDE_LETTER = re.compile(r"(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_REPEATED = re.compile(r"(.)\1{5}")
_ENOUGH = 128
"""Characters that are looked at for patterns."""
_LONGEST = 512
"""Longer text is held to what text of this length reaches."""
_MOSTLY = 0.6
_GRAM = 4
_ROWS = (string.digits, string.ascii_lowercase, "qwertyuiop", "asdfghjkl", "zxcvbnm", "0123456789abcdef")
_GRAMS = frozenset(
    (row + row[:_GRAM])[at : at + _GRAM]
    for forward in _ROWS
    for row in (forward, forward[::-1])
    for at in range(len(row))
)
"""Four neighbours of an alphabet or a keyboard."""
_HEX = frozenset(string.hexdigits)


def entropy(value: str) -> float:
    """Shannon's entropy of the characters, in bits a character."""
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in Counter(value).values()) if size else 0.0


def is_random(value: str) -> bool:
    """Long enough, mixed enough for its alphabet and length, and not made of words."""
    plain = value.replace("-", "").rstrip("=")
    if is_patterned(plain):
        return False
    if _HEX.issuperset(plain):
        return (
            len(plain) >= 16
            and not plain.isdigit()
            and entropy(plain.lower()) >= _threshold(min(len(plain), _LONGEST), 16)
            and _varied_hex(plain)
        )
    if len(plain) < 12 or made_of_words(value):
        return False
    if plain.isalpha() and (plain.islower() or plain.isupper()) and len(plain) < 20:
        return False
    return entropy(plain) >= _threshold(min(len(plain), _LONGEST), _alphabet(plain))


def is_strong_password(value: str) -> bool:
    """A password that a person may have made up: eight characters of three kinds that are no plain words."""
    kinds = (str.islower, str.isupper, str.isdigit, lambda c: not c.isalnum())
    return (
        len(value) >= 8
        and sum(any(map(kind, value)) for kind in kinds) >= 3
        and entropy(value) >= 2.5
        and not made_of_words(value)
        and not is_patterned(value)
    )


def is_patterned(value: str) -> bool:
    """Typed rather than drawn: few characters, one repeated, a block repeated, or rows of the keyboard."""
    value = value[:_ENOUGH].lower()
    size = len(value)
    if len(set(value)) <= max(3, size // 12) or _REPEATED.search(value):
        return True
    if any(value[block:] == value[:-block] for block in range(1, min(size // 2, 16) + 1)):
        return True
    covered = end = 0
    for at in range(size - _GRAM + 1):
        if value[at : at + _GRAM] in _GRAMS:
            covered += at + _GRAM - max(at, end)
            end = at + _GRAM
    return covered * 2 > size


def made_of_words(value: str) -> bool:
    """Most of its letters stand in runs that can be pronounced, with hardly a digit in their midst."""
    letters = sum(map(str.isalpha, value))
    if not letters or len(_DIGIT_BESIDE_LETTER.findall(value)) > max(2, len(value) // 8):
        return False
    spoken = sum(len(run) for run in _RUN.findall(value) if _is_spoken(run))
    return spoken >= _MOSTLY * letters and spoken >= 0.4 * len(value)


def _is_spoken(run: str) -> bool:
    vowels = sum(letter in _VOWELS for letter in run)
    return 0.15 <= vowels / len(run) <= 0.75 and not _HARD_TO_SAY.search(run)


def _varied_hex(value: str) -> bool:
    """Letters and digits take turns: an address or a counter has long rows of one digit."""
    return any(map(str.isalpha, value)) and Counter(value.lower()).most_common(1)[0][1] <= len(value) // 3


def _alphabet(value: str) -> int:
    size = 26 * any(map(str.islower, value)) + 26 * any(map(str.isupper, value)) + 10 * any(map(str.isdigit, value))
    return size + 4 * (not value.isalnum()) or 1


@cache
def _threshold(length: int, alphabet: int) -> float:
    """Somewhat less than the mean of random text: of 1,000 such texts a handful has less."""
    chance = 1 / alphabet
    most = min(length, int(length * chance + 12 * math.sqrt(length * chance) + 12))
    mean = -alphabet * sum(
        math.comb(length, count)
        * chance**count
        * (1 - chance) ** (length - count)
        * count
        / length
        * math.log2(count / length)
        for count in range(1, most + 1)
    )
    return mean * (0.8 if alphabet <= 16 else 0.88)
