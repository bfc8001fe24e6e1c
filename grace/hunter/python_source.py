"""Python source -> syntax tree, also where the source is newer than the Python that runs."""

import ast
import io
import re
import tokenize
import warnings

from grace.errors import GraceError
from grace.hunter.downlevel import down_level

_DEEP = "it is nested too deeply"
_SHEBANG = re.compile(rb"#!.*\bpython")


class Unreadable(GraceError):
    """A file that cannot be made a syntax tree of."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_python(path: str, content: bytes) -> bool:
    """Whether a file is Python source, by its name or its first line."""
    return path.endswith((".py", ".pyi", ".pyw")) or _SHEBANG.match(content) is not None


def parse(content: bytes) -> ast.Module:
    """The syntax tree of a source, with its encoding as its BOM or cookie says.

    Grammar that is newer than this interpreter is said in older one first: lines stay, columns may differ.
    Raises Unreadable.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the target's own dubious escapes
            try:
                return ast.parse(content)
            except IndentationError:
                raise
            except SyntaxError as error:
                return _parse_newer(content, error)
    except SyntaxError as error:
        place = f"line {error.lineno}: " if error.lineno else ""
        raise Unreadable(f"{place}{error.msg}") from error
    except ValueError as error:
        raise Unreadable(str(error)) from error
    except (RecursionError, MemoryError) as error:
        raise Unreadable(_DEEP) from error


def _parse_newer(content: bytes, error: SyntaxError) -> ast.Module:
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    try:
        source = content.decode(encoding)
    except UnicodeDecodeError:
        raise error from None
    older = down_level(source.replace("\r\n", "\n").replace("\r", "\n"))
    return older.restore(ast.parse(older.text))
