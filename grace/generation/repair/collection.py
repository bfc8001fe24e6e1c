"""Errors that need no test to show: a file that does not parse, a name or import that is not there.

They keep tests from being collected, so every answer is judged cold: written, then collected by a new process.
"""

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from grace.contracts import RedTest
from grace.generation.repair.operators import crashes
from grace.generation.repair.operators.site import Site, expressions_of
from grace.generation.repair.scope import Scope
from grace.generation.repair.source import Source, apply_splices, decode, lines_of
from grace.verification.checks import is_test_or_configuration

MOST_ANSWERS = 40
"""Answers tried for one error; each costs a new test process."""
_UNPARSED = frozenset(["SyntaxError", "IndentationError", "TabError"])
_OPENERS = re.compile(r"\s*(async\s+)?(def|class|if|elif|else|for|while|try|except|finally|with|match|case)\b")
_SLIPS = ((r"\belse\s+if\b", "elif"), (r"&&", "and"), (r"\|\|", "or"), (r"!(?=[\w(])", "not "), (r"\bnull\b", "None"),
          (r"\btrue\b", "True"), (r"\bfalse\b", "False"), (r"\bprint\s+(.+)$", r"print(\1)"), (r"=>", ">="),
          (r"(?<![=<>!:+\-*/%&|^])=(?!=)", "=="), (r"(\w+)\+\+", r"\1 += 1"), (r"\bfunction\b", "def"))  # fmt: skip


class Answer(NamedTuple):
    """One file's new text."""

    path: str
    text: str
    operator: str


def mend_collection(
    root: Path, errors: Callable[[], Sequence[RedTest]], first: Sequence[RedTest], most_steps: int = 4
) -> list[Answer]:
    """Make the tests of a checkout collectable, one error after the other; the answers that were written.

    `errors` collects again in a new process and gives what cannot be collected. Nothing is left written when the
    errors do not come to an end.
    """
    before: dict[str, bytes] = {}
    written: list[Answer] = []
    left = list(first)
    for _ in range(most_steps):
        answer, left = _first_that_helps(root, left, errors, before)
        if answer is None:
            break
        written.append(answer)
        if not left:
            return written
    for path, content in before.items():
        (root / path).write_bytes(content)
    return []


def _first_that_helps(
    root: Path, left: Sequence[RedTest], errors: Callable[[], Sequence[RedTest]], before: dict[str, bytes]
) -> tuple[Answer | None, list[RedTest]]:
    """The first answer after which the first error is gone."""
    for tried, answer in enumerate(answers(root, left[0])):
        if tried >= MOST_ANSWERS:
            break
        place = root / answer.path
        if place.resolve() != root.resolve() / answer.path:
            continue  # the project's code, which runs when it is collected, has put a link there
        content = place.read_bytes()
        _, encoding = _decoded(content)
        try:
            place.write_bytes(answer.text.encode(encoding))
        except UnicodeEncodeError:
            continue  # a name from another file, in letters that this one's encoding does not have
        remaining = list(errors())
        if not remaining or _gone(left[0], remaining[0]):
            before.setdefault(answer.path, content)
            return answer, remaining
        place.write_bytes(content)
    return None, list(left)


def _gone(old: RedTest, new: RedTest) -> bool:
    """Whether another error, in another file or further on, has come in the old one's place."""
    if not new.frames or not old.frames:
        return False
    before, after = old.frames[-1], new.frames[-1]
    if before.path != after.path:
        return True
    if after.line > before.line:
        return (new.exception, new.message) != (old.exception, old.message)
    runs = old.exception in _UNPARSED and new.exception not in _UNPARSED
    return runs and after.line < before.line


def answers(root: Path, red: RedTest) -> Iterator[Answer]:
    """What could mend an error at import, likeliest first."""
    own = [f for f in red.frames if not is_test_or_configuration(f.path) and (root / f.path).is_file()]
    if not own:
        yield from _renamed_for_tests(root, red)
        return
    frame = own[-1]
    content = (root / frame.path).read_bytes()
    text, _ = _decoded(content)
    if red.exception in _UNPARSED:
        for changed, operator in _parsing(text, frame.line):
            yield Answer(frame.path, changed, operator)
        return
    try:
        source = Source(frame.path, text)
    except SyntaxError:
        return
    scope = Scope(source, None)
    for edit in crashes.imports(source, red):
        yield Answer(frame.path, apply_splices(text, edit.splices), edit.operator)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt) and node.lineno <= frame.line <= (node.end_lineno or node.lineno):
            for expression in expressions_of(node):
                for edit in crashes.at_expression(Site(source, scope, expression, node), red):
                    yield Answer(frame.path, apply_splices(text, edit.splices), edit.operator)
            if isinstance(node, ast.ImportFrom | ast.Import):
                yield from _imports_mended(root, source, node, red)


