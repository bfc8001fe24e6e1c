"""Branches and loops: states part, go their own ways, and meet again."""

import ast
from collections.abc import Callable, Sequence
from typing import Final

from grace.hunter.taint import calls, conditions
from grace.hunter.taint.access import element, item, source
from grace.hunter.taint.assignment import assign
from grace.hunter.taint.expressions import evaluate
from grace.hunter.taint.frame import Frame, Loop
from grace.hunter.taint.program import Class
from grace.hunter.taint.rulebook import Entry
from grace.hunter.taint.state import Items, State, join
from grace.hunter.taint.values import ANY, EVERYTHING, Value, constant

_PASSES = 3
"""Times a loop's body is evaluated, at most: constants that change are gone after the second."""


_EXCEPTION: Final = Entry(kind="exception")


def if_(node: ast.If, frame: Frame) -> None:
    """Only the branch that is certain, or both, each with what the test proves there."""
    test = evaluate(node.test, frame)
    if frame.state is None:
        return
    truth = conditions.truth(test, frame.here)
    if truth is not None:
        frame.engine.execute(node.body if truth else node.orelse, frame)
        return
    otherwise = frame.here.copy()
    frame.conditions += 1
    frame.here.guard(test.when_true)
    frame.engine.execute(node.body, frame)
    after = frame.state
    frame.state = otherwise
    frame.here.guard(test.when_false)
    frame.engine.execute(node.orelse, frame)
    frame.conditions -= 1
    frame.state = join(after, frame.state)


def match_(node: ast.Match, frame: Frame) -> None:
    """The cases in order, until one is certain."""
    subject = evaluate(node.subject, frame)
    after: State | None = None
    left: State | None = frame.state
    for case in node.cases:
        if left is None:
            break
        frame.state = left.copy()
        taken = _matches(case.pattern, subject, frame)
        if taken is not False and case.guard is not None:
            test = evaluate(case.guard, frame)
            known = conditions.truth(test, frame.here)
            frame.here.guard(test.when_true)
            taken = False if known is False else (taken if known else None)
        if taken is False:
            continue
        frame.engine.execute(case.body, frame)
        after = join(after, frame.state)
        if taken:
            left = None
    frame.state = join(after, left)


def _matches(pattern: ast.pattern, subject: Value, frame: Frame) -> bool | None:
    """Whether a pattern matches, where that is known; its names are bound."""
    match pattern:
        case ast.MatchValue(value=value_node):
            value = evaluate(value_node, frame)
            if value.known and subject.known:
                return bool(value.const == subject.const)
            frame.here.guard((label, EVERYTHING) for label in subject.taints if value.known and not subject.partial)
            return None
        case ast.MatchSingleton(value=value):
            return subject.const is value if subject.known else None
        case ast.MatchAs(pattern=None, name=name):
            if name:
                frame.here.variables[name] = subject
            return True
        case ast.MatchAs(pattern=inner, name=name):
            if name:
                frame.here.variables[name] = subject
            return _matches(inner, subject, frame) if inner else True
        case ast.MatchOr(patterns=patterns):
            before = dict(frame.here.guards)
            answers = [_matches(each, subject, frame) for each in patterns]
            if any(isinstance(each, ast.MatchAs) for each in patterns):
                frame.here.guards = before
            return True if True in answers else (False if all(a is False for a in answers) else None)
        case ast.MatchSequence(patterns=patterns):
            for index, each in enumerate(patterns):
                _matches(each, item(subject, constant(index), pattern, frame), frame)
            return None
        case ast.MatchMapping(keys=keys, patterns=patterns, rest=rest):
            for key, each in zip(keys, patterns, strict=True):
                _matches(each, item(subject, evaluate(key, frame), pattern, frame), frame)
            if rest:
                frame.here.variables[rest] = subject
            return None
        case ast.MatchClass(patterns=patterns, kwd_patterns=keyed):
            for each in (*patterns, *keyed):
                _matches(each, frame.here.flat(subject)._replace(ref=0, const=ANY.const), frame)
            return None
        case ast.MatchStar(name=name):
            if name:
                frame.here.variables[name] = subject
            return None
    return None


