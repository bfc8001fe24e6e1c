"""Conditions: whether one is known, and what passing it proves of the data in it.

A guard cleans labels, not values: once `x` is known to be on a list of allowed words, all that was made of the
same source is. What is only a piece of it (an element, a slice) proves nothing of the whole.
"""

import ast
import re
from collections.abc import Sequence

from grace.hunter.taint.frame import Frame
from grace.hunter.taint.state import Entries, Instance, Items, State, contents
from grace.hunter.taint.values import EVERYTHING, Facts, Kinds, Value

_HOST: Kinds = frozenset({"open-redirect", "request-forgery"})
_PATH: Kinds = frozenset({"path-traversal", "file-upload"})
_CHARACTERS: dict[str, Kinds] = {
    "..": _PATH,
    "../": _PATH,
    "/": _PATH,
    "\\": frozenset(),
    "<": frozenset({"cross-site-scripting"}),
    "'": frozenset({"sql-injection", "xpath-injection"}),
    '"': frozenset({"xpath-injection"}),
    "//": _HOST,
    ":": _HOST,
    "\n": frozenset({"log-injection", "header-injection"}),
    "\r": frozenset({"log-injection", "header-injection"}),
}
"""What a text is clean for, once it is known not to hold these characters."""
_NORMALISED = re.compile(r"(resolve|realpath|abspath|normpath|safe_join|absolute)\(\)")
_WORDS = frozenset({"isdigit", "isdecimal", "isnumeric", "isalnum", "isalpha", "isidentifier"})
_HOST_PART = re.compile(r"\.(netloc|hostname|host)$")
_ANCHORED = re.compile(r"(\$|\\Z)\)?$")
_LOOSE = re.compile(r"(?<!\\)\.(?![^\[]*\])|\\S|\\D|\\W|\[\^")


def truth(value: Value, state: State) -> bool | None:
    """Whether a value is true, where that is certain."""
    if value.known:
        return bool(value.const)
    shape = state.heap.get(value.ref) if value.ref else None
    if isinstance(shape, Items | Entries) and not value.taints:
        size = len(shape.items) if isinstance(shape, Items) else len(shape.entries)
        return True if size else None
    return None


def comparison(op: ast.cmpop, left: Value, right: Value, frame: Frame) -> tuple[Facts, Facts]:
    """What holds of the labels where `left op right` is true, and where it is false."""
    if isinstance(op, ast.Eq | ast.Is):
        return _equal(left, right), ()
    if isinstance(op, ast.NotEq | ast.IsNot):
        return (), _equal(left, right)
    if isinstance(op, ast.In | ast.NotIn):
        inside, outside = _member(left, right, frame)
        return (inside, outside) if isinstance(op, ast.In) else (outside, inside)
    return (), ()


def _equal(left: Value, right: Value) -> Facts:
    for one, other in ((left, right), (right, left)):
        if one.taints and not other.taints:
            if _HOST_PART.search(one.path):
                return tuple((label, _HOST) for label in one.taints)
            if other.const is None or other.const == "" or "commonp" in one.path:
                return facts(one, _PATH) if "commonp" in one.path else ()
            return facts(one, EVERYTHING)
    return ()


def _member(left: Value, right: Value, frame: Frame) -> tuple[Facts, Facts]:
    shape = frame.here.heap.get(right.ref) if right.ref else None
    if isinstance(left.const, str) and right.taints and not isinstance(shape, Items | Entries):
        return (), facts(right, _CHARACTERS.get(left.const, frozenset()))
    if right.path.endswith(".parents") and right.taints:
        return facts(right._replace(partial=False), _PATH), ()
    if not left.taints or frame.here.flat(right).taints:
        return (), ()
    if _HOST_PART.search(left.path):
        return tuple((label, _HOST) for label in left.taints), ()
    return facts(left, EVERYTHING), ()


def facts(value: Value, kinds: Kinds) -> Facts:
    """That everything a value carries is clean for some kinds."""
    return tuple((label, kinds) for label in value.taints) if kinds and not value.partial else ()


def method_facts(owner: Value, name: str, arguments: Sequence[Value]) -> tuple[Facts, Facts]:
    """What a method of a text or path proves, where its result is true and where it is false."""
    if not owner.taints:
        return (), ()
    if name in _WORDS:
        return facts(owner, EVERYTHING), ()
    if name == "startswith" and arguments:
        return facts(owner, _start(owner, arguments[0])), ()
    if name == "is_relative_to":
        return facts(owner._replace(partial=False), _PATH), ()
    if name == "is_absolute":
        return (), ()
    return (), ()


def _start(owner: Value, start: Value) -> Kinds:
    text = start.const if isinstance(start.const, str) else ""
    if re.match(r"(https?:)?//[^/]+/|/$|/[^/\\]", text):
        return _HOST | (_PATH if _NORMALISED.search(owner.path) else frozenset())
    return _PATH if _NORMALISED.search(owner.path) else frozenset()


def call_facts(path: str, arguments: Sequence[Value], frame: Frame) -> tuple[Facts, Facts]:
    """What the truth of a call of something from outside proves of its arguments."""
    last = path.rsplit(".", 1)[-1]
    if path in ("re.fullmatch", "re.match") and len(arguments) >= 2:
        return facts(arguments[1], pattern_kinds(arguments[0], whole=last == "fullmatch")), ()
    if last in ("fullmatch", "match") and path.startswith("re.compile()") and arguments:
        return (), ()
    if last in ("url_has_allowed_host_and_scheme", "is_safe_url") and arguments:
        return facts(arguments[0], _HOST), ()
    if path == "isinstance" and len(arguments) >= 2 and arguments[1].path in ("int", "float", "bool"):
        return facts(arguments[0], EVERYTHING), ()
    if path == "all" and arguments:
        shape = frame.here.heap.get(arguments[0].ref)
        if shape is not None:
            inner = [fact for each in contents(shape) for fact in each.when_true]
            return tuple(inner), ()
    return (), ()


def pattern_kinds(pattern: Value, *, whole: bool) -> Kinds:
    """What matching a pattern makes a text clean for: everything, when it allows a closed set of characters only."""
    text = pattern.const if isinstance(pattern.const, str) else None
    if text is None or not (whole or _ANCHORED.search(text)) or _LOOSE.search(text):
        return frozenset()
    return EVERYTHING


def instance_truth(shape: object) -> bool | None:
    """An object of a class of the program is true, unless it says otherwise."""
    return True if isinstance(shape, Instance) and shape.of is not None else None
