"""Expressions of Python sources as payloads write them, and what a value or an annotation says of a type.

Beside the steps that `grace.memory.payload` names there are four for containers: `X{}` is a collection of X and
`X{:}` a mapping to X; `[]` is what a subscript of the value before it gives, `[*]` what iterating over it gives.
Everything here reads a tree without walking all of it: nesting deeper than a few steps counts as unknown.
"""

import ast
import re
import warnings
from functools import lru_cache
from typing import Any

UNKNOWN = "?"
_MOST_STEPS = 12
_DEEPEST = 4
_MOST_ALTERNATIVES = 3

_SEQUENCES_NAMES = """
list List set Set frozenset FrozenSet tuple Tuple deque Deque Sequence MutableSequence Collection Iterable
Iterator Generator AsyncIterable AsyncIterator AsyncGenerator AbstractSet MutableSet KeysView ValuesView Reversible
ContextManager AbstractContextManager AsyncContextManager AbstractAsyncContextManager
"""
_MAPPINGS_NAMES = """
dict Dict Mapping MutableMapping defaultdict DefaultDict OrderedDict ChainMap WeakValueDictionary
"""
_TRANSPARENT_NAMES = """
Optional Union Annotated ClassVar Final Required NotRequired ReadOnly InitVar Mapped Awaitable TypeGuard
Unpack ReferenceType ref
"""
_SEQUENCES = frozenset(_SEQUENCES_NAMES.split())
_MAPPINGS = frozenset(_MAPPINGS_NAMES.split())
_TRANSPARENT = frozenset(_TRANSPARENT_NAMES.split())
_SAYS_NOTHING = frozenset(("Any", "object", "Callable", "Literal", "LiteralString", "NoReturn", "Never", "TypeVar"))
_COPIES = {
    ("copy", "copy"),
    ("copy", "deepcopy"),
    ("dataclasses", "replace"),
    ("attr", "evolve"),
    ("attrs", "evolve"),
    ("functools", "partial"),
}
"""Functions that give something like their first argument."""
_REWRITES = re.compile(
    r"\{\}(?:\[\*?\]|\.pop\(\)|\.popleft\(\)|\.__enter__\(\)|\.__next__\(\))"
    r"|\{:\}(?:\[\]|\.get\(\)|\.pop\(\)|\.setdefault\(\)|\.values\(\)\[\*\])"
)
_KEEPS = re.compile(r"(\{:?\})(?:\.copy\(\)|\.__iter__\(\))")


def simplify(expression: str) -> str:
    """The expression without the containers that are opened again: `X{}[*]` is X."""
    if "{" in expression:
        expression = _REWRITES.sub("", _KEEPS.sub(r"\1", expression))
    return expression


def path_of(node: Any) -> str:
    """The expression that names, calls, gets an attribute or an element; "?..." where its root has no name."""
    steps: list[str] = []
    while True:
        kind = node.__class__
        if kind is ast.Attribute:
            steps.append("." + node.attr)
            node = node.value
        elif kind is ast.Call:
            if (replaced := special_call(node)) is not None:
                steps.append(replaced)
                break
            steps.append("()")
            node = node.func
        elif kind is ast.Name:
            steps.append(node.id)
            break
        elif kind is ast.Subscript:
            steps.append("[]")
            node = node.value
        elif kind is ast.Await:
            node = node.value
        else:
            steps.append(literal(node))
            break
    if len(steps) > _MOST_STEPS:
        return UNKNOWN
    steps.reverse()
    return simplify("".join(steps))


def literal(node: Any) -> str:
    """The type that a literal has, as an expression."""
    kind = node.__class__
    if kind is ast.Constant:
        value: object = node.value
        return UNKNOWN if value is None or value is Ellipsis else f"{value.__class__.__name__}()"
    return _LITERALS.get(kind, UNKNOWN)


_LITERALS: dict[type, str] = {
    ast.JoinedStr: "str()",
    ast.List: "list()",
    ast.ListComp: "list()",
    ast.Tuple: "tuple()",
    ast.Dict: "dict()",
    ast.DictComp: "dict()",
    ast.Set: "set()",
    ast.SetComp: "set()",
    ast.Compare: "bool()",
}


def special_call(node: Any) -> str | None:
    """What a call of a well-known function gives; None for any other."""
    function = node.func
    arguments = node.args
    if function.__class__ is ast.Name:
        name: str = function.id
        if name not in _SPECIAL:
            return None
        if name == "super":
            return "super()"
        if not arguments:
            return f"{name}()" if name != "cast" else None
        if name == "cast":
            return next(iter(annotated(arguments[0])), UNKNOWN)
        inner = path_of(arguments[0])
        if name == "type":
            return inner + ".__class__" if len(arguments) == 1 else None
        if name in _COPIED or (len(arguments) > 1 and name in ("max", "min")):
            return inner
        return inner + ("[*]{}" if name in _COLLECTS else "[*]")
    if function.__class__ is ast.Attribute and arguments:
        attribute: str = function.attr
        if attribute == "__new__":
            return path_of(arguments[0]) + "()"
        owner = function.value
        if attribute in _COPY_NAMES and owner.__class__ is ast.Name and (owner.id, attribute) in _COPIES:
            return path_of(arguments[0])
        if attribute == "cast" and owner.__class__ is ast.Name and owner.id in ("typing", "t", "te"):
            return next(iter(annotated(arguments[0])), UNKNOWN)
    return None


