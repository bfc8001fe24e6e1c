"""Calls: of functions of the program, of what is known about the world, and of what is not known."""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Final

from grace.hunter.taint import conditions, containers, sinks, text
from grace.hunter.taint.frame import Frame
from grace.hunter.taint.program import Bound, Class, Function
from grace.hunter.taint.rulebook import Entry
from grace.hunter.taint.state import Entries, Instance, Items
from grace.hunter.taint.values import (
    ANY,
    CLEAN,
    EVERYTHING,
    NONE,
    Kinds,
    Value,
    cleaned,
    constant,
    derived,
    made_by,
)

_ESCAPING: Final[Sequence[tuple[re.Pattern[str], Kinds]]] = (
    (
        re.compile(r"(?i)esc(ape)?_?(for_?)?html|html_?(esc|enc|safe|sanit)|bleach|striptags|strip_tags"),
        frozenset({"cross-site-scripting"}),
    ),
    (re.compile(r"(?i)(esc(ape)?|enc(ode)?)_?(for_?)?(ldap|filter)|ldap_?(esc|enc)"), frozenset({"ldap-injection"})),
    (re.compile(r"(?i)(esc(ape)?|enc(ode)?|quote)_?(for_?)?(xpath)|xpath_?(esc|enc)"), frozenset({"xpath-injection"})),
    (
        re.compile(r"(?i)(secure|safe|sanit\w*|clean)_?(file_?name|path|join)"),
        frozenset({"path-traversal", "file-upload"}),
    ),
    (
        re.compile(r"(?i)(is_?)?safe_?(url|redirect)|(sanit\w*|clean)_?url"),
        frozenset({"open-redirect", "request-forgery"}),
    ),
    (re.compile(r"(?i)(esc(ape)?|quote)_?(for_?)?(shell|arg)|shell_?(esc|quote)"), frozenset({"command-injection"})),
)
"""Functions from outside that are not known, by what their names promise."""
_NO_BASE: Final = frozenset({"object", "Exception", "abc.ABC", "typing.Generic", "typing.NamedTuple", "enum.Enum"})
_WRAPS: Final = re.compile(r"(?i)request|param|query|form|body|argument|payload|input")
_REQUEST: Final = re.compile(r"(flask|quart|bottle|sanic)\.request|(django|starlette|aiohttp|fastapi)\..*Request\(\)")
"""What is not known and is given a whole request gives what is in it, when its name says so."""


def call(node: ast.Call, frame: Frame) -> Value:
    """The value of a call."""
    from grace.hunter.taint.access import attribute
    from grace.hunter.taint.expressions import evaluate

    owner: Value | None = None
    name = ""
    if isinstance(node.func, ast.Attribute):
        owner = evaluate(node.func.value, frame)
        name = node.func.attr
    positional, keywords = _arguments(node, frame)
    if frame.state is None:
        return ANY
    if owner is not None:
        if owner.path == "super()" and frame.function is not None and frame.function.owner is not None:
            return _inherited(name, positional, keywords, node, frame)
        known = containers.method(owner, name, positional, keywords, node, frame)
        if known is not None:
            if not owner.ref:
                sinks.called(f"{owner.path or '?'}.{name}", owner, positional, keywords, node, frame)
            return known
        callee = attribute(owner, name, node.func, frame)
    else:
        callee = evaluate(node.func, frame)
    return invoke(callee, positional, keywords, node, frame, owner=owner, name=name or callee.path)


def _arguments(node: ast.Call, frame: Frame) -> tuple[list[Value], dict[str, Value]]:
    from grace.hunter.taint.expressions import evaluate

    positional: list[Value] = []
    for argument in node.args:
        value = evaluate(argument, frame)
        shape = frame.here.heap.get(value.ref) if isinstance(argument, ast.Starred) else None
        if isinstance(shape, Items) and shape.rest is None:
            positional.extend(shape.items)
        else:
            positional.append(value)
    keywords: dict[str, Value] = {}
    for keyword in node.keywords:
        value = evaluate(keyword.value, frame)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
            continue
        shape = frame.here.heap.get(value.ref)
        if isinstance(shape, Entries):
            keywords.update({key: each for key, each in shape.entries.items() if isinstance(key, str)})
            value = shape.rest if shape.rest is not None else NONE
        if value is not NONE:
            keywords["**"] = value
    return positional, keywords


