"""Newer Python grammar, said in what every Python from 3.11 on reads.

The text is taken apart into tokens, not parsed: that is fast, and nesting of any depth cannot exhaust a stack
that only a crash of the process would tell of. Only these constructs change, and no line moves:

- f-strings (PEP 701) become calls of a placeholder, which `restore` turns into the nodes that they stand for;
- t-strings (PEP 750) become the calls of `string.templatelib` that they stand for;
- parameters of types (PEP 695 and 696) go, and `type X = ...` becomes an assignment;
- `except A, B:` (PEP 758) gets its parentheses.
"""

import ast
import re
from dataclasses import dataclass
from keyword import iskeyword

_SPACE = r"(?:[ \t\f]|\\\n)"
_NAME = r"[^\W\d]\w*"
_TOKEN = re.compile(
    rf"""(?P<string>(?:[rbuft]{{1,2}})?(?:\"{{3}}|'{{3}}|"|'))
    |(?P<name>{_NAME})
    |(?P<comment>\#[^\n]*)
    |(?P<other>\d[\w.]*|{_SPACE}+|[=!<>]=|.)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_STRING = re.compile(r"([rbuft]{0,2})(\"{3}|'{3}|\"|')", re.IGNORECASE)
_PLAIN = {
    "'": re.compile(r"(?:[^'\\\n]|\\.)*'", re.DOTALL),
    '"': re.compile(r'(?:[^"\\\n]|\\.)*"', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]|\\.|'(?!''))*'''", re.DOTALL),
    '"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*"""', re.DOTALL),
}
_BETWEEN = re.compile(rf"{_SPACE}*")
_BETWEEN_IN_BRACKETS = re.compile(rf"(?:{_SPACE}|\n|\#[^\n]*)*")
_DEFINED = re.compile(rf"{_SPACE}+{_NAME}{_SPACE}*(?=\[)")
_ALIAS = re.compile(rf"{_SPACE}+({_NAME}){_SPACE}*(?=\[|=(?!=))")
_ASSIGNED = re.compile(rf"{_SPACE}*=(?!=)")
_CONVERSION = re.compile(r"!\s*([rsa])")
_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_COMMENT = re.compile(r"#[^\n]*")
_LITERAL = re.compile(r"""[^{}\\"'\n]+""")
_ESCAPE = re.compile(r"\\(?:N\{[^}]*\}|.)|\\\Z|[\"\n]", re.DOTALL)
_TEMPLATELIB = "string.templatelib"


class Unfinished(SyntaxError):
    """A string or bracket without its end."""


