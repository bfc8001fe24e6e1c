"""Candidates that cannot matter: their new expression has the old one's value at every visit of the failing test."""

import ast
import functools
from collections import defaultdict
from collections.abc import Sequence

from grace.generation.repair.candidates import Candidate
from grace.generation.repair.session import Session

WORTH_SECONDS = 0.008
"""A test quicker than this is run sooner than its values are compared."""
_FUNCTIONS = frozenset(
    {"len", "min", "max", "abs", "int", "str", "float", "sorted", "list", "tuple", "set", "sum", "any", "all",
     "isinstance", "bool", "round", "dict", "reversed", "range", "repr"}
)  # fmt: skip
_METHODS = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "upper", "casefold", "title", "split", "rsplit", "join", "replace",
     "startswith", "endswith", "get", "keys", "values", "items", "copy", "count", "index", "find", "rfind", "isdigit"}
)  # fmt: skip
_SHAPES = (
    ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Slice, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare,
    ast.IfExp, ast.Tuple, ast.List, ast.Call, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
    ast.Expression, ast.keyword,
)  # fmt: skip


@functools.lru_cache(maxsize=8192)
def free_of_effects(text: str) -> bool:
    """Whether evaluating an expression once more changes nothing, as far as its shape tells."""
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return False
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in _FUNCTIONS:
                continue
            case ast.Call(func=ast.Attribute(attr=name)) if name in _METHODS:
                continue
            case ast.Call():
                return False
        if not isinstance(node, _SHAPES):
            return False
    return True


def effective(session: Session, test: int, seconds: float, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates without those whose exchanged expression never differs in value while the test runs."""
    sites: dict[tuple[str, str, int, str], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        exchange = candidate.exchange
        if exchange and free_of_effects(exchange.old) and free_of_effects(exchange.new):
            sites[candidate.path, exchange.scope, exchange.line, exchange.old].append(candidate)
    useless: set[int] = set()
    for path in {place[0] for place in sites}:
        here = [(place, there) for place, there in sites.items() if place[0] == path]
        asked = [
            {
                "scope": scope,
                "line": line,
                "original": old,
                "replacements": [c.exchange.new for c in there if c.exchange],
            }
            for (_, scope, line, old), there in here
        ]
        for answer in session.order("values", path=path, test=test, seconds=seconds, sites=asked):
            for (_, there), verdicts in zip(here, answer.get("unchanged", ()), strict=False):
                useless |= {c.number for c, same in zip(there, verdicts, strict=True) if same}
    return [c for c in candidates if c.number not in useless]