def invoke(
    callee: Value,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
    frame: Frame,
    *,
    owner: Value | None = None,
    name: str = "",
) -> Value:
    """The result of calling a value."""
    target = callee.callee
    if isinstance(target, Bound):
        return invoke(
            Value(callee=target.function),
            (*target.arguments, *positional),
            {**target.keywords, **keywords},
            node,
            frame,
        )
    if isinstance(target, Function):
        return frame.engine.call(target, positional, keywords, node, frame)
    if isinstance(target, Class):
        return construct(target, positional, keywords, node, frame)
    path = callee.path
    sinks.called(path, owner, positional, keywords, node, frame)
    if frame.engine.rules.ends.find(path):
        frame.state = None
        return ANY
    return _outside(path, positional, keywords, node, frame, owner, name or path)


def construct(
    of: Class, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST, frame: Frame
) -> Value:
    """A new object of a class of the program."""
    value = frame.here.allocate(Instance({}, of))
    init = of.member("__init__")
    if init is not None and isinstance(init.callee, Function):
        frame.engine.call(init.callee, (value, *positional), keywords, node, frame)
        return value
    names = [n.target.id for n in of.node.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
    attributes = {**dict(zip(names, positional, strict=False)), **keywords}
    frame.here.heap[value.ref] = Instance(attributes, of)
    bases = [base for base in sorted(of.outer_bases) if base not in _NO_BASE]
    if not bases:
        return value
    sinks.called(bases[0], None, positional, keywords, node, frame)
    given = derived(frame.here.flat(each) for each in (*positional, *keywords.values()))
    return value._replace(path=f"{bases[0]}()", taints=given.taints, trail=given.trail)


def _inherited(
    name: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST, frame: Frame
) -> Value:
    owner = frame.function.owner if frame.function is not None else None
    myself = frame.here.variables.get("self", ANY)
    for base in list(owner.ancestry())[1:] if owner is not None else ():
        found = base.members.get(name)
        if found is not None and isinstance(found.callee, Function):
            return frame.engine.call(found.callee, (myself, *positional), keywords, node, frame)
    return derived((*positional, *keywords.values()))


def _outside(
    path: str,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
    frame: Frame,
    owner: Value | None,
    name: str,
) -> Value:
    """What a function from outside gives: what is known of it, or something that carries all it was given."""
    from grace.hunter.taint.access import entered_by, source

    rules, state = frame.engine.rules, frame.here
    last = path.rsplit(".", 1)[-1]
    if (entry := entered_by(rules.source_calls, f"{path}()", frame)) is not None:
        return source(entry, f"{path}({_named(positional)})", node, frame)
    if path in text.FOLDED and positional and all(v.known for v in positional) and not keywords:
        try:
            return constant(text.FOLDED[path](*(v.const for v in positional)))
        except Exception:  # noqa: BLE001 - what the program would raise here, whatever it is
            return ANY
    if text.number_cleans(path):
        return _number(path, positional, keywords, frame)
    if path in ("functools.partial", "partial") and positional:
        first = positional[0]
        if isinstance(first.callee, Function | Class):
            return Value(callee=Bound(first.callee, tuple(positional[1:]), dict(keywords)))
    if (built := containers.builtin(path, positional, keywords, node, frame)) is not None:
        return built
    flat = [state.flat(value) for value in (*positional, *keywords.values())]
    flat.extend(
        _called_back(value, node, frame)
        for value in (*positional, *keywords.values())
        if isinstance(value.callee, Function) and value.callee.closure is not None
    )
    made = f"{path}()" if path else ""
    if _WRAPS.search(name) and any(_REQUEST.fullmatch(value.path) for value in positional):
        return source(Entry(kind="web"), made or name, node, frame)
    sanitised = rules.sanitisers.find(path)
    if sanitised:
        kinds_clean = frozenset[str]().union(*sanitised)
        if kinds_clean >= EVERYTHING:
            _checked(path, positional, frame)
            return made_by(made)
        return cleaned(derived(([owner] if owner is not None else []) + flat, path=made), kinds_clean)
    if rules.opaque.find(path):
        return _configured(made, keywords, frame)
    true, false = conditions.call_facts(path, positional, frame)
    if owner is not None and owner.taints and not (true or false):
        true, false = conditions.method_facts(owner, last, positional)
    carriers = flat
    if owner is not None and (owner.taints or owner.ref):
        carriers = [*flat, state.flat(owner)]
    result = derived(carriers, path=made)
    if not carriers:
        result = made_by(made)
    if last in ("join", "joinpath", "resolve", "absolute", "realpath", "abspath", "normpath") and positional:
        result = result._replace(prefix=positional[0].prefix, partial=False)
    if path == "re.sub" and len(positional) >= 3:
        result = cleaned(result, text.substituted(*positional[:2]))
    for pattern, kinds_promised in _ESCAPING:
        if result.taints and pattern.search(name):
            result = cleaned(result, kinds_promised)
    if true or false:
        result = result._replace(when_true=true, when_false=false)
    if not result.taints and (keywords or last[:1].isupper()):
        return _configured(made, keywords, frame)
    if keywords and last[:1].isupper():
        return state.allocate(Instance(dict(keywords)), result)
    return result._replace(literal=False)


def _named(positional: Sequence[Value]) -> str:
    return repr(positional[0].const) if positional and positional[0].known else ""


def _configured(path: str, keywords: Mapping[str, Value], frame: Frame) -> Value:
    """An object from outside, with what it was told by name."""
    value = made_by(path)
    kept = {name: each._replace(taints=CLEAN) for name, each in keywords.items() if each.known or each.ref or each.path}
    return frame.here.allocate(Instance(kept), value) if kept else value


def _number(path: str, positional: Sequence[Value], keywords: Mapping[str, Value], frame: Frame) -> Value:
    true, false = conditions.call_facts(path, positional, frame)
    if path in ("int", "float", "complex"):
        _checked(path, positional, frame)
    shape = frame.here.heap.get(positional[0].ref) if positional and positional[0].ref else None
    if path == "len" and isinstance(shape, Items) and shape.rest is None and shape.kind != "text":
        return constant(len(shape.items))
    if path == "bool" and positional:
        true, false = positional[0].when_true, positional[0].when_false
    given = [frame.here.flat(value) for value in (*positional, *keywords.values())]
    return derived(given, cleaned=EVERYTHING)._replace(when_true=true, when_false=false)


def _checked(path: str, positional: Sequence[Value], frame: Frame) -> None:
    """Whoever has passed `int(x)` without an exception holds the text of a number in x."""
    for value in positional[:1]:
        frame.here.guard(conditions.facts(value, EVERYTHING))


def _called_back(value: Value, node: ast.AST, frame: Frame) -> Value:
    """A function given away may be called with anything."""
    function = value.callee
    if not isinstance(function, Function) or frame.state is None:
        return ANY
    kept = frame.here.copy()
    result = frame.engine.call(function, [ANY for _ in function.parameters], {}, node, frame)
    frame.state = kept
    return kept.flat(result)


def entered(manager: Value, node: ast.AST, frame: Frame) -> Value:
    """What `with` binds."""
    shape = frame.here.heap.get(manager.ref) if manager.ref else None
    if isinstance(shape, Instance) and (enter := shape.method("__enter__") or shape.method("__aenter__")) is not None:
        return frame.engine.call(enter, (manager,), {}, node, frame)
    return manager


def extend(owner: Value, other: Value, frame: Frame) -> None:
    """`owner += other` of a list."""
    containers.method(owner, "extend", [other], {}, ast.Pass(), frame)


def pop(owner: Value, arguments: Sequence[Value], frame: Frame) -> None:
    """`del owner[key]`."""
    containers.method(owner, "pop", arguments, {}, ast.Pass(), frame)
