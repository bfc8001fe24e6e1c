"""JavaScript and TypeScript -> payload, by tree-sitter, which also makes something of what does not parse."""

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

from grace.memory.javascript_scope import Open
from grace.memory.javascript_walk import Walk
from grace.memory.languages import language
from grace.memory.payload import Payload, SymbolKind
from grace.memory.words import count_words

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_MOST_TEXT = 20_000
"""Bytes of a definition whose words are counted."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def parse_javascript(source: bytes, path: str) -> Payload:
    """What a file says; of one that does not parse, what is still recognised, with the first place that is not."""
    if source.startswith(_UTF_16):
        source = source.decode("utf-16", "replace").encode()
    root = _tree(source, path)
    walk = Walk(root)
    walk.run()
    nothing = len(walk.opened) == 1 and not walk.imports
    problem = f"line {_first_error(root) + 1}: it is not JavaScript" if root.has_error and nothing else ""
    lines = source.count(b"\n") + (not source.endswith(b"\n") and bool(source))
    inside: defaultdict[int, list[Open]] = defaultdict(list)
    for one in walk.opened[1:]:
        if one.above is not None and one.kind is not SymbolKind.VARIABLE:
            inside[one.above.index].append(one)
    definitions = [one.closed(_words(one, source, inside[one.index])) for one in walk.opened]
    definitions[0] = definitions[0]._replace(line=1, first_line=1, end_line=max(lines, 1))
    names = tuple(dict.fromkeys((*walk.default, *walk.exported))) if walk.default else None  # the default comes first
    return Payload(language(path), tuple(definitions), tuple(walk.imports), names, lines, problem)


def _tree(source: bytes, path: str) -> "Node":
    typed = language(path) == "typescript"
    root = _parser(path.lower().endswith((".ts", ".mts", ".cts")), typed).parse(source).root_node
    if root.has_error and not typed:  # Flow writes types much as TypeScript does
        other = _parser(False, True).parse(source).root_node
        return root if other.has_error else other
    return root


@cache
def _parser(plain: bool, typed: bool) -> "Parser":
    import tree_sitter
    import tree_sitter_javascript
    import tree_sitter_typescript

    if not typed:
        grammar = tree_sitter_javascript.language()
    elif plain:
        grammar = tree_sitter_typescript.language_typescript()
    else:
        grammar = tree_sitter_typescript.language_tsx()
    return tree_sitter.Parser(tree_sitter.Language(grammar))


def _words(one: Open, source: bytes, inside: list[Open]) -> dict[str, int]:
    """Of a function all its words; of a class or module those that no definition inside has."""
    if one.kind is SymbolKind.VARIABLE:
        return {}
    start, end = one.place.start_byte, one.place.end_byte
    if one.is_function:
        return count_words(source[start : min(end, start + _MOST_TEXT)].decode("utf-8", "replace"))
    if one.above is None:
        start, end = 0, len(source)
    parts = []
    for place in sorted((each.place.start_byte, each.place.end_byte) for each in inside):
        parts.append(source[start : max(place[0], start)])
        start = max(start, place[1])
    parts.append(source[start:end])
    return count_words(b" ".join(parts)[:_MOST_TEXT].decode("utf-8", "replace"))


def _first_error(root: "Node") -> int:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return int(node.start_point[0])
        stack.extend(reversed([child for child in node.children if child.has_error or child.is_missing]))
    return 0
