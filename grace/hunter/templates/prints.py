"""Goes through a template and says what it prints unescaped, by the names that it was given."""

import copy
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from grace.hunter.templates.expressions import Call, Expression, Item
from grace.hunter.templates.lexing import Token, tokens
from grace.hunter.templates.page import Page
from grace.hunter.templates.risks import risk

Path = tuple[str, ...]
_OWN = frozenset(
    {
        "loop",
        "forloop",
        "super",
        "self",
        "caller",
        "url_for",
        "static",
        "_",
        "gettext",
        "ngettext",
        "pgettext",
        "csrf_token",
    }
    | {"csrf_input", "block", "varargs", "kwargs", "cycler", "joiner", "namespace", "range", "dict", "lipsum"}
)
"""Names that the template language gives."""
_LONGEST_PATH = 8
_MOST_ORIGINS = 20
_ASSIGN = re.compile(r"(?P<names>[\w\s,.()]+?)\s*=(?!=)\s*(?P<value>.*)", re.DOTALL)
_FOR = re.compile(r"(?P<names>[\w\s,()]+?)\s+in\s+(?P<value>.*?)(?:\s+recursive|\s+reversed)?\Z", re.DOTALL)
_WITH = re.compile(r"(\w+)\s*=\s*((?:\"[^\"]*\"|'[^']*'|\([^()]*\)|[^\s,\"'()]+|\([^()]*\))+)")
_AS = re.compile(r"(?P<value>.+?)\s+as\s+(?P<name>\w+)\s*\Z", re.DOTALL)
_MACRO = re.compile(r"(?P<name>\w+)\s*\((?P<parameters>.*)\)", re.DOTALL)
_LAST_FILTERS = re.compile(r"\b(\w+)\b")


class Print(NamedTuple):
    """A place where a template prints what may hold markup."""

    path: Path
    line: int
    kind: str
    reason: str
    source: str
    """The expression as it is written."""
    symbol: str
    """The block or macro around it."""


class Reading(NamedTuple):
    """What a template says."""

    prints: tuple[Print, ...]
    references: tuple[str, ...]
    problem: str
    """What could not be read."""


class _Macro(NamedTuple):
    parameters: tuple[str, ...]
    prints: list[Print]


class _Scope(NamedTuple):
    tag: str
    names: dict[str, tuple[Path, ...]]