@dataclass(frozen=True)
class DownLevelled:
    """A source that older grammar reads, and the name of the placeholders in it."""

    text: str
    placeholder: str

    def restore(self, tree: ast.Module) -> ast.Module:
        """Put f-strings in the place of the placeholders' calls, in the parsed text; gives the same tree."""
        pending: list[ast.AST] = [tree]
        while pending:
            node = pending.pop()
            for field in node._fields:
                value = getattr(node, field, None)
                if isinstance(value, list):
                    value[:] = [self._restored(item) if isinstance(item, ast.AST) else item for item in value]
                    pending.extend(item for item in value if isinstance(item, ast.AST))
                elif isinstance(value, ast.AST):
                    value = self._restored(value)
                    setattr(node, field, value)
                    pending.append(value)
        return tree

    def _restored(self, node: ast.AST) -> ast.AST:
        if (parts := self._arguments(node)) is None:
            return node
        values: list[ast.expr] = []
        for part in parts:
            if (text := _text(part)) is not None:
                before = _text(values[-1]) if values else None
                if before is not None:
                    values[-1] = ast.copy_location(ast.Constant(before + text), values[-1])
                elif text:
                    values.append(part)
            elif field := self._arguments(part):
                value, conversion, *spec = field
                code = ord(_text(conversion) or "\0") or -1
                values.append(ast.copy_location(ast.FormattedValue(value, code, spec[0] if spec else None), part))
            else:
                values.append(part)
        return ast.copy_location(ast.JoinedStr(values), node)

    def _arguments(self, node: ast.AST) -> list[ast.expr] | None:
        """Those of a placeholder's call."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == self.placeholder:
            return node.args
        return None


def down_level(source: str) -> DownLevelled:
    """Say a source in older grammar; its line ends are `\\n`.

    Raises SyntaxError where the newer constructs themselves are wrong. What else is wrong stays as it is.
    """
    placeholder = "joined"
    while placeholder in source:
        placeholder += "_"
    rewriter = _Rewriter(source, placeholder)
    text, _ = rewriter.code(0)
    return DownLevelled(text, placeholder)


class _Rewriter:
    """Reads the source once, from left to right; each method gives the new text and where it stopped."""

    def __init__(self, source: str, placeholder: str) -> None:
        self._source = source
        self._placeholder = placeholder

    def code(self, at: int, *, within: bool = False, field: bool = False) -> tuple[str, int]:
        """Up to the end of the file; within brackets up to the one that closes; of a field up to what follows it."""
        source, out = self._source, list[str]()
        depth = 0
        handler: _Handler | None = None
        while at < len(source):
            token = _TOKEN.match(source, at)
            assert token is not None  # noqa: S101 - the last alternative matches anything
            text, kind = token[0], token.lastgroup
            if kind == "string":
                touching = bool(out) and out[-1][-1:].isidentifier()
                new, at = self._strings(at, in_brackets=within or field or depth > 0)
                out.append(f" {new}" if touching else new)
                continue
            at = token.end()
            if text in ")]}" or (field and not depth and text in ("!", ":", "=")):
                if not depth and (within or field):
                    return "".join(out), token.start()
                depth = max(0, depth - 1)
            elif text in "([{":
                depth += 1
            elif kind == "name" and not (within or field):
                if text in ("def", "class"):
                    text, at = self._without_parameters(text, at)
                elif text == "type" and out[-1:] != ["."]:
                    text, at = self._without_alias(text, at)
                elif text == "except":
                    handler = _Handler(depth, len(out) + 1)
            if handler and handler.ends(text, depth, out):
                handler = None
            out.append(text)
        if within or field:
            raise Unfinished("a bracket was never closed")
        return "".join(out), at

    def _without_parameters(self, keyword: str, at: int) -> tuple[str, int]:
        """`def f[T]` -> `def f`; `at` is behind the keyword."""
        if not (head := _DEFINED.match(self._source, at)):
            return keyword, at
        _, close = self.code(head.end() + 1, within=True)
        return keyword + head[0] + self._continued(head.end(), close), close + 1

    def _without_alias(self, keyword: str, at: int) -> tuple[str, int]:
        """`type X[T] =` -> `X =`; `at` is behind the keyword."""
        head = _ALIAS.match(self._source, at)
        if not head or iskeyword(head[1]):
            return keyword, at
        end = head.end()
        if self._source[end] == "[":
            _, close = self.code(end + 1, within=True)
            end = close + 1
        if not (assigned := _ASSIGNED.match(self._source, end)):
            return keyword, at
        return f"{head[1]} {self._continued(at, assigned.end())}=", assigned.end()

    def _continued(self, start: int, end: int) -> str:
        """As many lines as a part of the source has that goes."""
        return "\\\n" * self._source.count("\n", start, end)

    def _strings(self, at: int, *, in_brackets: bool) -> tuple[str, int]:
        """Adjacent literals: as they are, or as one call when one of them has fields."""
        source, between = self._source, _BETWEEN_IN_BRACKETS if in_brackets else _BETWEEN
        start, parts, formatted, gap = at, list[str](), "", ""
        while opening := _STRING.match(source, at):
            prefix, quote = opening[1].lower(), opening[2]
            if "f" in prefix or "t" in prefix:
                formatted = "t" if "t" in prefix else "f"
                part, at = self._formatted(opening.end(), prefix, quote)
            elif end := _PLAIN[quote].match(source, opening.end()):
                part, at = source[opening.start() : end.end()], end.end()
            else:
                raise self._unfinished(opening.start())
            parts.append(gap + part)
            gap = between.match(source, at)[0]  # type: ignore[index]  # it matches nothing, too
            if not _STRING.match(source, at + len(gap)):
                break
            at += len(gap)
        if not formatted:
            return source[start:at], at
        call = f"{_TEMPLATELIB}.Template" if formatted == "t" else self._placeholder
        return f"{call}({','.join(parts)})", at

    def _formatted(self, at: int, prefix: str, quote: str) -> tuple[str, int]:
        """The inside of an f-string or t-string, from behind its opening quotes, as arguments."""
        parts, at = self._parts(at, prefix, quote, spec=False)
        return parts, at + len(quote)

    def _parts(self, at: int, prefix: str, quote: str, *, spec: bool) -> tuple[str, int]:
        """Literal text and fields up to the closing quotes, or of a format specification up to its brace."""
        source, out, literal = self._source, list[str](), list[str]()

        def flush() -> None:
            if raw := "".join(literal):
                out.append(repr(_value(raw, is_raw="r" in prefix)) + "\n" * raw.count("\n"))
                literal.clear()

        while at < len(source):
            if text := _LITERAL.match(source, at):
                literal.append(text[0])
                at = text.end()
            elif source.startswith(quote, at) and not spec:
                flush()
                return ",".join(out) or "''", at
            elif source[at] in "{}":
                if not spec and source.startswith(source[at] * 2, at):
                    literal.append(source[at])
                    at += 2
                elif source[at] == "{":
                    flush()
                    field, at = self._field(at + 1, prefix, quote)
                    out.append(field)
                elif spec:
                    flush()
                    return ",".join(out), at
                else:
                    raise self._wrong("a single '}' in a format string", at)
            elif (source[at] == "\n" or source.startswith(quote, at)) and (spec or len(quote) == 1):
                break
            else:
                taken = self._escape(at, prefix)
                literal.append(taken)
                at += len(taken)
        raise self._unfinished(at)

    def _escape(self, at: int, prefix: str) -> str:
        """A character of literal text, with the one that a backslash takes along."""
        source = self._source
        if source[at] != "\\" or source[at + 1 : at + 2] in ("{", "}"):
            return source[at]
        if "r" not in prefix and source.startswith("\\N{", at) and (end := source.find("}", at)) > 0:
            return source[at : end + 1]
        return source[at : at + 2]

    def _field(self, at: int, prefix: str, quote: str) -> tuple[str, int]:
        """A replacement field, from behind its brace, as the placeholder's call."""
        source, start = self._source, at
        value, at = self.code(at, field=True)
        expression = source[start:at]
        said = conversion = ""
        if source[at] == "=":
            end = _BLANK.match(source, at + 1).end()  # type: ignore[union-attr]  # it matches nothing, too
            said = f"{source[start : at + 1] + _COMMENT.sub('', source[at + 1 : end])!r},"
            value, at = value + source[at + 1 : end], end
            conversion = "r" if source[at : at + 1] == "}" else ""
        if given := _CONVERSION.match(source, at):
            conversion = given[1]
            value += _newlines(given[0])
            end = _BLANK.match(source, given.end()).end()  # type: ignore[union-attr]  # it matches nothing, too
            value, at = value + source[given.end() : end], end
        spec = ""
        if source[at : at + 1] == ":":
            parts, at = self._parts(at + 1, prefix, quote, spec=True)
            spec = f"{self._placeholder}({parts})"
        if source[at : at + 1] != "}":
            raise self._wrong("a field of a format string does not end", at)
        if "t" in prefix:
            how = ", ".join((repr(expression.strip()), repr(conversion) if conversion else "None", spec or "''"))
            return f"{said}{_TEMPLATELIB}.Interpolation(({value}), {how})", at + 1
        how = ", ".join(filter(None, (repr(conversion), spec)))
        return f"{said}{self._placeholder}(({value}), {how})", at + 1

    def _unfinished(self, at: int) -> Unfinished:
        return Unfinished("a string was never closed", self._place(at))

    def _wrong(self, message: str, at: int) -> SyntaxError:
        return SyntaxError(message, self._place(at))

    def _place(self, at: int) -> tuple[None, int, None, None]:
        return None, self._source.count("\n", 0, at) + 1, None, None


