"""Which files are source, in which language, and which of them nobody wrote by hand."""

import re
from collections.abc import Collection
from pathlib import PurePosixPath

LANGUAGES = {
    **dict.fromkeys((".py", ".pyi", ".pyw"), "python"),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), "javascript"),
    **dict.fromkeys((".ts", ".tsx", ".mts", ".cts"), "typescript"),
}
"""Suffix -> language."""

HUGE_BYTES = 2**19
_MINIFIED_LINE = 5_000
_VENDORED = {"_vendor", "_vendored", "vendored", "third_party", "thirdparty", "node_modules", "bower_components"}
_GENERATED_NAME = re.compile(r".*(_pb2(_grpc)?\.pyi?|\.min\.[cm]?js|\.bundle\.js|\.g\.ts|\.generated\.\w+)")
_GENERATED_MARK = re.compile(rb"@generated|\bdo not edit\b|\b(auto-?|automatically )generated\b", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BOM_AND_SPACE = b"\xef\xbb\xbf \t\r\n"
_COMMENT = re.compile(rb"\s*(#|//|/\*|\*|\"\"\"|''')")


def language(path: str) -> str:
    """The language that a path's suffix names, "" when it is no source."""
    return LANGUAGES.get(path[path.rfind(".") :].lower(), "") if "." in path else ""


def left_out_by_path(path: str) -> str:
    """Why a file is not parsed, as far as its path tells; "" when it is."""
    pure = PurePosixPath(path)
    if _VENDORED & set(pure.parts[:-1]):
        return "vendored"
    return "generated" if _GENERATED_NAME.fullmatch(pure.name) else ""


def left_out_by_content(source: bytes, name: str) -> str:
    """Why a file is not parsed, as far as its content tells; "" when it is.

    A mark of generators counts in a comment among the first lines only: code that looks for such marks has them too.
    """
    if len(source) > HUGE_BYTES:
        return "too large"
    if name != "python" and _is_something_else(source):
        return "not source"
    head = source[:1000].split(b"\n")[:8]
    if any(_COMMENT.match(line) and _GENERATED_MARK.search(line) for line in head):
        return "generated"
    if name != "python" and len(source) > _MINIFIED_LINE and len(source) / (source.count(b"\n") + 1) > 500:
        return "minified"
    return ""


def _is_something_else(source: bytes) -> bool:
    """Video and the translations of Qt are called `.ts` too."""
    if source.startswith(_UTF_16):
        return False
    return b"\0" in source[:1000] or source[:100].lstrip(_BOM_AND_SPACE).startswith(b"<?xml")


def is_stub_beside(path: str, paths: Collection[str]) -> bool:
    """Whether a `.pyi` only repeats the types of a `.py` beside it."""
    return path.endswith(".pyi") and path[:-1] in paths
