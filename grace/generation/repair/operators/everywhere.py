"""One word for another at every place of a function: a mistake copied along with its line."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Set

from grace.generation.repair.operators.site import Edit, expressions_of, statements_in
from grace.generation.repair.operators.vocabulary import relatives
from grace.generation.repair.scope import Scope
from grace.generation.repair.source import Splice

MOST_PLACES = 8


def everywhere(scope: Scope, lines: Set[int]) -> Iterator[Edit]:
    """Names, attributes and strings that stand at least twice, once at least on the given lines; all at once."""
    if scope.function is None:
        return
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    loaded: set[str] = set()
    reached: set[str] = set()
    for statement in statements_in(scope.function.node.body):
        for node in expressions_of(statement):
            for word, span, is_name in _words(scope, node):
                places[word].append(span)
                if is_name:
                    loaded.add(word)
                if node.lineno in lines:
                    reached.add(word)
    for word, spans in places.items():
        if word in reached and 2 <= len(spans) <= MOST_PLACES:
            for k, other in enumerate(dict.fromkeys(_others(word, scope, is_name=word in loaded))):
                yield Edit(2.6 + k * 0.04, "everywhere", tuple(Splice(*span, other) for span in spans))


def _words(scope: Scope, node: ast.expr) -> Iterator[tuple[str, tuple[int, int], bool]]:
    source = scope.source
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            yield name, (source.start(node), source.end(node)), True
        case ast.Attribute(attr=name):
            yield name, (source.end(node) - len(name), source.end(node)), False
        case ast.Constant(value=str(text)) if text.isidentifier() and source.segment(node)[1:-1] == text:
            yield text, (source.start(node) + 1, source.end(node) - 1), False


def _others(word: str, scope: Scope, *, is_name: bool) -> Iterator[str]:
    yield from relatives(word)
    if is_name and word in scope.variables:
        yield from (name for name in scope.variables[:12] if name != word)
