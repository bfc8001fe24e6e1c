"""What an expression of a template prints: which names, through which filters.

Reads what Jinja and Django write: `user.name|default("x")|safe`, `value|default:"x"`, `a ~ b`, `x if y else z`.
What it cannot read it takes for the names in it.
"""

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"\s*(?:(?P<string>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<number>\d+(?:\.\d+)?(?![A-Za-z_]))"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<operator>==|!=|<=|>=|//|\*\*|[^\s\w\"'])|(?P<other>.))",
    re.DOTALL,
)
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "in", "is", "not"})
_JOINS = frozenset({"~", "+", "-", "*", "/", "//", "%", "**"})
_FALLBACKS = frozenset({"default", "d", "default_if_none", "join", "replace", "format", "add", "firstof"})
"""Filters whose argument may come through."""
_QUOTING = frozenset(
    {"url_for", "url", "static", "asset", "range", "len", "csrf_token", "cycle", "get_flashed_messages"}
)
"""Functions that give nothing of what they get, or give it quoted."""
_CONSTANTS = frozenset({"true", "false", "none", "True", "False", "None"})
_DEEPEST = 30
_MOST = 400


class Item(NamedTuple):
    """A name that may be printed."""

    path: tuple[str, ...]
    """`user.name` -> user, name; numbers and unknown indexes are left out."""
    filters: tuple[str, ...]
    called: bool
    """It is what a call gives."""


class Call(NamedTuple):
    """A call inside of an expression."""

    path: tuple[str, ...]
    positional: tuple[tuple[Item, ...], ...]
    named: tuple[tuple[str, tuple[Item, ...]], ...]


class Expression:
    """An expression, read once."""

    def __init__(self, source: str) -> None:
        self._tokens = [(m.lastgroup or "", m[m.lastgroup or 0]) for m in _TOKEN.finditer(source)][:_MOST]
        self._at = 0
        self.calls: list[Call] = []
        self.items = self._choice(0)
        while self._at < len(self._tokens):  # Django separates by blanks, and some tags have words in between
            self._at += 1
            self.items += self._choice(0)

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self, text: str) -> bool:
        if self._peek() == text and self._tokens[self._at][0] != "string":
            self._at += 1
            return True
        return False

    def _choice(self, depth: int) -> list[Item]:
        """`a if b else c`: the condition is not printed."""
        items = self._alternatives(depth)
        if self._take("if"):
            self._alternatives(depth)
            if self._take("else"):
                items += self._choice(depth + 1) if depth < _DEEPEST else []
        return items

    def _alternatives(self, depth: int) -> list[Item]:
        items = self._comparison(depth)
        while self._take("or") or self._take("and"):
            items += self._comparison(depth)
        return items

    def _comparison(self, depth: int) -> list[Item]:
        """The answer of a comparison says nothing of what was compared."""
        negated = self._take("not")
        items = self._sum(depth)
        compared = False
        while self._peek() in _COMPARISONS and self._at < len(self._tokens):
            self._at += 1
            compared = True
            if self._peek() not in _COMPARISONS:
                self._sum(depth)
        return [] if negated or compared else items

    def _sum(self, depth: int) -> list[Item]:
        items = self._operand(depth)
        while self._peek() in _JOINS:
            self._at += 1
            items += self._operand(depth)
        return items

    def _operand(self, depth: int) -> list[Item]:
        items = self._primary(depth)
        while True:
            if self._take("|"):
                items = self._filtered(items, depth)
            elif self._take("."):
                items = self._member(items)
            elif self._take("["):
                items = self._index(items, depth)
            elif self._peek() == "(" and items:
                items = self._called(items, depth)
            else:
                return items

    def _primary(self, depth: int) -> list[Item]:
        if self._at >= len(self._tokens):
            return []
        kind, text = self._tokens[self._at]
        if kind == "name":
            self._at += 1
            return [] if text in _CONSTANTS else [Item((text,), (), False)]
        if text in ("(", "[", "{") and kind == "operator":
            self._at += 1
            return self._listed({"(": ")", "[": "]", "{": "}"}[text], depth)
        if text in ("-", "+") or kind in ("string", "number"):
            self._at += 1
        return []

    def _listed(self, closing: str, depth: int) -> list[Item]:
        items: list[Item] = []
        while self._at < len(self._tokens) and not self._take(closing):
            before = self._at
            items += self._choice(depth + 1) if depth < _DEEPEST else []
            self._at += self._at == before or self._peek() in (",", ":")
        return items

    def _member(self, items: list[Item]) -> list[Item]:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        if kind not in ("name", "number"):
            return items
        self._at += 1
        return [item._replace(path=(*item.path, text)) for item in items] if kind == "name" else items

    def _index(self, items: list[Item], depth: int) -> list[Item]:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        self._listed("]", depth)
        if kind == "string" and text[1:-1].isidentifier():
            return [item._replace(path=(*item.path, text[1:-1])) for item in items]
        return items

    def _called(self, items: list[Item], depth: int) -> list[Item]:
        positional, named = self._arguments(depth)
        given = [item for each in (*positional, *(value for _, value in named)) for item in each]
        for item in items:
            self.calls.append(Call(item.path, positional, named))
        if any(item.path[-1] in _QUOTING for item in items):
            return [item._replace(called=True) for item in items]
        return [_result(item) for item in items] + given

    def _arguments(self, depth: int) -> tuple[tuple[tuple[Item, ...], ...], tuple[tuple[str, tuple[Item, ...]], ...]]:
        positional: list[tuple[Item, ...]] = []
        named: list[tuple[str, tuple[Item, ...]]] = []
        self._take("(")
        while self._at < len(self._tokens) and not self._take(")"):
            before = self._at
            name = ""
            following = self._tokens[self._at + 1][1] if self._at + 1 < len(self._tokens) else ""
            if self._tokens[self._at][0] == "name" and following == "=":
                name = self._peek()
                self._at += 2
            value = tuple(self._choice(depth + 1)) if depth < _DEEPEST else ()
            if name:
                named.append((name, value))
            else:
                positional.append(value)
            self._at += self._at == before or self._peek() == ","
        return tuple(positional), tuple(named)

    def _filtered(self, items: list[Item], depth: int) -> list[Item]:
        name = self._peek()
        self._at += 1
        while self._take("."):
            name = self._peek()
            self._at += 1
        given: list[Item] = []
        if self._peek() == "(":
            positional, named = self._arguments(depth)
            given = [item for each in (*positional, *(value for _, value in named)) for item in each]
        elif self._take(":"):
            given = self._primary(depth)
            while self._take("."):
                given = self._member(given)
        if name in _FALLBACKS:
            items = items + given
        return [item._replace(filters=(*item.filters, name)) for item in items]


def _result(item: Item) -> Item:
    """What a call gives; `d.get("x")` gives what is in `d`."""
    if len(item.path) > 1 and item.path[-1] == "get":
        return item._replace(path=item.path[:-1])
    return item._replace(called=True)
