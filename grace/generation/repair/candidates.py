"""All candidate edits of the suspicious code, cheapest first, made only when their turn comes."""

import ast
import heapq
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from grace.contracts import RedTest
from grace.generation.repair.operators import crashes
from grace.generation.repair.operators.calls import CALLS
from grace.generation.repair.operators.conditional import branch_decided, set_where_missing
from grace.generation.repair.operators.conditions import CONDITIONS_FAR, CONDITIONS_NEAR
from grace.generation.repair.operators.constants import constant
from grace.generation.repair.operators.elements import ELEMENTS
from grace.generation.repair.operators.everywhere import everywhere
from grace.generation.repair.operators.exchanges import EXCHANGES
from grace.generation.repair.operators.handlers import caught, tried
from grace.generation.repair.operators.insertions import guarded, inserted
from grace.generation.repair.operators.site import Edit, Exchange, Site, expressions_of, header_lines
from grace.generation.repair.operators.statements import REWRITES, Place, places_in
from grace.generation.repair.operators.templates import TEMPLATES_FAR, TEMPLATES_NEAR
from grace.generation.repair.operators.wrappings import WRAPPINGS
from grace.generation.repair.project import known_of
from grace.generation.repair.scope import Scope
from grace.generation.repair.source import Function, Source, Splice, apply_splices, trimmed

NEAR = (*EXCHANGES, constant, *TEMPLATES_NEAR, *CALLS, *ELEMENTS, *CONDITIONS_NEAR)
"""Operators on expressions whose results are few."""
FAR = (*TEMPLATES_FAR, *WRAPPINGS, *CONDITIONS_FAR)
"""Operators on expressions whose results are many."""
PLACE_WEIGHT = 3.2
"""How much cost the least suspicious line adds."""
MODULE_LEVEL_COST = 1.8
"""Added for code that runs at import: no spectrum speaks for it."""

TAIL_BEGINS, TAIL_COST = 4, 0.12
"""From this many edits of one operator at one place on, what each doubling of their number costs."""

MOST_PER_OPERATOR = 40_000
"""Edits that one operator offers in one function."""


@dataclass(frozen=True)
class Unit:
    """What the warm process compiles as one piece; see `zygote/swapping.py`."""

    number: int
    path: str
    function: Function | None
    start: int
    source: str

    def described(self) -> dict[str, Any]:
        """As the zygote reads it."""
        if self.function is None:
            return {"kind": "module", "path": self.path, "source": self.source}
        return {
            "kind": "function",
            "path": self.path,
            "source": self.source,
            "name": self.function.node.name,
            "classes": list(self.function.classes),
            "line": self.function.node.lineno,
            "first_line": self.function.first_line,
        }


@dataclass(frozen=True)
class Candidate:
    """One edit of one file."""

    number: int
    cost: float
    operator: str
    path: str
    unit: Unit
    splices: tuple[Splice, ...]
    """Offsets in the file."""
    line: int
    exchange: Exchange | None = None

    def edits(self) -> list[Any]:
        """As the zygote reads them: offsets within the unit."""
        base = self.unit.start
        return [self.unit.number, [[s.start - base, s.end - base, s.text] for s in self.splices]]

    def applied(self, text: str) -> str:
        """The file's text with this edit."""
        return apply_splices(text, self.splices)


