"""Text of a program, made safe to print."""

import re

_ESCAPES = re.compile(
    r"""\x1b (?: \[ [0-?]* [ -/]* [@-~]             # control sequences: colours, cursor, modes
               | [\]PX^_] .*? (?: \x07 | \x1b\\ )   # strings: titles, links, clipboard, device control
               | [ -/]* [0-~] )                     # two-character sequences, character sets
       | \x9b [0-?]* [ -/]* [@-~]""",
    re.VERBOSE | re.DOTALL,
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain_text(output: bytes) -> str:
    """Decode as UTF-8 and take out terminal escapes, control and bidirectional characters (ECMA-48).

    Newlines and tabs stay; "\\r\\n" becomes a newline, and what a lone carriage return would overwrite
    starts a new line.
    """
    text = output.decode("utf-8", "replace").replace("\r\n", "\n")
    return _CONTROLS.sub("", _ESCAPES.sub("", text).replace("\r", "\n"))
