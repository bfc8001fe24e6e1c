"""Bytes -> text, for files whose encoding nobody declared."""

from typing import NamedTuple

MOST_BYTES = 5_000_000
"""Larger files are data, not source; what is not read is said."""
_MARKS = (  # the longer mark first: that of UTF-32 begins with that of UTF-16
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_SAMPLE = 4096


class Text(NamedTuple):
    """What a file says."""

    content: str
    binary: bool
    """It is no text; what looks like text inside may be read nevertheless."""


def decode(content: bytes) -> Text:
    """The text of a file; of a binary one each byte as a character. Never fails."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return Text(content.decode(encoding, "replace"), False)
    sample = content[:_SAMPLE]
    if b"\0" in sample:
        if encoding := _wide(sample):
            return Text(content.decode(encoding, "replace"), False)
        return Text(content.decode("latin-1"), True)
    try:
        return Text(content.decode("utf-8"), False)
    except UnicodeDecodeError:
        return Text(content.decode("latin-1"), False)


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark: nearly every second byte of western text is zero, and hardly any other."""
    even, odd = sample[::2], sample[1::2]
    if len(odd) < 4:
        return ""
    zeros = even.count(0) / len(even), odd.count(0) / len(odd)
    if max(zeros) < 0.7 or min(zeros) > 0.05:
        return ""
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
