"""Sinks: whether what reaches a dangerous call, assignment or result is dangerous there."""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from grace.hunter.detection import Verdict
from grace.hunter.taint import mentions
from grace.hunter.taint.backtracking import exponential
from grace.hunter.taint.frame import Frame
from grace.hunter.taint.pages import argument, rendered
from grace.hunter.taint.rulebook import Condition, Patterns, Sink, Target
from grace.hunter.taint.state import Entries, Instance, Items, contents, together
from grace.hunter.taint.summary import Reached, Site
from grace.hunter.taint.values import ANY, EVERYTHING, Source, Value

_SHELLS: Final = re.compile(
    r"(^|[/\\])(sh|bash|zsh|ksh|dash|cmd|cmd\.exe|powershell|pwsh|python[\d.]*|perl|ruby|node|env|xargs|sudo)$"
)
_FIXED_HOST: Final = re.compile(r"^[a-zA-Z][\w+.-]*://[^/?#\s@\\]+[/?#]|^/(?![/\\])[^\\]|^[?#]|^[\w.-]+[/?#]")
_FIXED_ORIGIN: Final = re.compile(r"^[a-zA-Z][\w+.-]*://[^/?#\s@\\]+[/?#]")


def called(
    path: str,
    owner: Value | None,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
    frame: Frame,
) -> None:
    """Judge a call of something from outside by every rule that names it."""
    rendered(path, positional, keywords, node, frame)
    for target in frame.engine.rules.calls.find(path):
        sink = target.sink
        if not _applies(sink, frame) or not _conditions(sink, owner, positional, keywords, node, frame):
            continue
        if sink.untrusted is None:
            _weak(target, node, frame)
            continue
        value = argument(sink.untrusted, positional, keywords)
        if sink.untrusted == ("receiver",):
            value = owner
        if sink.untrusted == ("any",):
            value = (
                together([frame.here.flat(v) for v in (*positional, *keywords.values())])
                if positional or keywords
                else None
            )
        if value is not None:
            judge(target, value, node, frame, positional, keywords)


def assigned(path: str, owner: Value, value: Value, node: ast.AST, frame: Frame) -> None:
    """Judge an assignment to an attribute or item."""
    for target in _assignments(frame.engine.rules.assignments, path):
        if not _applies(target.sink, frame) or not _conditions(target.sink, owner, (value,), {}, node, frame):
            continue
        if target.sink.untrusted is None:
            _weak(target, node, frame)
        else:
            judge(target, value, node, frame, (value,), {})


def _assignments(patterns: Patterns, path: str) -> Sequence[Any]:
    found = patterns.find(path)
    if path.endswith("]"):
        found = (*found, *(t for t in patterns.find(path[: path.rindex("[")] + "[]") if t not in found))
    return found


def decorated(decorators: Sequence[Value], nodes: Sequence[ast.expr], frame: Frame) -> None:
    """Judge decorators that are no calls themselves as calls of what they name."""
    for value, node in zip(decorators, nodes, strict=True):
        if value.path and not isinstance(node, ast.Call):
            called(value.path, None, (ANY,), {}, node, frame)


_OPERATIONS: Final[Mapping[type[ast.AST], str]] = {
    ast.Eq: "==", ast.NotEq: "==", ast.In: "in", ast.NotIn: "in", ast.Lt: "<", ast.LtE: "<", ast.Gt: "<",
    ast.GtE: "<", ast.Mod: "%",
}  # fmt: skip


def operated(op: ast.operator | ast.cmpop, left: Value, right: Value, node: ast.AST, frame: Frame) -> None:
    """Judge a comparison, or the filling in of a format, as a call with two arguments."""
    if (path := _OPERATIONS.get(type(op))) is not None:
        called(path, None, (left, right), {}, node, frame)


def returned(value: Value, node: ast.Return, frame: Frame) -> None:
    """Judge what a request handler answers, or another function returns."""
    state = frame.here
    for target in frame.engine.rules.returns.get(frame.handler, ()):
        body = value
        shape = state.heap.get(value.ref) if value.ref else None
        if isinstance(shape, Items) and shape.kind == "tuple" and shape.items:
            body = shape.items[0]
            if target.sink.check == "html" and any(_other_type(part, frame) for part in shape.items[1:]):
                continue
            shape = state.heap.get(body.ref) if body.ref else None
        if target.sink.check == "html" and (isinstance(shape, Items | Entries) or _other_type(body, frame)):
            continue
        if not _applies(target.sink, frame) or not _conditions(target.sink, None, (body,), {}, node, frame):
            continue
        if target.sink.untrusted is None:
            _weak(target, node, frame)
        else:
            judge(target, body, node, frame, (body,), {})


