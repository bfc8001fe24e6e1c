"""Texts: what concatenation, formatting and the methods of str make of values."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from grace.hunter.taint import conditions
from grace.hunter.taint.state import Items, State, contents, together
from grace.hunter.taint.values import ANY, EVERYTHING, Kinds, Value, cleaned, constant, derived

_LARGEST = 10_000
PIECES: Final = frozenset(
    {"netloc", "hostname", "scheme", "path", "query", "fragment", "port", "name", "stem", "suffix", "parent"}
)
"""Attributes that are a part of what they are taken from."""
_NUMERIC = re.compile(r"%[-+ #0-9.*]*[diouxXeEfFgG]")
_FIELD = re.compile(r"%(?:\((\w+)\))?[-+ #0-9.*]*([diouxXeEfFgGcrsa%])")
PURE: Final = frozenset(
    {
        "capitalize", "casefold", "center", "count", "decode", "encode", "endswith", "expandtabs", "find", "hex",
        "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric",
        "isspace", "isupper", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace",
        "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip",
        "swapcase", "title", "translate", "upper", "zfill",
    }
)  # fmt: skip
_SPLITTING: Final = frozenset({"partition", "rpartition", "rsplit", "split", "splitlines"})
_TESTING: Final = frozenset({"count", "endswith", "find", "index", "rfind", "rindex", "startswith"}) | {
    n for n in PURE if n.startswith("is")
}
_ESCAPES: Final[Sequence[tuple[str, str, str]]] = (
    ("<", "&lt;", "cross-site-scripting"),
    ("'", "''", "sql-injection"),
    ("'", "\\'", "xpath-injection"),
    ("'", "&apos;", "xpath-injection"),
)
"""Character, what it is replaced with, and the kind of sink that this makes a text clean for."""
ONE_LINE: Final[Kinds] = frozenset({"log-injection", "header-injection"})
"""What a text without line breaks is clean for."""
_PLAIN_CLASS: Final = re.compile(r"\[\^(?:[a-zA-Z0-9_]|\\[wd]|(?<=\w)-(?=\w)|-(?=\]))+\][+*]?")
"""Of a substitution: all that is no letter, digit, dash or underscore."""


def joined(parts: Sequence[Value], *, path: str = "") -> Value:
    """Texts one after the other."""
    if all(part.known for part in parts):
        try:
            whole = parts[0].const if len(parts) == 1 else _sum([part.const for part in parts])
        except TypeError:
            return ANY
        if not isinstance(whole, str | bytes) or len(whole) <= _LARGEST:
            return constant(whole)
    prefix = ""
    for part in parts:
        prefix += part.prefix if not part.known else str(part.const) if isinstance(part.const, str) else ""
        if not part.known:
            break
    return derived(parts, path=path, prefix=prefix)


def _sum(consts: Sequence[Any]) -> Any:
    total = consts[0]
    for const in consts[1:]:
        total = total + const
    return total


def percent(template: Value, argument: Value, state: State) -> Value:
    """`template % argument`: what goes into a numeric field is a number."""
    shape = state.heap.get(argument.ref) if argument.ref else None
    flat = state.flat(argument)
    if not isinstance(template.const, str | bytes):
        return derived((template, flat), prefix=template.prefix)
    source = template.const if isinstance(template.const, str) else template.const.decode("latin-1")
    prefix = source.split("%", 1)[0]
    if isinstance(shape, Items) and shape.rest is None:
        fields = [kind for _, kind in _FIELD.findall(source) if kind != "%"]
        if len(fields) == len(shape.items):
            values = tuple(item.const for item in shape.items)
            if all(item.known for item in shape.items):
                return _formatted(template.const, values)
            pairs = zip(fields, map(state.flat, shape.items), strict=True)
            parts = [cleaned(item, EVERYTHING) if kind in "diouxXeEfFgG" else item for kind, item in pairs]
            return derived(parts, prefix=prefix)
    elif argument.known:
        return _formatted(template.const, argument.const)
    elif len(_FIELD.findall(source)) == 1 and _NUMERIC.search(source):
        return derived((flat,), prefix=prefix, cleaned=EVERYTHING)
    return derived((flat,), prefix=prefix)


def _formatted(template: str | bytes, argument: Any) -> Value:
    try:
        return constant(template % argument)
    except (TypeError, ValueError, OverflowError, MemoryError):
        return ANY


def method(
    owner: Value, name: str, arguments: Sequence[Value], keywords: Mapping[str, Value], state: State
) -> Value | None:
    """A method of str or bytes, or None when it is none that is known."""
    if name == "format":
        return _format(owner, arguments, keywords, state)
    if name == "join" and arguments:
        return _join(owner, arguments[0], state)
    if name not in PURE:
        return None
    if owner.known and isinstance(owner.const, str | bytes) and all(a.known for a in arguments) and not keywords:
        return _folded(owner, name, arguments, state)
    if name in _TESTING:
        true, false = conditions.method_facts(owner, name, arguments)
        return Value(literal=owner.literal and all(a.literal for a in arguments), when_true=true, when_false=false)
    literal = owner.literal and all(a.literal for a in arguments)
    whole = derived((owner, *arguments) if name in ("replace", "translate", "ljust", "rjust", "center") else (owner,))
    whole = whole._replace(literal=literal)
    if name in _SPLITTING:
        piece = whole._replace(partial=True)
        return state.allocate(Items((), piece))._replace(taints=piece.taints, trail=piece.trail, literal=literal)
    if name == "replace" and len(arguments) >= 2:
        return cleaned(whole, _escaped(arguments[0].const, arguments[1].const))
    keeps_start = name in (
        "encode",
        "decode",
        "rstrip",
        "ljust",
        "removesuffix",
        "strip",
        "lower",
        "upper",
        "expandtabs",
    )
    return whole._replace(prefix=_changed(owner.prefix, name) if keeps_start else "", partial=owner.partial)


def _changed(prefix: str, name: str) -> str:
    return {"lower": prefix.lower, "upper": prefix.upper, "strip": prefix.lstrip}.get(name, prefix.__str__)()


def _escaped(old: Any, new: Any) -> Kinds:
    if old in ("\n", "\r", "\r\n") and isinstance(new, str) and "\n" not in new and "\r" not in new:
        return ONE_LINE
    return frozenset(kind for char, by, kind in _ESCAPES if old == char and new == by)


def substituted(pattern: Value, by: Value) -> Kinds:
    """What `re.sub(pattern, by, text)` makes a text clean for."""
    if not isinstance(pattern.const, str) or not isinstance(by.const, str) or not re.fullmatch(r"[\w -]*", by.const):
        return frozenset()
    if _PLAIN_CLASS.fullmatch(pattern.const):
        return EVERYTHING
    return ONE_LINE if re.fullmatch(r"\[?(\\?[\s|rn]|\\x0[ad]|\|)+\]?[+*]?", pattern.const) else frozenset()


def _folded(owner: Value, name: str, arguments: Sequence[Value], state: State) -> Value:
    try:
        result = getattr(owner.const, name)(*(argument.const for argument in arguments))
    except Exception:  # noqa: BLE001 - what the program would raise here, whatever it is
        return ANY
    if isinstance(result, list | tuple):
        return state.allocate(Items(tuple(map(constant, result)), None, type(result).__name__), Value(literal=True))
    return constant(result) if not isinstance(result, str | bytes) or len(result) <= _LARGEST else Value(literal=True)


def _format(owner: Value, arguments: Sequence[Value], keywords: Mapping[str, Value], state: State) -> Value:
    flat = [state.flat(value) for value in (*arguments, *keywords.values())]
    if isinstance(owner.const, str):
        if all(value.known for value in flat):
            try:
                made = owner.const.format(*(a.const for a in arguments), **{k: v.const for k, v in keywords.items()})
            except Exception:  # noqa: BLE001 - what the program would raise here, whatever it is
                return ANY
            return constant(made) if len(made) <= _LARGEST else Value(literal=True)
        whole = derived(flat, prefix=owner.const.split("{", 1)[0])
        if re.match(r"\{0?\}", owner.const) and flat:
            whole = whole._replace(prefix=flat[0].prefix)
        return whole
    return derived((owner, *flat), prefix=owner.prefix)


def _join(separator: Value, parts: Value, state: State) -> Value:
    shape = state.heap.get(parts.ref) if parts.ref else None
    if isinstance(shape, Items) and shape.rest is None and shape.items:
        pieces = [state.flat(item) for item in shape.items]
        between: list[Value] = []
        for piece in pieces:
            between.extend((separator, piece) if between else (piece,))
        return joined(between)
    inner = together(map(state.flat, contents(shape))) if shape is not None else state.flat(parts)
    return derived((separator, inner))


def _bytes(*arguments: Any) -> bytes:
    if isinstance(arguments[0], int) and arguments[0] > _LARGEST:
        raise ValueError
    return bytes(*arguments)


def number_cleans(name: str) -> bool:
    """Whether what a function returns can be nothing but a number or a truth value."""
    return name in NUMBERS


NUMBERS: Final = frozenset(
    {"int", "float", "bool", "len", "abs", "round", "ord", "hash", "id", "isinstance", "issubclass", "callable",
     "complex", "divmod", "pow", "hasattr", "any", "all"}
)  # fmt: skip
FOLDED: Final[Mapping[str, Callable[..., Any]]] = {
    "int": int, "float": float, "bool": bool, "len": len, "abs": abs, "ord": ord, "chr": chr, "str": str,
    "round": round, "min": min, "max": max, "hex": hex, "bin": bin, "oct": oct, "repr": repr, "ascii": ascii,
    "bytes": _bytes, "bytearray": _bytes, "bytes.fromhex": bytes.fromhex, "base64.b64encode": base64.b64encode,
    "base64.b64decode": base64.b64decode, "binascii.unhexlify": binascii.unhexlify,
}  # fmt: skip