class _Handler:
    """What stands between `except` and its colon."""

    def __init__(self, depth: int, start: int) -> None:
        self._depth = depth
        self._start = start
        """Where in the new text its parentheses would open."""
        self._commas = 0

    def ends(self, text: str, depth: int, out: list[str]) -> bool:
        """Take the next token; True when it ended, with the parentheses that it needed."""
        if depth != self._depth:
            return False
        if text == "*" and not "".join(out[self._start :]).strip():
            self._start = len(out) + 1
        elif text == ",":
            self._commas += 1
        elif text == ":":
            if self._commas and "as" not in out[self._start :]:
                out.insert(self._start, "(")
                out.append(")")
            return True
        return False


def _text(node: ast.expr) -> str | None:
    """What a literal says."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _value(raw: str, *, is_raw: bool) -> str:
    """What the literal text of a format string stands for."""
    if is_raw or "\\" not in raw:
        return raw
    return str(ast.literal_eval('"' + _ESCAPE.sub(_plainly, raw) + '"'))


def _plainly(match: re.Match[str]) -> str:
    """A part of literal text, as it is said in a string of one line."""
    text = match[0]
    if text == "\\\n":  # the line goes on
        return ""
    return {'"': '\\"', "\n": "\\n", "\\": "\\\\"}.get(text, text)


def _newlines(text: str) -> str:
    return "\n" * text.count("\n")