_OTHER_TYPE: Final = re.compile(
    r"(?i)text/plain|application/(json|octet|xml|pdf|javascript|csv)|text/(csv|calendar)|image/|attachment"
)
_TYPE_NAMES: Final = ("mimetype", "content_type", "media_type", "['Content-Type']", "['content-type']", "headers")


def _other_type(value: Value, frame: Frame) -> bool:
    """Whether a response, or its headers, says that it is no HTML."""
    shape = frame.here.heap.get(value.ref) if value.ref else None
    if isinstance(shape, Entries):
        return any(
            isinstance(k, str)
            and k.lower() == "content-type"
            and isinstance(v.const, str)
            and _OTHER_TYPE.search(v.const)
            for k, v in shape.entries.items()
        )
    if isinstance(shape, Instance):
        for name in _TYPE_NAMES:
            inner = shape.attributes.get(name)
            if inner is not None and (
                (isinstance(inner.const, str) and _OTHER_TYPE.search(inner.const))
                or (inner.ref and _other_type(inner, frame))
            ):
                return True
    return isinstance(value.const, str) and _OTHER_TYPE.fullmatch(value.const) is not None


def judge(
    target: Target,
    value: Value,
    node: ast.AST,
    frame: Frame,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
) -> None:
    """What a value is at a sink: constant, clean, unknown or untrusted; the last is a hit or a caller's to know."""
    rule, check = target.rule.id, target.sink.check
    site = site_of(target, node, frame)
    whole = _argv(value, keywords, frame) if check == "argv" else frame.here.flat(value)
    if check == "options" and (whole := _options(value, frame)) is None:
        return
    if whole is None:
        frame.engine.answers.judge(site, "clean")
        return
    if check == "host" and _host_is_fixed(whole, rule):
        frame.engine.answers.judge(site, "clean")
        return
    if check == "html" and _other_type_keywords(positional, keywords, frame):
        frame.engine.answers.judge(site, "clean")
        return
    taints = frame.here.taints_of(whole)
    proves = not target.rule.sources
    live = [label for label, kinds in taints.items() if rule not in kinds and not kinds >= EVERYTHING]
    if not live:
        verdict: Verdict = "clean" if taints else "constant" if whole.literal or whole.known else "unknown"
        frame.engine.answers.judge(site, verdict)
        return
    reached = frame.step(node, whole)
    for label in live:
        frame.reach(Reached(site, label, reached.trail))
        if proves:
            frame.engine.answers.judge(site, "untrusted" if isinstance(label, Source) else "unknown")


def site_of(target: Target, node: ast.AST, frame: Frame) -> Site:
    """Where a sink stands."""
    line = getattr(node, "lineno", 1)
    end = getattr(node, "end_lineno", line) or line
    return Site(target, frame.module.path, line, end, frame.symbol, frame.conditions > 0)


def _weak(target: Target, node: ast.AST, frame: Frame) -> None:
    frame.reach(Reached(site_of(target, node, frame), None, None))


def _argv(value: Value, keywords: Mapping[str, Value], frame: Frame) -> Value | None:
    """The part of a command that decides what runs, or None when no shell reads any of it."""
    shape = frame.here.heap.get(value.ref) if value.ref else None
    shell = keywords.get("shell")
    in_shell = shell is not None and not (shell.known and not shell.const)
    if not isinstance(shape, Items):
        return value
    if in_shell:
        return frame.here.flat(value)
    words = [frame.here.flat(item) for item in contents(shape)]
    if not words:
        return None
    programs = (
        [words[0].const, *words[0].choices] if shape.rest is None else [c for w in words for c in (w.const, *w.choices)]
    )
    if any(isinstance(program, str) and _SHELLS.search(program) for program in programs):
        return together(words)
    return words[0] if shape.rest is None and words[0].taints else None


