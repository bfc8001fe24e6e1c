"""Bytes -> the tree of a JavaScript or TypeScript file, or why there is none."""

from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from grace.errors import GraceError

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

SUFFIXES = frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"})
_TYPED = frozenset({".ts", ".mts", ".cts", ".tsx"})
_MOST_BYTES = 1_000_000
_LONG_LINE = 2_000
"""Of a mean line: written by a program for a program."""
_LONGEST_LINE = 50_000
_WIDE = (b"\xff\xfe", b"\xfe\xff")


class Unreadable(GraceError):
    """A file that is not analysed; the message says why."""


def read(path: str, content: bytes) -> bytes:
    """The source as UTF-8. Raises Unreadable for what nobody wrote by hand, or what is no text."""
    if content.startswith(_WIDE):
        content = content.decode("utf-16", "replace").encode("utf-8", "replace")
    if b"\0" in content:
        raise Unreadable("it is binary")
    size = len(content)
    if size > _MOST_BYTES:
        raise Unreadable(f"too large: {size:,} bytes, more than {_MOST_BYTES:,}")
    longest = max(map(len, content.split(b"\n")))
    if longest > _LONGEST_LINE or size > _LONG_LINE * (content.count(b"\n") + 1):
        raise Unreadable(f"minified: a line of {longest:,} characters")
    return content


def parse(path: str, source: bytes) -> tuple["Node", str]:
    """The root of the tree, which has something for everything, and the first place it does not understand."""
    suffix = PurePosixPath(path.lower()).suffix
    root = _parser(suffix).parse(source).root_node
    if root.has_error and suffix not in _TYPED:  # Flow writes types much as TypeScript does
        typed = _parser(".tsx").parse(source).root_node
        root = root if typed.has_error else typed
    if not root.has_error:
        return root, ""
    return root, f"line {_first_error(root) + 1} cannot be read; what stands around it was analysed as far as it could"


@cache
def _parser(suffix: str) -> "Parser":
    import tree_sitter
    import tree_sitter_javascript
    import tree_sitter_typescript

    if suffix not in _TYPED:
        grammar = tree_sitter_javascript.language()
    elif suffix == ".tsx":
        grammar = tree_sitter_typescript.language_tsx()
    else:
        grammar = tree_sitter_typescript.language_typescript()
    return tree_sitter.Parser(tree_sitter.Language(grammar))


def _first_error(root: "Node") -> int:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            return int(node.start_point[0])
        stack.extend(reversed([child for child in node.children if child.has_error or child.is_missing]))
    return 0
