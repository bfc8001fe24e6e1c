"""The analysis: modules run once, functions are summarised for each look of their arguments, hits are collected."""

import ast
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from grace.hunter.taint.frame import Answers, Frame, Pages
from grace.hunter.taint.interface import PACKAGES, Interface, interface_of
from grace.hunter.taint.program import IMPORTED, Function, Module, find_module, near_modules
from grace.hunter.taint.rulebook import Rulebook
from grace.hunter.taint.state import Entries, Items, Shape, State, join, together
from grace.hunter.taint.summary import (
    Canonical,
    Instantiation,
    Reached,
    Summary,
    canonical,
    joined_trails,
    reachable,
)
from grace.hunter.taint.values import (
    ANY,
    EVERYTHING,
    NONE,
    Label,
    Source,
    Token,
    Trail,
    Value,
    derived,
    join_values,
)

_MOST_FORMS = 8
"""Looks of arguments that one function is summarised for; further ones lose their constants."""
_DEEPEST = 24
"""Calls within calls that are followed."""
STEPS = 150_000
"""Expressions that may be evaluated for one request handler."""
FEWER_STEPS = 20_000
"""For any other root, and for the top level of a module."""


class OutOfSteps(Exception):
    """A function has more ways through it than the budget allows."""


@dataclass(eq=False)
class Engine:
    """Everything known of one program. `load` reads a module by path, or says None."""

    rules: Rulebook
    load: Callable[[str], Module | None]
    exists: Callable[[str], bool]
    execute: Callable[[Sequence[ast.stmt], Frame], None]
    evaluate: Callable[[ast.expr, Frame], Value]
    pages: Pages
    answers: Answers = field(default_factory=Answers)
    """Where what the present roots show is put."""
    heap: dict[int, Shape] = field(default_factory=dict)
    """Shapes that the globals of modules lead to."""
    pending: list[tuple[Function, Frame]] = field(default_factory=list)
    """Request handlers that were defined within functions, still to be run as roots."""
    _top_levels: dict[str, Answers] = field(default_factory=dict)
    _modules: dict[str, Module | None] = field(default_factory=dict)
    _packages: dict[str, frozenset[str]] = field(default_factory=dict)
    _imported: dict[str, Value] = field(default_factory=dict)
    _summaries: dict[int, dict[Hashable, tuple[Canonical, Summary, Answers]]] = field(default_factory=dict)
    _active: list[int] = field(default_factory=list)
    _steps: int = FEWER_STEPS

    # ── modules ──────────────────────────────────────────────────────────────────────────────────────

    def module(self, path: str) -> Module | None:
        """A module of the program, its top level run."""
        if path not in self._modules:
            self._modules[path] = self.load(path)
        module = self._modules[path]
        if module is not None and module.globals is None and not module.running:
            self._run(module)
        return module

    def packages(self, module: Module) -> frozenset[str]:
        """The packages that a module imports, itself or through modules of the program."""
        known = self._packages.get(module.path)
        if known is None:
            known = module.imports
            if module.globals is not None and not module.running:
                for path in near_modules(module):
                    if (near := self.module(path)) is not None:
                        known |= near.imports
                self._packages[module.path] = known
        self.answers.names.update((path, PACKAGES) for path in near_modules(module))
        return known

    def _run(self, module: Module) -> None:
        module.running = True
        frame = Frame(self, module, State({"__name__": Value(literal=True)}))
        module.globals = frame.here
        around, self.answers = self.answers, Answers(used={(module.path, "")})
        self._top_levels[module.path] = self.answers
        before, self._active, self._steps = (self._active, self._steps), [], STEPS
        try:
            self.execute(module.tree.body, frame)
            self.report(frame)
        finally:
            (self._active, self._steps), self.answers = before, around
            module.running = False
            module.globals = frame.here
            self.heap.update(frame.here.heap)

    @property
    def ran(self) -> dict[str, tuple[Module, Answers]]:
        """The modules whose top level ran, with what that follows from."""
        modules = ((path, self._modules.get(path), answers) for path, answers in self._top_levels.items())
        return {path: (module, answers.whole()) for path, module, answers in modules if module is not None}

    def interface(self, path: str) -> Interface:
        """What a module shows to others; nothing where it cannot be read."""
        self.renew_budget(STEPS)
        module = self.module(path)
        return interface_of(module, self.heap) if module is not None else {}

    def top_level(self, path: str) -> Answers:
        """What the top level of a module has shown when it ran."""
        return self._top_levels.get(path) or Answers()

    def find(self, name: str, importer: str, level: int) -> str | None:
        """The file of the program that an import means; where it was looked for in vain is remembered."""

        def exists(path: str) -> bool:
            if self.exists(path):
                return True
            self.answers.asked.add(path)
            return False

        return find_module(name, importer, level, exists)

    def imported(self, name: str, importer: Module, level: int = 0) -> Value:
        """What an `import` binds: a module of the program, or the symbolic path of one from outside."""
        path = self.find(name, importer.path, level)
        if path is None:
            return Value(path=name or "?")
        return Value(path=f"module:{path}")

    def member(self, module_path: str, name: str) -> Value:
        """A global of a module of the program."""
        self.answers.names.add((module_path, name))
        module = self.module(module_path)
        if module is None or module.globals is None:
            return Value(path=f"?{name}")
        found = module.globals.variables.get(name)
        if found is not None:
            return self.resolved(found, module.globals)
        if module_path.endswith("__init__.py"):
            inner = self.find(name, module_path, 1)
            if inner is not None:
                return Value(path=f"module:{inner}")
        return Value(path=f"?{name}")

    def resolved(self, value: Value, state: State) -> Value:
        """A variable's value; of a name that was imported, what it stands for, looked at only now."""
        origin = value.path
        if not origin.startswith(IMPORTED):
            return value
        path, name = origin.removeprefix(IMPORTED).rsplit(":", 1)
        self.answers.names.add((path, name))
        known = self._imported.get(origin)
        if known is None:
            self._imported[origin] = Value(path=f"?{name}")  # while names stand for each other in a circle
            known = self.member(path, name)
            del self._imported[origin]
            module = self._modules.get(path)
            if module is None or not module.running:
                self._imported[origin] = known
        return self.adopt(known, state)

    def adopt(self, value: Value, state: State) -> Value:
        """A global's value, with its shapes on the heap of a function."""
        if value.ref and value.ref not in state.heap:
            for ref, shape in reachable([value], [], self.heap).items():
                state.heap.setdefault(ref, shape)
        return value

    # ── functions ────────────────────────────────────────────────────────────────────────────────────

    def tick(self) -> None:
        """Count a step; raises OutOfSteps when the root has had its share."""
        self._steps -= 1
        if self._steps < 0:
            raise OutOfSteps

    def renew_budget(self, steps: int) -> None:
        """A fresh share of steps, for the next root."""
        self._steps, self._active, self.pending = steps, [], []

    def call(
        self,
        function: Function,
        positional: Sequence[Value],
        keywords: Mapping[str, Value],
        node: ast.AST,
        frame: Frame,
    ) -> Value:
        """The result of calling a function of the program, with its effects on the caller's state."""
        state = frame.here
        arguments = bind(function, positional, keywords, state, self)
        carried = derived(value for _, value in arguments)
        passed = [label for label in carried.taints if isinstance(label, Source) and label.kind == "parameter"]
        if passed:
            arguments = [(name, _without(value, passed)) for name, value in arguments]
        if len(self._active) >= _DEEPEST or self._active.count(id(function.node)) > 1:
            return carried._replace(literal=False, const=ANY.const)
        forms = self._summaries.setdefault(id(function.node), {})
        form = canonical(arguments, state, coarse=len(forms) >= _MOST_FORMS)
        key = tuple(form.key)
        known = forms.get(key) if function.closure is None else None
        if known is None:
            around, self.answers = self.answers, Answers()
            summary = self.summarise(function, form, frame)
            shown, self.answers = self.answers, around
            known = (form, summary, shown)
            if function.closure is None:
                forms[key] = known
        first, summary, shown = known
        self.answers.taken.add(shown)
        refs = dict(zip(first.refs, form.origins, strict=True))
        instance = Instantiation(dict(zip(first.tokens, form.carried, strict=True)), refs, state, first.heap)
        result = instance.apply(summary)
        self._pass_on(summary.reached, instance, frame, node)
        if summary.returned is None:
            frame.state = None
        if passed and not result.literal:
            # What a parameter of a root may carry is followed within the root only: it makes notes, not more.
            result = derived((result, *(value for value in (*positional, *keywords.values()))), path=result.path)
        return frame.step(node, result)

    def summarise(self, function: Function, form: Canonical, caller: Frame | None, handler: str = "") -> Summary:
        """Evaluate a function for arguments of one look."""
        self.answers.used.add((function.module.path, function.qualname.split(".<", 1)[0]))
        node = function.node
        state = State(dict(zip(form.names, form.values, strict=True)), dict(form.heap))
        outer = caller if function.closure is not None else None
        if outer is not None and caller is not None and caller.state is not None:
            state.heap = {**caller.state.heap, **state.heap}
            state.guards = dict(caller.state.guards)
        frame = Frame(self, function.module, state, function, outer, handler)
        self._active.append(id(node))
        try:
            if isinstance(node, ast.Lambda):
                frame.returned = self.evaluate(node.body, frame)
                frame.exits = frame.state
            else:
                self.execute(node.body, frame)
                if frame.state is not None:
                    frame.returned = join_values(frame.returned, NONE) if frame.returned is not None else NONE
                    frame.exits = join(frame.exits, frame.state)
        finally:
            self._active.pop()
        exits = frame.exits
        if exits is None:
            return Summary(reached=tuple(frame.reached.values()))
        returned = frame.returned or NONE
        if frame.yielded:
            returned = exits.allocate(Items((), together(frame.yielded)))
        returned = returned._replace(taints=exits.taints_of(returned))
        heap = reachable([returned], form.refs, exits.heap)
        return Summary(returned, heap, tuple(exits.guards.items()), tuple(frame.reached.values()))

    def _pass_on(self, reached: Sequence[Reached], instance: Instantiation, frame: Frame, node: ast.AST) -> None:
        for each in reached:
            rule = each.site.target.rule.id
            carried = instance.carried.get(each.label) if isinstance(each.label, Token) else None
            if carried is None:
                frame.reach(each)
                continue
            before = carried.trail
            if before is None or (before.path, before.line) != (frame.module.path, getattr(node, "lineno", 0)):
                before = Trail(frame.module.path, getattr(node, "lineno", 0), before)
            for label, kinds in carried.taints.items():
                if rule not in kinds and not kinds >= EVERYTHING:
                    frame.reach(Reached(each.site, label, joined_trails(before, each.trail)))

    def report(self, frame: Frame) -> None:
        """Keep what reaches sinks in a root as hits."""
        for each in frame.reached.values():
            if not isinstance(each.label, Token):
                self.answers.hit(each)


def _without(value: Value, labels: Sequence[Label]) -> Value:
    if value.taints.keys().isdisjoint(labels):
        return value
    return value._replace(taints={label: kinds for label, kinds in value.taints.items() if label not in labels})


def bind(
    function: Function,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    state: State,
    engine: Engine,
) -> list[tuple[str, Value]]:
    """Arguments by parameter name; `*args` and `**kwargs` as shapes."""
    spec = function.node.args
    names = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    given = dict(zip(names, positional, strict=False))
    surplus = positional[len(names) :]
    extra = {}
    known = {a.arg for a in function.parameters}
    for name, value in keywords.items():
        if name in known:
            given[name] = value
        else:
            extra[name] = value
    for parameter in function.parameters:
        if parameter.arg not in given:
            given[parameter.arg] = engine.adopt(function.defaults.get(parameter.arg, ANY), state)
    if spec.vararg is not None:
        given[spec.vararg.arg] = state.allocate(Items(tuple(surplus), None, "tuple"))
    if spec.kwarg is not None:
        rest = extra.pop("**", None)
        given[spec.kwarg.arg] = state.allocate(Entries(dict(extra), rest))
    return list(given.items())