def _parsing(text: str, line: int) -> Iterator[tuple[str, str]]:
    """Texts that parse, each by one small change at or shortly before the line of a syntax error."""
    for candidate in variants(text, line):
        try:
            ast.parse(candidate)
        except (SyntaxError, ValueError):
            continue
        yield candidate, "syntax"


def variants(text: str, line: int) -> Iterator[str]:
    """Texts that differ by one small change at or shortly before a line, likeliest first."""
    lines = lines_of(text)
    seen: set[str] = set()
    for number in range(min(line, len(lines)), max(0, line - 4), -1):
        index = number - 1
        body, end = _split_end(lines[index])
        previous = next((before for before in reversed(lines[:index]) if before.strip()), "")
        for changed in _line_changes(body, previous):
            candidate = "".join([*lines[:index], changed + end, *lines[index + 1 :]])
            if candidate not in seen and candidate != text:
                seen.add(candidate)
                yield candidate


def _split_end(line: str) -> tuple[str, str]:
    body = line.rstrip("\r\n")
    return body, line[len(body) :]


def _line_changes(body: str, previous: str) -> Iterator[str]:
    code = body.split("  #")[0].rstrip()
    rest = body[len(code) :]
    if _OPENERS.match(code) and not code.endswith(":"):
        yield f"{code}:{rest}"
        yield f"{code}):{rest}"
    if code.endswith(","):
        for mark in (")", "]", "}"):
            yield f"{code[:-1]}{mark},{rest}"
    for mark in (")", "]", "}", ",", '"', "'", ":", "))", '")', "')", "),"):
        yield f"{code}{mark}{rest}"
    if code.endswith(":"):
        for mark in (")", "]", "}"):
            yield f"{code[:-1]}{mark}:{rest}"
    for pattern, replacement in _SLIPS:
        for found in re.finditer(pattern, code):
            yield code[: found.start()] + found.expand(replacement) + code[found.end() :] + rest
    stripped = body.lstrip()
    indentation = previous[: len(previous) - len(previous.lstrip())]
    for wanted in (indentation, indentation + "    ", indentation[:-4], indentation[:-8]):
        yield wanted + stripped
    yield body.expandtabs(4)
    for position, character in enumerate(code):
        if character in "()[]{},:'\"":
            yield code[:position] + code[position + 1 :] + rest
    for position in range(len(code), 0, -1):
        before, behind = code[position - 1], code[position : position + 1]
        if not (_in_word(before) and _in_word(behind)):
            for mark in "(" if before.isspace() else (")", "(", "]", ",", ":"):
                yield code[:position] + mark + code[position:] + rest


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _imports_mended(root: Path, source: Source, node: ast.Import | ast.ImportFrom, red: RedTest) -> Iterator[Answer]:
    """The imported name or module gives way to the nearest that exists."""
    text = source.text
    wanted = re.findall(r"'([\w.]+)'", red.message)[:1]
    if not wanted:
        return
    start, end = source.start(node), source.end(node)
    statement = text[start:end]
    if red.exception == "ModuleNotFoundError":
        known = [".".join(p.relative_to(root).with_suffix("").parts) for p in sorted(root.rglob("*.py"))[:2000]]
        known = sorted({*known, *(k.removeprefix("src.") for k in known), *(k.rpartition(".")[2] for k in known)})
    else:
        known = [name for path in sorted(root.rglob("*.py"))[:2000] for name in _defined(path)]
    for other in get_close_matches(wanted[0], known, n=4, cutoff=0.6):
        changed = _renamed(statement, wanted[0], other)
        if changed == statement:  # `from .near import x`: the message names the module in full
            changed = _renamed(statement, wanted[0].rpartition(".")[2], other.rpartition(".")[2])
        if changed != statement:
            yield Answer(source.path, text[:start] + changed + text[end:], "import corrected")


def _renamed(text: str, name: str, other: str) -> str:
    return re.sub(rf"\b{re.escape(name)}\b", other, text)


def _renamed_for_tests(root: Path, red: RedTest) -> Iterator[Answer]:
    """A test imports a name that the project spells differently: the project's definition takes the test's name."""
    found = re.search(r"cannot import name '(\w+)' from '([\w.]+)' \((.+)\)", red.message)
    if not found:
        return
    wanted, _, place = found.groups()
    path = Path(place)
    if not path.is_relative_to(root) or is_test_or_configuration(str(path.relative_to(root))):
        return
    text, _ = _decoded(path.read_bytes())
    for other in get_close_matches(wanted, list(_defined(path)), n=3, cutoff=0.6):
        yield Answer(str(path.relative_to(root)), _renamed(text, other, wanted), "definition renamed")


def _defined(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def _decoded(content: bytes) -> tuple[str, str]:
    """Text and encoding, also of a file whose cookie is broken."""
    try:
        return decode(content)
    except SyntaxError:
        return content.decode("latin-1"), "latin-1"
