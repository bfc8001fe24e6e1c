"""Pages: values that a handler hands to a template, which prints some of them as they are."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from grace.hunter.taint.frame import Frame
from grace.hunter.taint.rulebook import Render
from grace.hunter.taint.state import Entries, Items
from grace.hunter.taint.summary import Reached, Site
from grace.hunter.taint.values import EVERYTHING, Source, Value

_RULE: Final = "cross-site-scripting"
_MOST_PAGES: Final = 20
"""Templates that one renders with it, by including and extending."""


def rendered(
    path: str, positional: Sequence[Value], keywords: Mapping[str, Value], node: ast.AST, frame: Frame
) -> None:
    """Judge what a call that renders a template gives to it."""
    for render in frame.engine.rules.renders.find(path):
        name = argument(render.template, positional, keywords)
        if name is None or not isinstance(name.const, str):
            continue
        for page in _with_parts(name.const, frame):
            for printed in frame.engine.pages.unsafe(page):
                value = _given(printed.name, render, positional, keywords, node, frame)
                if value is not None:
                    _judge(value, page, printed.line, node, frame)


def argument(names: Sequence[int | str], positional: Sequence[Value], keywords: Mapping[str, Value]) -> Value | None:
    """The first of some positions and names that is given."""
    for name in names:
        if isinstance(name, int):
            if -len(positional) <= name < len(positional):
                return positional[name]
        elif name in keywords:
            return keywords[name]
    return None


def _with_parts(name: str, frame: Frame) -> Iterator[str]:
    """The files of a template, and of those that it includes or extends."""
    seen: set[str] = set()
    queue = [name]
    while queue and len(seen) < _MOST_PAGES:
        for page in frame.engine.pages.named(queue.pop(0)):
            if page not in seen:
                seen.add(page)
                frame.engine.answers.used.add((page, ""))
                yield page
                queue.extend(frame.engine.pages.references(page))


def _given(
    name: str,
    render: Render,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    node: ast.AST,
    frame: Frame,
) -> Value | None:
    from grace.hunter.taint.access import attribute, element

    root, *rest = name.split(".")
    value = keywords.get(root) if not render.context else None
    if value is None and render.context:
        context = argument(render.context, positional, keywords)
        shape = frame.here.heap.get(context.ref) if context is not None else None
        if isinstance(shape, Entries):
            value = shape.entries.get(root, shape.rest)
    for part in rest:
        if value is not None and isinstance(frame.here.heap.get(value.ref), Items):
            value = element(value, frame)  # a loop over it, of which the template's name stays
        shape = frame.here.heap.get(value.ref) if value is not None and value.ref else None
        if value is None or shape is None:
            break
        value = shape.entries.get(part) if isinstance(shape, Entries) else attribute(value, part, node, frame)
    return frame.here.flat(value) if value is not None else None


def _judge(value: Value, page: str, line: int, node: ast.AST, frame: Frame) -> None:
    target = frame.engine.rules.printed
    if target is None:
        return
    site = Site(target, page, line, line, "")
    for label, kinds in frame.here.taints_of(value).items():
        if _RULE not in kinds and not kinds >= EVERYTHING:
            frame.reach(Reached(site, label, frame.step(node, value).trail))
            frame.engine.answers.judge(site, "untrusted" if isinstance(label, Source) else "unknown")
