"""Where in a page a template prints: a browser reads each place by other rules."""

import re
from collections.abc import Callable, Mapping

_TAG_OPEN = re.compile(r"<(?P<comment>!--)|<(?P<close>/)?(?P<name>[A-Za-z][\w:-]*)")
_IN_TAG = re.compile(r"(?P<end>/?>)|(?P<name>[^\s=>\"'/]+)(?P<equals>\s*=\s*)?|(?P<quote>[\"'])")
_IN_SCRIPT = re.compile(
    r"(?P<close></(?:script|style)\b)|(?P<line>//[^\n]*)|(?P<block>/\*)|(?P<quote>[\"'`])"
    r"|(?P<regex>(?<=[(=,:\[!&|?{};])[ \t]{0,9}/(?![/*])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.){0,99}\]){1,300}/)",
    re.IGNORECASE,
)
_IN_STRING = {
    quote: re.compile(rf"\\.|(?P<end>{end})|(?P<close></script\b)", re.IGNORECASE | re.DOTALL)
    for quote, end in (('"', '["\n]'), ("'", "['\n]"), ("`", "`"))
}
_VALUE_END = re.compile(r"[\s>]")
_CLOSE = re.compile(r"</(?:style|script)\b", re.IGNORECASE)
_RUNS = re.compile(r"(?:text|application)/(?:x-)?(?:java|ecma)script|module|text/babel|\s*", re.IGNORECASE)


class Page:
    """Reads the text of a template piece by piece, and knows where it is."""

    def __init__(self) -> None:
        self.place = "text"
        """text, comment, tag, value (of an attribute), script, string (in a script), style, script-comment"""
        self.quote = ""
        """Around the value of an attribute, or a string of a script."""
        self.attribute = ""
        self._element = ""
        self._is_script = True
        self._value = ""

    @property
    def in_javascript(self) -> bool:
        """In the value of an attribute that is run as a script."""
        if self.place != "value":
            return False
        is_address = self._value.lstrip().lower().startswith("javascript:")
        return self.attribute.startswith("on") or is_address

    def read(self, text: str) -> None:
        """Go on through a piece of text."""
        at = 0
        while at < len(text):
            at = _READERS[self.place](self, text, at)

    def printed(self) -> None:
        """Something was printed here: a value without quotes has begun."""
        if self.place == "value":
            self._value += "…"

    def _text(self, text: str, at: int) -> int:
        found = _TAG_OPEN.search(text, at)
        if found is None:
            return len(text)
        if found["comment"]:
            self.place = "comment"
        else:
            self.place = "tag"
            self.attribute = ""
            self._element = "" if found["close"] else found["name"].lower()
            self._is_script = True
        return found.end()

    def _comment(self, text: str, at: int) -> int:
        end = text.find("-->", at)
        if end < 0:
            return len(text)
        self.place = "text"
        return end + 3

    def _tag(self, text: str, at: int) -> int:
        found = _IN_TAG.search(text, at)
        if found is None:
            return len(text)
        if found["end"]:
            is_code = self._element == "script" and self._is_script
            self.place = "script" if is_code else "style" if self._element in ("style", "script") else "text"
            return found.end()
        if found["quote"]:
            return found.end()
        self.attribute = found["name"].lower()
        if found["equals"] is None:
            return found.end()
        self.place, self.quote, self._value = "value", "", ""
        if found.end() < len(text) and text[found.end()] in "\"'":
            self.quote = text[found.end()]
            return found.end() + 1
        return found.end()

    def _value_end(self, value: str) -> None:
        if self._element == "script" and self.attribute == "type":
            self._is_script = _RUNS.fullmatch(value) is not None
        self.place, self.quote = "tag", ""

    def _read_value(self, text: str, at: int) -> int:
        if self.quote:
            end = text.find(self.quote, at)
            self._value += text[at : end if end >= 0 else len(text)]
            if end < 0:
                return len(text)
            self._value_end(self._value)
            return end + 1
        found = _VALUE_END.search(text, at)
        self._value += text[at : found.start() if found else len(text)]
        if found is None:
            return len(text)
        self._value_end(self._value)
        return found.start()

    def _script(self, text: str, at: int) -> int:
        found = _IN_SCRIPT.search(text, at)
        if found is None:
            return len(text)
        if found["close"]:
            return self._closed(found.end())
        if found["block"]:
            self.place = "script-comment"
        elif found["quote"]:
            self.place, self.quote = "string", found["quote"]
        return found.end()

    def _script_comment(self, text: str, at: int) -> int:
        end = text.find("*/", at)
        closing = _CLOSE.search(text, at, end if end >= 0 else len(text))
        if closing:
            return self._closed(closing.end())
        if end < 0:
            return len(text)
        self.place = "script"
        return end + 2

    def _string(self, text: str, at: int) -> int:
        found = _IN_STRING[self.quote].search(text, at)
        if found is None:
            return len(text)
        if found["close"]:
            return self._closed(found.end())
        if found["end"]:
            self.place, self.quote = "script", ""
        return found.end()

    def _style(self, text: str, at: int) -> int:
        found = _CLOSE.search(text, at)
        return len(text) if found is None else self._closed(found.end())

    def _closed(self, at: int) -> int:
        self.place, self.quote, self._element, self.attribute = "tag", "", "", ""
        return at


_READERS: Mapping[str, Callable[[Page, str, int], int]] = {
    "text": Page._text,
    "comment": Page._comment,
    "tag": Page._tag,
    "value": Page._read_value,
    "script": Page._script,
    "script-comment": Page._script_comment,
    "string": Page._string,
    "style": Page._style,
}