class Reader:
    """One pass over a template."""

    def __init__(self, source: str, *, escaped: bool) -> None:
        self._page = Page()
        self._saved: list[Page] = []
        self._escaped = [escaped]
        self._trusted: list[tuple[str, ...]] = []
        """Filters of `{% filter ... %}` blocks around."""
        self._scopes = [_Scope("", {})]
        self._symbols: list[str] = []
        self._macros: dict[str, _Macro] = {}
        self._macro: _Macro | None = None
        self._calls: list[tuple[Call, Token, str]] = []
        self._prints: list[Print] = []
        self._references: list[str] = []
        self._problem = ""
        self._tags = 0
        for token in tokens(source):
            self._read(token)
        self._called_macros()

    @property
    def reading(self) -> Reading:
        """What was found."""
        unique = dict.fromkeys(self._prints)
        return Reading(tuple(unique), tuple(dict.fromkeys(self._references)), self._problem)

    def _read(self, token: Token) -> None:
        if token.kind == "text":
            self._page.read(token.content)
        elif token.kind == "print":
            self._printed(token, token.content)
        elif token.kind == "tag":
            self._tags += 1
            self._tag(token)
        elif self._tags:
            self._problem = f"line {token.line}: {token.content} is not closed; what follows was not analysed"

    def _printed(self, token: Token, expression: str) -> None:
        read = Expression(expression)
        for item in self._resolved(_with_markup(read)):
            with_outer = item._replace(filters=item.filters + self._filters())
            found = risk(with_outer, self._page, escaped=self._escaped[-1])
            if found is None:
                continue
            kind, reason = found
            self._add(Print(item.path, token.line, kind, reason, token.content, ".".join(self._symbols)))
        self._called(read, token)
        self._page.printed()

    def _called(self, read: Expression, token: Token) -> None:
        """Keep the calls, with what the names in them stand for here, for macros that may come later."""
        for call in read.calls:
            positional = tuple(tuple(self._resolved(part)) for part in call.positional)
            named = tuple((name, tuple(self._resolved(part))) for name, part in call.named)
            self._calls.append((Call(call.path, positional, named), token, ".".join(self._symbols)))

    def _add(self, found: Print) -> None:
        if self._macro is not None and found.path[0] in self._macro.parameters:
            self._macro.prints.append(found)
        else:
            self._prints.append(found)

    def _filters(self) -> tuple[str, ...]:
        return tuple(name for names in self._trusted for name in names)

    def _resolved(self, items: Iterable[Item]) -> Iterator[Item]:
        """The items by the names that the template was given; what the language itself gives is left out."""
        for item in items:
            if item.path[0] in _OWN:
                continue
            for path in self._origins(item.path):
                yield item._replace(path=path)

    def _origins(self, path: Path) -> tuple[Path, ...]:
        for scope in reversed(self._scopes):
            if path[0] in scope.names:
                return tuple((*origin, *path[1:])[:_LONGEST_PATH] for origin in scope.names[path[0]])
        return (path,)

    def _values(self, expression: str) -> tuple[Path, ...]:
        """The names that an expression may be the value of."""
        read = Expression(expression)
        return tuple(dict.fromkeys(item.path for item in self._resolved(_with_markup(read))))[:_MOST_ORIGINS]

    def _tag(self, token: Token) -> None:
        name = token.name
        if name.startswith("end") and name != "endless":
            self._end(name.removeprefix("end"))
        elif name in ("if", "ifequal", "ifnotequal", "ifchanged"):
            self._saved.append(copy.copy(self._page))
        elif name in ("else", "elif", "empty"):
            if self._saved:
                self._page = copy.copy(self._saved[-1])
        elif name == "autoescape":
            self._escaped.append(token.rest.strip().lower() not in ("off", "false"))
        elif name == "filter":
            self._trusted.append(tuple(_LAST_FILTERS.findall(re.sub(r"\([^)]*\)|:\S+", "", token.rest))))
        elif name == "for":
            self._for(token)
        elif name == "set":
            self._set(token)
        elif name in ("with", "blocktrans", "blocktranslate"):
            self._with(token)
        elif name == "macro":
            self._macro_begins(token)
        elif name == "block":
            self._symbols.append(token.rest.split()[0] if token.rest else "")
        elif name in ("include", "extends", "import", "from"):
            self._references += re.findall(r"[\"']([^\"']+)[\"']", re.split(r"\s(?:with|import|as)\s", token.rest)[0])
        elif name in ("firstof", "call", "do"):
            self._called(Expression(token.rest), token)

    def _end(self, name: str) -> None:
        if name in ("if", "ifequal", "ifnotequal", "ifchanged", "for") and self._saved:
            self._saved.pop()
        elif name == "autoescape" and len(self._escaped) > 1:
            self._escaped.pop()
        elif name == "filter" and self._trusted:
            self._trusted.pop()
        elif name == "block" and self._symbols:
            self._symbols.pop()
        elif name == "macro":
            self._macro = None
            if self._symbols:
                self._symbols.pop()
        if len(self._scopes) > 1 and self._scopes[-1].tag == name:
            self._scopes.pop()

    def _for(self, token: Token) -> None:
        found = _FOR.match(token.rest)
        names: dict[str, tuple[Path, ...]] = {}
        if found:
            over = re.split(r"\s+if\s+", found["value"])[0]
            origins = tuple(_without_items(path) for path in self._values(over))
            for name in re.findall(r"\w+", found["names"]):
                names[name] = origins
        self._scopes.append(_Scope("for", names))
        self._saved.append(copy.copy(self._page))

    def _set(self, token: Token) -> None:
        found = _ASSIGN.match(token.rest)
        if found is None:  # the block form: what stands in it has been printed already, and escaped
            for name in re.findall(r"\w+", token.rest.split("|")[0]):
                self._scopes[-1].names[name] = ()
            return
        origins = self._values(found["value"])
        for name in re.findall(r"[\w.]+", found["names"]):
            known = self._scopes[-1].names.get(name, ())
            self._scopes[-1].names[name] = (
                tuple(dict.fromkeys((*known, *origins)))[:_MOST_ORIGINS] if self._saved else origins
            )

    def _with(self, token: Token) -> None:
        names: dict[str, tuple[Path, ...]] = {}
        for name, value in _WITH.findall(token.rest):
            names[name] = self._values(value)
        found = _AS.match(token.rest)
        if found and not names:
            names[found["name"]] = self._values(found["value"])
        self._scopes.append(_Scope(token.name, names))

    def _macro_begins(self, token: Token) -> None:
        found = _MACRO.match(token.rest)
        written = found["parameters"] if found else ""
        parameters = tuple(part.split("=")[0].strip() for part in written.split(",") if part.strip())
        if found:
            self._macro = self._macros[found["name"]] = _Macro(parameters, [])
        self._symbols.append(found["name"] if found else "")
        self._scopes.append(_Scope("macro", {name: ((name,),) for name in parameters}))

    def _called_macros(self) -> None:
        """What a macro prints of its parameters, it prints of what it is called with."""
        for call, token, symbol in self._calls:
            macro = self._macros.get(call.path[-1])
            if macro is None:
                continue
            given = dict(zip(macro.parameters, call.positional, strict=False)) | dict(call.named)
            for found in macro.prints:
                for item in given.get(found.path[0], ()):
                    path = (*item.path, *found.path[1:])
                    reason = f"{found.reason} by the macro {call.path[-1]}"
                    self._prints.append(Print(path, token.line, found.kind, reason, token.content, symbol))


def _with_markup(read: Expression) -> list[Item]:
    """The items, where what `Markup(...)` is called with counts as trusted, and the function itself as nothing."""
    trusted = {
        item.path
        for call in read.calls
        if call.path[-1] in ("Markup", "mark_safe")
        for part in call.positional
        for item in part
    }
    return [
        item._replace(filters=(*item.filters, "Markup")) if item.path in trusted else item
        for item in read.items
        if not (item.called and (len(item.path) == 1 or item.path[-1] in ("Markup", "mark_safe")))
    ]


def _without_items(path: Path) -> Path:
    """`d.items()` gives what is in `d`."""
    return path[:-1] if len(path) > 1 and path[-1] in ("items", "values", "keys", "all") else path
