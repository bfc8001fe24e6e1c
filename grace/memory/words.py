"""The words of code: what the text index counts and what queries are cut into.

Identifiers are split at underscores, changes of case and digits, lower-cased and stemmed lightly, so that `parseURLs`,
`parse_url` and "parsing of a URL" meet. The stemmer follows Porter (1980) in its first steps only: what stays need
not be a word, but different words should stay apart.
"""

import re
from collections import Counter
from itertools import chain
from sys import intern

MOST_WORDS = 400
"""Distinct words kept of one text: the most frequent ones."""
_MOST_CACHED = 2**17
_LONGEST = 40
"""Longer runs of letters are data (hashes, base64), not words."""

_ENGLISH = """
a an and are as at be been being but by can could do does doing done for from had has have having he her his how i if in
into is it its itself just may me might more most must my no nor not of off on once only or other our out over own shall
she should so some such than that the their them then there these they this those through to too under until up upon us
very was we were what when where whether which while who whom why will with within without would you your also any all
each both either because same etc via per
"""
_PYTHON = """
self cls def class return none true false elif else try except finally raise import lambda yield pass break continue
assert del global nonlocal await async isinstance len str int args kwargs
"""
STOP_WORDS = frozenset((_ENGLISH + _PYTHON).split())
"""What English is glued together with, and what is in every Python file."""

_ASCII = "".join(chr(code) if chr(code).isalpha() or chr(code) == "_" else " " for code in range(128))
"""What `str.translate` makes of each character; others than ASCII it leaves as they are."""
_PARTS = re.compile(r"[A-Z]+s?(?![a-z])|[A-Z]?[a-z]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_VOWEL = re.compile("[aeiouy]")


def count_words(text: str) -> dict[str, int]:
    """How often each word stands in a text of code or prose."""
    counts = Counter(chain.from_iterable(map(_words_of.__getitem__, text.translate(_ASCII).split())))
    if len(counts) > MOST_WORDS:
        return dict(counts.most_common(MOST_WORDS))
    return dict(counts)


def name_words(name: str) -> tuple[str, ...]:
    """The words of an identifier, path or dotted name in their order; stop words belong to it."""
    return tuple(stem(part) for part in _split(name))


def stem(word: str) -> str:
    """What a lower-cased word has in common with its other forms."""
    if len(word) < 4 or not word.isascii():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif word[-1] == "s" and word[-2] not in "su":
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and _VOWEL.search(word, 0, len(word) - len(ending)):
            word = word[: -len(ending)]
            if word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return word[:-1] if word[-1] == "e" and len(word) > 3 else word


def _split(name: str) -> list[str]:
    pattern = _PARTS if name.isascii() else _LETTERS
    return [part.lower() for part in pattern.findall(name) if len(part) <= _LONGEST]


class _Cache(dict[str, tuple[str, ...]]):
    """What each token splits into: code says the same things again and again."""

    def __missing__(self, token: str) -> tuple[str, ...]:
        if len(self) >= _MOST_CACHED:
            self.clear()
        parts = [part for part in _split(token) if part not in STOP_WORDS and (len(part) > 1 or not part.isascii())]
        words = self[token] = tuple(intern(stem(part)) for part in parts)
        return words


_words_of = _Cache()