class CandidateSpace:
    """Candidates of all sources in the order of cost = operator's prior + how little the place is suspected."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        scores: Mapping[tuple[str, int], float],
        red: RedTest,
        test_source: str = "",
    ) -> None:
        """`test_source` is the text of the failing test's function."""
        self.sources = sources
        self.scores = scores
        self.red = red
        self.expected_errors = crashes.expected_errors(test_source)
        self.units: list[Unit] = []
        self.announced = 0
        self._numbers = itertools.count()
        self._seen: set[tuple[int, tuple[Splice, ...]]] = set()
        self._heap: list[tuple[float, int, Candidate | Callable[[], Iterator[Candidate]]]] = []
        self._ties = itertools.count()
        self._project = known_of(sources.values(), test_source)
        for path, source in sources.items():
            self._offer(path, source)

    def __iter__(self) -> Iterator[Candidate]:
        """Cheapest first; the heap also holds makers whose cheapest candidate is not made yet."""
        while self._heap:
            _, _, top = heapq.heappop(self._heap)
            if isinstance(top, Candidate):
                edit = (top.unit.number, top.splices)
                if edit not in self._seen:  # asked here, so that of equal edits the cheapest stays
                    self._seen.add(edit)
                    yield top
            else:
                for candidate in top():
                    heapq.heappush(self._heap, (candidate.cost, next(self._ties), candidate))

    def as_module(self, candidate: Candidate) -> Candidate:
        """The same edit made by running its whole module again, for what cannot be exchanged in place."""
        unit = next(u for u in self.units if u.function is None and u.path == candidate.path)
        return replace(candidate, unit=unit)

    def new_units(self) -> list[list[Any]]:
        """Units made since the last call, as the zygote reads them."""
        fresh = [[unit.number, unit.described()] for unit in self.units[self.announced :]]
        self.announced = len(self.units)
        return fresh

    def _offer(self, path: str, source: Source) -> None:
        module: Unit | None = None
        used: set[str] = set()
        best_here = 0.0
        for function in source.functions:
            scored = [
                self.scores.get((path, n), 0.0)
                for n in range(function.node.lineno, (function.node.end_lineno or 0) + 1)
            ]
            best = max(scored, default=0.0)
            if not best:
                continue
            best_here = max(best_here, best)
            used |= {n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)}
            unit = self._unit(path, function, function.start, source.text[function.start : function.end])
            penalty = PLACE_WEIGHT * (1 - best)
            scope = Scope(source, function, self._project)
            for maker, least in (
                (self._crashes, 0.5),
                (self._near, 1.0),
                (self._far, 2.8),
                (self._guards, 3.8),
            ):
                self._later(least + penalty, lambda m=maker, u=unit, s=scope: m(source, s, u))  # type: ignore[misc]  # defaults bind the loop's values
        if best_here:
            module = self._unit(path, None, 0, source.text)
            penalty = PLACE_WEIGHT * (1 - best_here) + MODULE_LEVEL_COST
            self._later(1.0 + penalty, lambda: self._module_level(source, module, used, penalty))
            self._later(0.5, lambda: self._imports(source, module))

    def _unit(self, path: str, function: Function | None, start: int, text: str) -> Unit:
        unit = Unit(len(self.units), path, function, start, text)
        self.units.append(unit)
        return unit

    def _later(self, least_cost: float, maker: Callable[[], Iterator[Candidate]]) -> None:
        heapq.heappush(self._heap, (least_cost, next(self._ties), maker))

    def _penalty(self, path: str, statement: ast.stmt) -> float | None:
        """None for a statement that the lead does not reach."""
        best = max((self.scores.get((path, n), 0.0) for n in header_lines(statement)), default=0.0)
        return PLACE_WEIGHT * (1 - best) if best else None

    def _places(self, source: Source, scope: Scope) -> Iterator[tuple[Place, float]]:
        for place in places_in(source, scope):
            penalty = self._penalty(source.path, place.statement)
            if penalty is not None:
                yield place, penalty

    def _sites(self, source: Source, scope: Scope) -> Iterator[tuple[Site, float]]:
        for place, penalty in self._places(source, scope):
            for node in expressions_of(place.statement):
                yield Site(source, scope, node, place.statement), penalty

    def _near(self, source: Source, scope: Scope, unit: Unit) -> Iterator[Candidate]:
        for site, penalty in self._sites(source, scope):
            for operator in NEAR:
                edits = _cheapest(MOST_PER_OPERATOR, operator(site))
                yield from self._made(edits, penalty, unit, site.statement.lineno)
        for place, penalty in self._places(source, scope):
            for rewrite in (*REWRITES, branch_decided):
                yield from self._made(rewrite(place), penalty, unit, place.statement.lineno)
            yield from self._made(caught(place, self.red.exception), penalty, unit, place.statement.lineno)

        lines = {n for path, n in self.scores if path == source.path}
        first = scope.function.node.lineno if scope.function else 1
        yield from self._made(everywhere(scope, lines), self._function_penalty(source, scope), unit, first)

    def _function_penalty(self, source: Source, scope: Scope) -> float:
        return min((penalty for _, penalty in self._places(source, scope)), default=PLACE_WEIGHT)

    def _far(self, source: Source, scope: Scope, unit: Unit) -> Iterator[Candidate]:
        sites, places = list(self._sites(source, scope)), list(self._places(source, scope))
        each = _share(len(sites))
        for site, penalty in sites:
            for operator in FAR:
                edits = _cheapest(each, operator(site))
                yield from self._made(edits, penalty, unit, site.statement.lineno)
        for place, penalty in places:
            for offered in (inserted(place), set_where_missing(place)):
                edits = _cheapest(_share(len(places)), offered)
                yield from self._made(edits, penalty, unit, place.statement.lineno)

    def _guards(self, source: Source, scope: Scope, unit: Unit) -> Iterator[Candidate]:
        places = list(self._places(source, scope))
        for place, penalty in places:
            edits = _cheapest(2 * _share(len(places)), guarded(place))
            yield from self._made(edits, penalty, unit, place.statement.lineno)

    def _crashes(self, source: Source, scope: Scope, unit: Unit) -> Iterator[Candidate]:
        frames = {frame.line for frame in self.red.frames if frame.path == source.path}
        for site, penalty in self._sites(source, scope):
            if frames & set(header_lines(site.statement)):
                yield from self._made(crashes.at_expression(site, self.red), penalty, unit, site.statement.lineno)
        for place, penalty in self._places(source, scope):
            raising = crashes.raising(place, self.expected_errors)
            yield from self._made(raising, penalty, unit, place.statement.lineno)
            if frames & set(header_lines(place.statement)):
                for offered in (crashes.at_statement(place, self.red), tried(place, self.red.exception)):
                    yield from self._made(offered, penalty, unit, place.statement.lineno)

    def _imports(self, source: Source, unit: Unit) -> Iterator[Candidate]:
        yield from self._made(crashes.imports(source, self.red), 0.0, unit, 1)

    def _module_level(self, source: Source, unit: Unit, used: set[str], penalty: float) -> Iterator[Candidate]:
        """Constants that the suspected functions use, class attributes, and default arguments."""
        scope = Scope(source, None, self._project)
        for statement in _import_time(source.tree.body):
            names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            nodes = list(expressions_of(statement))
            spread = 0.4 * math.log2(max(1.0, len(nodes) / 8))  # a table of constants is no likelier than one
            extra = spread + (0.0 if names & used else 0.8)
            for node in nodes:
                site = Site(source, scope, node, statement)
                for operator in NEAR:
                    yield from self._made(operator(site), penalty + extra, unit, statement.lineno)
        for function in source.functions:
            if any(
                (source.path, n) in self.scores
                for n in range(function.node.lineno, (function.node.end_lineno or 0) + 1)
            ):
                for default in [*function.node.args.defaults, *filter(None, function.node.args.kw_defaults)]:
                    site = Site(source, scope, default, function.node)
                    for operator in NEAR:
                        yield from self._made(operator(site), penalty, unit, function.node.lineno)

    def _made(self, edits: Iterator[Edit], penalty: float, unit: Unit, line: int) -> Iterator[Candidate]:
        for cost, operator, splices, exchange in edits:
            if any(s.start < unit.start or s.end > unit.start + len(unit.source) for s in splices):
                continue  # an exchange with a neighbour outside of the function
            source = self.sources[unit.path]
            narrowed = (trimmed(source.text, s) for s in source.in_its_quotes(splices))
            splices = tuple(s for s in narrowed if s.start < s.end or s.text)
            if splices:
                number = next(self._numbers)
                yield Candidate(number, cost + penalty, operator, unit.path, unit, splices, line, exchange)


def _share(places: int) -> int:
    """How many edits of one operator a place may offer, so that a long function does not drown in its own size."""
    return max(MOST_PER_OPERATOR // max(places, 1), 12)


def _cheapest(count: int, edits: Iterator[Edit]) -> Iterator[Edit]:
    """The likeliest of one operator at one place; each costs more the more there were before it.

    An operator that offers a thousand edits here is no likelier to be right than one that offers ten.
    """
    for k, edit in enumerate(heapq.nsmallest(count, edits, key=lambda edit: edit.cost)):
        yield edit._replace(cost=edit.cost + TAIL_COST * math.log2(1 + k / TAIL_BEGINS))


def _import_time(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Assignments that run at import: module level and class bodies."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield from _import_time(statement.body)
        elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            yield statement
