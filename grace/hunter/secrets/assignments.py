"""`name = value` in any notation: source code, settings, shells, JSON (also inside strings), XML, headers."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from grace.hunter.secrets.names import promises_password, promises_secret, stems
from grace.hunter.secrets.placeholders import is_placeholder
from grace.hunter.secrets.randomness import is_random, is_strong_password

_NAME_BEFORE = re.compile(r"[\w$.-]{0,60}\Z", re.ASCII)
_NAME_AFTER = re.compile(r"[\w-]{0,30}", re.ASCII)
_GIVEN = re.compile(
    r"""[\w-]{0,30}+                                 # the rest of the name
    (?P<close>\\?["'`])?[\])]?[ \t]{0,9}
    (?:
        (?::[ \t]{0,3}[A-Za-z_][\w.\[\] |,?]{0,40}?)?[ \t]{0,9}={1,3}>? | !==? | :{1,2}=? | \?=    # also with a type
      | (?P<comma>,)
      | (?P<call>\()
      | (?P<tag>>)
      | (?P<space>(?<=[ \t]))
    )[ \t]{0,9}\(?[ \t]{0,9}
    (?:
        (?P<prefix>[bBrRuUfF@$]{0,2})(?P<quote>\\{0,3}["'`])(?P<quoted>(?:(?!(?P=quote))[^\n]){6,400})(?P=quote)
      | (?P<bare>[^\s"'`,;<>(){}\[\]]{6,400})(?=[\s,;<\#'"]|\Z)
    )""",
    re.VERBOSE | re.ASCII,
)
_MARKED = "django-insecure-"
"""What Django writes before the keys it draws for new projects."""
_CODE = frozenset(
    {".py", ".pyi", ".pyw", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx", ".java", ".kt"}
    | {".kts", ".go", ".rs", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".php", ".rb", ".swift", ".scala"}
    | {".lua", ".pl", ".pm", ".r", ".jl", ".dart", ".vue", ".svelte", ".html", ".htm", ".css", ".scss", ".sql"}
    | {".ex", ".exs", ".erl", ".hs", ".ml", ".clj", ".groovy", ".m", ".mm", ".fs", ".vb", ".ipynb", ".json"}
    | {".jinja", ".j2"}
)
"""Languages in which a value without quotes is no literal."""


class Assignment(NamedTuple):
    """A literal that a name promises to be secret."""

    name: str
    start: int
    end: int


def secret_assignments(path: str, text: str, lower: str) -> Iterator[Assignment]:
    """Where names of secrets get literals that look like secrets; `lower` is the text in small letters."""
    bare_allowed = PurePosixPath(path.lower()).suffix not in _CODE
    end = 0
    for start, stop in stems(lower):
        if start < end:
            continue
        given = _GIVEN.match(text, stop)
        if given is None or not _is_literal(given, text, start, bare_allowed):
            continue
        group = "quoted" if given["quoted"] is not None else "bare"
        name = _name(text, start, stop)
        if _is_format(given):
            continue
        if promises_secret(name) and _looks_secret(name, given[group]):
            yield Assignment(name, given.start(group), given.end(group))
            end = given.end(group)


def _is_format(given: re.Match[str]) -> bool:
    """`f"{name}"`, `$"{name}"`: a literal with something put in."""
    return given["quoted"] is not None and "{" in given["quoted"] and any(c in given["prefix"] for c in "fF$")


def _is_literal(given: re.Match[str], text: str, start: int, bare_allowed: bool) -> bool:
    if given["quoted"] is not None:
        if given["comma"]:
            return given["close"] is not None
        return given["space"] is None or _is_option(text, start)
    if given["comma"] or given["call"] or not bare_allowed:
        return False
    if given["tag"]:
        return text.startswith("<", given.end())
    return given["space"] is None or _is_option(text, start)


def _is_option(text: str, start: int) -> bool:
    """`--password VALUE` of a command, `ENV PASSWORD VALUE` of a container's recipe."""
    line = text[max(text.rfind("\n", 0, start) + 1, start - 80) : start]
    return re.search(r"(?:^|\s)--?[\w-]*\Z|^\s*(?:ENV|ARG|SetEnv)\s+\w*\Z", line) is not None


def _name(text: str, start: int, end: int) -> str:
    before = _NAME_BEFORE.search(text, max(0, start - 60), start)
    after = _NAME_AFTER.match(text, end)
    return (before[0] if before else "") + text[start:end] + (after[0] if after else "")


def _looks_secret(name: str, value: str) -> bool:
    value = value.rstrip("\\").removeprefix(_MARKED)
    if len(value) < 8 or is_placeholder(value, name):
        return False
    return is_random(value) or (promises_password(name) and is_strong_password(value))