def _options(value: Value, frame: Frame) -> Value | None:
    """The words of a command given as a list that could begin with a dash, or None when there are none."""
    shape = frame.here.heap.get(value.ref) if value.ref else None
    if not isinstance(shape, Items) or shape.rest is not None:
        return None
    words = [frame.here.flat(item) for item in shape.items[1:]]
    ends = next((n for n, word in enumerate(words) if word.const == "--"), len(words))
    loose = [word for word in words[:ends] if word.taints and not word.prefix]
    return together(loose) if loose else None


def _host_is_fixed(value: Value, rule: str) -> bool:
    prefix = value.prefix
    return bool((_FIXED_HOST if rule == "open-redirect" else _FIXED_ORIGIN).match(prefix))


def _other_type_keywords(positional: Sequence[Value], keywords: Mapping[str, Value], frame: Frame) -> bool:
    given = (*positional[1:], *(v for k, v in keywords.items() if k in (*_TYPE_NAMES, "content_type", "mimetype")))
    return any(_other_type(value, frame) for value in given)


def _applies(sink: Sink, frame: Frame) -> bool:
    return not sink.modules or not frame.packages.isdisjoint(sink.modules)


def _conditions(
    sink: Sink,
    owner: Value | None,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
    frame: Frame,
) -> bool:
    def holds(condition: Condition) -> bool:
        return _holds(condition, owner, positional, keywords, node, frame)

    return all(map(holds, sink.when)) and not any(map(holds, sink.unless))


def _holds(
    condition: Condition,
    owner: Value | None,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
    frame: Frame,
) -> bool:
    if condition.context is not None:
        line = frame.module.line(getattr(node, "lineno", 0))
        if not re.search(condition.context, f"{frame.symbol} {line}"):
            return False
        if not condition.argument:
            return True
    names = condition.argument
    value = owner if names[:1] == ("receiver",) else argument(names, positional, keywords)
    if condition.attribute and value is not None:
        shape = frame.here.heap.get(value.ref) if value.ref else None
        parts = shape.attributes if isinstance(shape, Instance) else shape.entries if isinstance(shape, Entries) else {}
        value = parts.get(condition.attribute)
    if condition.given is not None:
        return (value is not None) is condition.given
    if condition.names or condition.written or condition.around:
        return _written(condition, node, frame)
    if value is None:
        return False
    if condition.constant is not None and value.literal is not condition.constant:
        return False
    shape = frame.here.heap.get(value.ref) if value.ref else None
    each = (value, *shape.items) if isinstance(shape, Items) and shape.rest is None else (value,)
    if condition.path is not None:
        pattern = re.escape(condition.path).replace(r"\*", ".*")
        if not any(re.fullmatch(pattern, one.path) for one in each):
            return False
    consts = tuple(const for one in each for const in ((one.const,) if one.known else one.choices))
    if each == (value,) and isinstance(shape, Items) and shape.rest is None:
        consts = (*consts, ())
    if condition.equals is not None:
        return any(_equal(const, wanted) for const in consts for wanted in condition.equals)
    if condition.matches is not None:
        texts = [_text(const) for const in consts if isinstance(const, str | bytes)]
        texts = texts or ([value.prefix] if value.prefix else [])
        return any(re.search(condition.matches, text) for text in texts)
    if condition.below is not None:
        return any(isinstance(const, int) and const < condition.below for const in consts)
    if condition.bits is not None:
        return any(isinstance(const, int) and bool(const & condition.bits) for const in consts)
    if condition.exponential is not None:
        return any(exponential(_text(const)) for const in consts if isinstance(const, str | bytes))
    return True


def _text(const: str | bytes) -> str:
    return const if isinstance(const, str) else const.decode("latin-1")


def _written(condition: Condition, node: ast.AST, frame: Frame) -> bool:
    inner = mentions.arguments(condition.argument, node)
    if condition.names and not any(re.search(condition.names, n) for e in inner for n in mentions.names_in(e)):
        return False
    if condition.written and not any(re.search(condition.written, ast.unparse(e)) for e in inner):
        return False
    function = frame.function.node if frame.function is not None else None
    return not condition.around or mentions.around(condition.around, inner, function, frame.module)


def _equal(const: Any, wanted: Any) -> bool:
    return (const is None and wanted == "None") or (type(const) is type(wanted) and bool(const == wanted))
