"""Roots: the functions that are evaluated by themselves, for whatever calls them from outside the program."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from grace.hunter.taint import statements
from grace.hunter.taint.engine import Engine
from grace.hunter.taint.frame import Frame
from grace.hunter.taint.handlers import arguments, handler_of
from grace.hunter.taint.interface import PACKAGES
from grace.hunter.taint.program import Class, Function, Module, near_modules
from grace.hunter.taint.relevance import Clues, Relevance, Surroundings, Words, between
from grace.hunter.taint.rulebook import rulebook
from grace.hunter.taint.state import State


@cache
def clues() -> Clues:
    """The words of the shipped rules."""
    return Clues(rulebook())


@dataclass(eq=False)
class Roots:
    """Chooses the functions that are worth evaluating by themselves."""

    engine: Engine
    relevance: Relevance = field(default_factory=lambda: Relevance(clues()))
    words: dict[str, Words] = field(default_factory=dict)
    around: dict[str, Surroundings] = field(default_factory=dict)

    def of(self, module: Module) -> Iterator[tuple[Function, bool]]:
        """The roots of a module; each with whether its parameters count as untrusted."""
        near = self.near(module)
        around = {path: self.surroundings(each) for path, each in near.items()}
        callable_ = [
            (function, self.relevance.of(function, self.words[path], around[path])[1])
            for path, each in near.items()
            for function in functions(each)
        ]
        used = self.engine.answers.used
        for function in functions(module):
            mine, purposes = self.relevance.of(function, self.words[module.path], around[module.path])
            leads, named = between(mine, ((f, held) for f, held in callable_ if f is not function))
            used.update((f.module.path, f.qualname) for f in named)
            if leads or purposes - {"sink"} or handler_of(function):
                yield function, "parameter" in purposes

    def near(self, module: Module) -> dict[str, Module]:
        """A module and those of the program that it imports from, by path."""
        found = {module.path: module}
        near = sorted(near_modules(module))
        found |= {path: each for path in near if (each := self.engine.module(path)) is not None}
        self.engine.answers.names.update((path, PACKAGES) for path in near)
        for path, each in found.items():
            self.words.setdefault(path, Words(each))
        return found

    def surroundings(self, module: Module) -> Surroundings:
        """What the functions of a module may use."""
        known = self.around.get(module.path)
        if known is None:
            words = frozenset[str]().union(*(self.words[path].all for path in self.near(module)))
            known = self.around[module.path] = Surroundings(words, self.engine.packages(module))
        return known


def functions(module: Module) -> Iterator[Function]:
    """The functions and methods of a module, those within functions apart."""
    variables = module.globals.variables if module.globals is not None else {}
    seen: set[int] = set()
    queue = [value.callee for value in variables.values()]
    while queue:
        each = queue.pop(0)
        if isinstance(each, Function) and each.module is module and id(each.node) not in seen:
            seen.add(id(each.node))
            yield each
        elif isinstance(each, Class) and each.module is module and id(each.node) not in seen:
            seen.add(id(each.node))
            queue.extend(value.callee for value in each.members.values())


def run_root(function: Function, engine: Engine, outer: Frame | None = None, *, untrusted: bool = False) -> None:
    """Evaluate a function for whatever calls it from outside the program."""
    engine.answers.used.add((function.module.path, function.qualname.split(".<", 1)[0]))
    handler = handler_of(function)
    state = State()
    if outer is not None and outer.state is not None:
        state.heap.update(outer.state.heap)
    frame = Frame(engine, function.module, state, function, outer, handler)
    frame.state = State(dict(arguments(function, handler, frame, untrusted=untrusted)), frame.here.heap)
    body = function.node.body
    if isinstance(body, list):
        statements.execute(body, frame)
    engine.report(frame)
    pending, engine.pending = engine.pending, []
    for inner, around in pending:
        run_root(inner, engine, around)