_COLLECTS = frozenset(("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter"))
_COPIED = frozenset(("deepcopy", "replace", "evolve", "partial"))
_COPY_NAMES = frozenset(name for _, name in _COPIES)
_SPECIAL = _COLLECTS | _COPIED | {"super", "type", "cast", "next", "max", "min"}


def value_of(node: Any, depth: int = 0) -> list[str]:
    """Expressions for what a value may be; none where nothing is known."""
    kind = node.__class__
    if kind in _PATHS:
        path = path_of(node)
        return [] if path[0] == UNKNOWN else [path]
    if depth > _DEEPEST:
        return []
    found: list[str] = []
    if kind is ast.IfExp:
        found = value_of(node.body, depth + 1) + value_of(node.orelse, depth + 1)
    elif kind is ast.BoolOp:
        for part in node.values[:_MOST_ALTERNATIVES]:
            found += value_of(part, depth + 1)
    elif kind is ast.NamedExpr or kind is ast.Starred:
        return value_of(node.value, depth + 1)
    elif kind in _HOLDERS:
        if kind is ast.ListComp or kind is ast.SetComp or kind is ast.GeneratorExp:
            held, step = value_of(node.elt, depth + 1), "{}"
        elif kind is ast.DictComp:
            held, step = value_of(node.value, depth + 1), "{:}"
        elif kind is ast.Dict:
            values = [value for value in node.values[:1] if value]
            held, step = value_of(values[0], depth + 1) if values else [], "{:}"
        else:
            held, step = [], "{}"
            for element in node.elts[:_MOST_ALTERNATIVES]:
                held += [one for one in value_of(element, depth + 1) if one not in held]
        found = [simplify(one + step) for one in held]
    if not found and (known := literal(node)) != UNKNOWN:
        found = [known]
    return found[:_MOST_ALTERNATIVES]


_PATHS = frozenset((ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Await))
_HOLDERS = frozenset(
    (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp, ast.Dict, ast.List, ast.Tuple, ast.Set)
)


def annotated(node: Any, depth: int = 0) -> list[str]:
    """Expressions for what an annotation promises: `Foo()` for an instance, `Foo` for `type[Foo]`."""
    if node is None or depth > _DEEPEST * 2:
        return []
    kind = node.__class__
    found: list[str] = []
    if kind is ast.Name:
        name: str = node.id
        if name not in _SAYS_NOTHING:
            found = ["self"] if name == "Self" else [_BARE.get(name) or name + "()"]
    elif kind is ast.Attribute:
        attribute: str = node.attr
        if attribute not in _SAYS_NOTHING:
            found = ["self"] if attribute == "Self" else [path_of(node) + "()"]
    elif kind is ast.Constant:
        text: object = node.value
        if isinstance(text, str) and (parsed := parse_annotation(text)) is not None:
            found = annotated(parsed, depth + 1)
    elif kind is ast.BinOp:
        found = annotated(node.left, depth + 1) + annotated(node.right, depth + 1)
    elif kind is ast.Subscript:
        found = _generic(node, depth)
    return [one for one in found if one[0] != UNKNOWN][:_MOST_ALTERNATIVES]


_PLAIN = frozenset(("str()", "int()", "bool()", "float()", "bytes()"))
_BARE = {"Dict": "dict()", "List": "list()", "Set": "set()", "Tuple": "tuple()", "Text": "str()", "AnyStr": "str()"}


def _generic(node: ast.Subscript, depth: int) -> list[str]:
    base, inner = node.value, node.slice
    name: str = getattr(base, "attr", "") or getattr(base, "id", "")
    arguments: list[ast.expr] = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if not arguments:
        return []
    if name in _TRANSPARENT:
        wanted = arguments if name == "Union" else arguments[:1]
        return [one for argument in wanted for one in annotated(argument, depth + 1)]
    if name == "Coroutine":
        return annotated(arguments[-1], depth + 1)
    if name in ("type", "Type"):
        return [one.removesuffix("()") for one in annotated(arguments[0], depth + 1)]
    if name in _SEQUENCES:
        of_tuple = arguments if name in ("tuple", "Tuple") else arguments[:1]
        held = [one for argument in of_tuple for one in annotated(argument, depth + 1)]
        held = [one for one in held if one not in _PLAIN] or held  # of a pair, the more telling one
        return [one + "{}" for one in held] or ["list()"]
    if name in _MAPPINGS:
        return [one + "{:}" for one in annotated(arguments[-1], depth + 1)] or ["dict()"]
    return annotated(base, depth + 1)


@lru_cache(maxsize=4096)
def parse_annotation(text: str) -> ast.expr | None:
    """The tree of an annotation written as a string; None for what is none."""
    if len(text) > 500:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
