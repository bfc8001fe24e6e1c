"""Reading one Python file: its definitions and what they use, from one pass over the syntax tree.

A file that cannot be parsed (Python 2, a syntax newer than the running Python, an edit half done) still gives its
definitions and words, by the headers that a regular expression finds.
"""

import ast
import re
import warnings
from codecs import BOM_UTF8
from itertools import accumulate
from typing import Any

from grace.memory.payload import Definition, Payload, SymbolKind
from grace.memory.python_names import Names
from grace.memory.python_scope import CLASS, METHOD, MODULE, Scope
from grace.memory.python_types import annotated, path_of
from grace.memory.python_walk import Walk
from grace.memory.words import count_words

_MOST_TEXT = 20_000
"""Characters of a symbol whose words are counted."""
_LONGEST_SIGNATURE = 300
_LONGEST_DOC = 200
_MOST_RETURNS = 3
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_HEADER = re.compile(r"^([ \t]*)(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.MULTILINE)
_SPACE = re.compile(r"\s+")
_COMMENT = re.compile(rb"(?:^|\s)#[^'\"]*$")


def parse_python(source: bytes, path: str) -> Payload:
    """What a Python file says. Never fails: what cannot be parsed is told as the payload's problem."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the target's own dubious escapes
            tree = ast.parse(source)  # decodes as PEP 263 says
        return _read(tree, _Lines(source if _is_utf8(source) else _decode(source).encode()))
    except SyntaxError as error:
        problem = f"line {error.lineno or _line_of_null(source)}: {error.msg}"
    except (ValueError, LookupError) as error:
        problem = f"line {_line_of_null(source)}: {error}"
    except (RecursionError, MemoryError):
        problem = "nested too deeply"
    return _read_headers(_decode(source), problem)


def _line_of_null(source: bytes) -> int:
    return source.count(b"\n", 0, max(source.find(b"\0"), 0)) + 1


def _is_utf8(source: bytes) -> bool:
    return _encoding(source) in ("utf-8", "utf8", "utf-8-sig", "ascii", "us-ascii")


def _encoding(source: bytes) -> str:
    if not source.startswith(BOM_UTF8) and b"coding" in source[:400]:
        for line in source[:400].split(b"\n", 2)[:2]:
            if match := _CODING.match(line):
                return match[1].decode("ascii", "replace").lower()
    return "utf-8"


def _decode(source: bytes) -> str:
    try:
        return source.removeprefix(BOM_UTF8).decode(_encoding(source))
    except (LookupError, ValueError):
        return source.decode("utf-8", "replace")


def _read(tree: ast.Module, file: "_Lines") -> Payload:
    walk = Walk(tree)
    star = any(one.alias == "*" for one in walk.imports)
    names = Names(walk.scopes[0], star=star)
    places: list[tuple[int, int, Scope | None, Any]] = []
    """First line, order, and the scope; or instead of a scope the scope and name of a variable."""
    stored = _stored(walk, names)
    for scope in walk.scopes:
        if scope.kind is not MODULE:
            first = _first_line(scope.node)
            places.append((first, len(places), scope, None))
        for name, (line, end_line) in scope.variables.items():
            if name not in scope.own:
                places.append((line, len(places), None, (scope, name, line, end_line)))
    places.sort()
    index = {walk.scopes[0].index: 0}
    for position, (_, _, one, _) in enumerate(places, 1):
        if one is not None:
            index[one.index] = position
    definitions = [_module(walk.scopes[0], names, file)]
    for first, _, one, variable in places:
        if one is None:
            scope, name, line, end_line = variable
            definitions.append(Definition(name, SymbolKind.VARIABLE, index[scope.index], line, line, end_line))
        elif one.parent is not None:
            parent = index[one.parent.index]
            definitions.append(_definition(one, parent, first, names, file, stored.get(one.index, {})))
    imports = tuple(one._replace(scope=index[one.scope]) for one in walk.imports)
    exports = None if walk.exports is None else tuple(dict.fromkeys(walk.exports))
    for scope in walk.scopes:  # parents and children hold each other: let the tree go without the collector's help
        scope.children.clear()
    return Payload("python", tuple(definitions), imports, exports, file.count)


class _Lines:
    """The lines of a source in UTF-8, numbered and measured as the tree does."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._lines = source.splitlines(keepends=True)
        self._starts = [0, *accumulate(map(len, self._lines))]
        self.count = len(self._lines)

    def text(self, first: int, last: int) -> str:
        """Some lines; the beginning, where they are many."""
        start, end = self._starts[first - 1], self._starts[last]
        return self._source[start : min(end, start + _MOST_TEXT)].decode("utf-8", "replace")

    def text_without(self, first: int, last: int, inner: list[Scope]) -> str:
        """Some lines without those of the definitions inside."""
        if not inner:
            return self.text(first, last)
        taken = []
        for scope in inner:
            node = scope.node
            taken.append(self._source[self._starts[first - 1] : self._starts[max(_first_line(node), first) - 1]])
            first = max(first, node.end_lineno + 1)
        if first <= last:
            taken.append(self._source[self._starts[first - 1] : self._starts[last]])
        return b"".join(taken)[:_MOST_TEXT].decode("utf-8", "replace")

    def bases(self, node: ast.ClassDef) -> str:
        """The bases of a class as they are written."""
        if not node.bases:
            return ""
        first, last = node.bases[0], node.bases[-1]
        if first.lineno == last.end_lineno:
            text = self._lines[first.lineno - 1][first.col_offset : last.end_col_offset].decode("utf-8", "replace")
        else:
            text = ", ".join(map(path_of, node.bases))
        return f"({text[:_LONGEST_SIGNATURE]})"

    def signature(self, node: Any) -> str:
        """From the opening parenthesis after a function's name to what it returns."""
        arguments = node.args
        last = node.returns or _last(arguments)
        if last is None:
            return "()"
        end_line, end_column = last.end_lineno, last.end_col_offset
        rest = self._lines[end_line - 1][end_column:]
        closing = ")" * max(len(rest) - len(rest.lstrip(b")")), 1)
        header = self._lines[node.lineno - 1]
        start = header.find(b"(", node.col_offset)
        if start < 0:
            return ""
        if end_line == node.lineno:
            line: str = header[start:end_column].decode("utf-8", "replace")[:_LONGEST_SIGNATURE]
            return line if node.returns else line + closing
        parts = self._lines[node.lineno - 1 : end_line]
        parts[-1] = parts[-1][:end_column]
        parts[0] = parts[0][start:]
        parts = [_COMMENT.sub(b"", part) for part in parts]
        line = _SPACE.sub(" ", b" ".join(parts).decode("utf-8", "replace"))[:_LONGEST_SIGNATURE]
        line = line.replace("( ", "(", 1).replace(", )", ")").replace(" )", ")")
        return line if node.returns else line.rstrip(", ") + closing


def _first_line(node: Any) -> int:
    decorators = node.decorator_list
    line: int = decorators[0].lineno if decorators else node.lineno
    return line


def _last(arguments: ast.arguments) -> Any:
    """The argument or default that ends last."""
    if arguments.kwarg:
        return arguments.kwarg
    if arguments.kwonlyargs:
        return arguments.kw_defaults[-1] or arguments.kwonlyargs[-1]
    if arguments.vararg:
        return arguments.vararg
    if arguments.defaults:
        return arguments.defaults[-1]
    return arguments.args[-1] if arguments.args else None


def _module(scope: Scope, names: Names, file: _Lines) -> Definition:
    calls, references = names.uses(scope)
    return Definition(
        "",
        MODULE,
        -1,
        1,
        1,
        max(file.count, 1),
        doc=_doc(scope.node),
        calls=calls,
        references=references,
        types=_types(scope, names, {}),
        words=count_words(file.text_without(1, file.count, scope.children)),
    )


def _definition(
    scope: Scope, parent: int, first: int, names: Names, file: _Lines, stored: dict[str, list[str]]
) -> Definition:
    node = scope.node
    calls, references = names.uses(scope)
    if scope.kind is CLASS:
        return Definition(
            scope.name,
            CLASS,
            parent,
            node.lineno,
            first,
            node.end_lineno,
            signature=file.bases(node),
            doc=_doc(node),
            bases=_bases(node),
            calls=calls,
            references=references,
            types=_types(scope, names, stored),
            words=count_words(file.text_without(first, node.end_lineno, scope.children)),
        )
    signature = file.signature(node)
    arguments = node.args
    parameters = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    if arguments.vararg:
        parameters.append(arguments.vararg.arg)
    parameters += [one.arg for one in arguments.kwonlyargs]
    if arguments.kwarg:
        parameters.append(arguments.kwarg.arg)
    return Definition(
        scope.name,
        scope.kind,
        parent,
        node.lineno,
        first,
        node.end_lineno,
        signature,
        _doc(node),
        scope.complexity,
        tuple(scope.decorators),
        tuple(parameters),
        calls,
        references,
        {},
        _returns(scope, names, signature),
        count_words(file.text(first, node.end_lineno)),
    )


def _doc(node: Any) -> str:
    first = node.body[0] if node.body else None
    if first.__class__ is not ast.Expr or first.value.__class__ is not ast.Constant:
        return ""
    text = first.value.value
    if text.__class__ is not str:
        return ""
    return next((line.strip()[:_LONGEST_DOC] for line in text.splitlines() if line.strip()), "")


def _bases(node: ast.ClassDef) -> tuple[str, ...]:
    found = []
    for base in node.bases:
        if isinstance(base, ast.Call) and getattr(base.func, "id", getattr(base.func, "attr", "")) == "with_metaclass":
            found += [path_of(one) for one in base.args[1:]]  # six
        elif (path := path_of(base.value if isinstance(base, ast.Subscript) else base))[0] != "?":
            found.append(path)
    return tuple(found)


def _types(scope: Scope, names: Names, stored: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, raws in scope.bound.items():
        if values := names.values(scope, raws):
            found[name] = values
    for name, more in stored.items():
        found[name] = tuple(dict.fromkeys((*found.get(name, ()), *more)))[:_MOST_RETURNS]
    return found


def _stored(walk: Walk, names: Names) -> dict[int, dict[str, list[str]]]:
    """Class -> the attributes that its methods assign to `self`, and their values."""
    found: dict[int, dict[str, list[str]]] = {}
    for scope in walk.scopes:
        for owner, attribute, raws in scope.stores:
            if names.of_self(scope, owner):
                values = names.values(scope, raws)  # none is worth noting too: the attribute exists
                around: Scope | None = scope
                while around is not None and around.kind is not METHOD:
                    around = around.parent
                if around is not None and around.parent is not None:
                    known = found.setdefault(around.parent.index, {}).setdefault(attribute, [])
                    known += [value for value in values if value not in known]
    return found


def _returns(scope: Scope, names: Names, signature: str) -> tuple[str, ...]:
    promised = annotated(scope.node.returns)
    if promised:
        if scope.returns and "Callable" in signature.rpartition("->")[2]:  # which function it is, only the code says
            promised = scope.returns + promised
        return names.values(scope, promised)
    if scope.yields:
        return names.values(scope, [one + "{}" for one in scope.yields])
    return names.values(scope, scope.returns)


def _read_headers(text: str, problem: str) -> Payload:
    """Definitions and words of what is no valid Python, nested by their indentation."""
    lines = text.split("\n")
    found: list[tuple[int, int, str, bool]] = []
    line = position = 0
    for match in _HEADER.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        is_class = match[0].lstrip().startswith("class")
        found.append((line + 1, len(match[1].expandtabs()), match[2], is_class))
    words = (
        count_words(text[:_MOST_TEXT]) if not found else count_words("\n".join(lines[: found[0][0] - 1])[:_MOST_TEXT])
    )
    definitions = [Definition("", MODULE, -1, 1, 1, len(lines), words=words)]
    around: list[tuple[int, int]] = []
    """Indentation and index of the definitions that are open."""
    for number, (first, indent, name, is_class) in enumerate(found):
        while around and around[-1][0] >= indent:
            around.pop()
        parent = around[-1][1] if around else 0
        end = next(
            (later - 1 for later, other, _, _ in found[number + 1 : number + 500] if other <= indent), len(lines)
        )
        kind = CLASS if is_class else SymbolKind.FUNCTION
        if not is_class and definitions[parent].kind is CLASS:
            kind = METHOD
        until = found[number + 1][0] - 1 if is_class and number + 1 < len(found) else end
        own = count_words("\n".join(lines[first - 1 : until])[:_MOST_TEXT])
        definitions.append(Definition(name, kind, parent, first, first, end, words=own))
        around.append((indent, len(definitions) - 1))
    return Payload("python", tuple(definitions), lines=len(lines), problem=problem)