def while_(node: ast.While, frame: Frame) -> None:
    """A loop while its test may be true."""
    leaves: State | None = None

    def enter() -> bool:
        test = evaluate(node.test, frame)
        truth = conditions.truth(test, frame.here)
        if truth is False:
            return False
        nonlocal leaves
        if truth is None:
            out = frame.here.copy()
            out.guard(test.when_false)
            leaves = join(leaves, out)
        frame.here.guard(test.when_true)
        return True

    _loop(node.body, enter, frame, lambda: leaves, node.orelse)


def for_(node: ast.For | ast.AsyncFor, frame: Frame) -> None:
    """A loop over any element of what is iterated over."""
    iterable = evaluate(node.iter, frame)
    shape = frame.here.heap.get(iterable.ref) if iterable.ref else None
    certain = isinstance(shape, Items) and shape.rest is None and bool(shape.items)
    leaves: State | None = None if certain else frame.here.copy()

    def enter() -> bool:
        assign(node.target, element(iterable, frame), frame, node)
        return True

    def left() -> State | None:
        return join(leaves, frame.state)

    _loop(node.body, enter, frame, left, node.orelse)


def _loop(
    body: Sequence[ast.stmt],
    enter: Callable[[], bool],
    frame: Frame,
    left: Callable[[], State | None],
    otherwise: Sequence[ast.stmt],
) -> None:
    """Evaluate a body until its state no longer changes, or `_PASSES` times."""
    breaks: State | None = None
    for _ in range(_PASSES):
        if frame.state is None:
            break
        before = frame.here.copy()
        if not enter():
            break
        frame.loops.append(loop := Loop())
        frame.engine.execute(body, frame)
        frame.loops.pop()
        breaks = join(breaks, loop.breaks)
        after = join(frame.state, loop.continues)
        frame.state = join(before, after)
        if frame.state is None or frame.state == before:
            break
    frame.state = left()
    if otherwise and frame.state is not None:
        frame.engine.execute(otherwise, frame)
    frame.state = join(frame.state, breaks)


def break_(node: ast.Break, frame: Frame) -> None:
    """Leave the innermost loop."""
    if frame.loops:
        frame.loops[-1].breaks = join(frame.loops[-1].breaks, frame.state)
    frame.state = None


def continue_(node: ast.Continue, frame: Frame) -> None:
    """Go on with the next round of the innermost loop."""
    if frame.loops:
        frame.loops[-1].continues = join(frame.loops[-1].continues, frame.state)
    frame.state = None


def try_(node: ast.Try | ast.TryStar, frame: Frame) -> None:
    """The body, and each handler from any point of it."""
    before = frame.here.copy()
    frame.engine.execute(node.body, frame)
    if frame.state is not None:
        frame.engine.execute(node.orelse, frame)
    after = frame.state
    interrupted = join(before, after.copy() if after is not None else None)
    if interrupted is not None:
        interrupted.guards = dict(before.guards)
    for handler in node.handlers:
        frame.state = interrupted.copy() if interrupted is not None else State()
        if handler.name:
            frame.here.variables[handler.name] = _caught(handler, handler.name, frame)
        frame.engine.execute(handler.body, frame)
        after = join(after, frame.state)
    frame.state = after
    if node.finalbody:
        ended = frame.state is None
        if ended:
            frame.state = before
        frame.engine.execute(node.finalbody, frame)
        if ended:
            frame.state = None


def _caught(handler: ast.ExceptHandler, name: str, frame: Frame) -> Value:
    """An exception; what a class of the program says of itself was written for whoever reads it."""
    kind = evaluate(handler.type, frame) if handler.type is not None else ANY
    if isinstance(kind.callee, Class):
        return Value(path="exception")
    return source(_EXCEPTION, name, handler, frame)._replace(path="exception")


def with_(node: ast.With | ast.AsyncWith, frame: Frame) -> None:
    """The body, with what the managers give."""
    for each in node.items:
        manager = evaluate(each.context_expr, frame)
        if frame.state is None:
            return
        if each.optional_vars is not None:
            assign(each.optional_vars, calls.entered(manager, node, frame), frame, node)
    frame.engine.execute(node.body, frame)
