"""Which of several patches that pass every test is most likely right."""

import ast
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grace.contracts import Location
from grace.generation.repair.candidates import Candidate
from grace.generation.repair.naturalness import Naturalness
from grace.generation.repair.source import Source

ELSEWHERE = 0.8
"""What it costs a patch to lie outside of the function that crashed."""
NEARLY = 0.6
"""Difference of scores that says nothing about which of two patches that behave alike was meant."""


@dataclass(frozen=True)
class Ranked:
    """A plausible candidate with what speaks for and against it; lower is better."""

    candidate: Candidate
    score: float
    cluster: int
    """How many plausible candidates answer generated inputs as this one does, itself included."""


def rank(
    plausible: Sequence[Candidate],
    sources: Mapping[str, Source],
    naturalness: Naturalness,
    answers: Mapping[int, Sequence[str]],
    crashed: Location | None = None,
) -> list[Ranked]:
    """Best first. `answers` gives, for some candidates and for -1 (the original), what they do on generated inputs.

    `crashed` is where the project raised what ended a red test: a patch elsewhere may only keep it from being reached.
    """
    groups = Counter(tuple(answers[c.number]) for c in plausible if c.number in answers)
    original = answers.get(-1, ())
    ranked = []
    for candidate in plausible:
        source = sources[candidate.path]
        score = candidate.cost + anti_patterns(source, candidate) + 0.5 * naturalness.surprise(source, candidate)
        score += ELSEWHERE * (crashed is not None and not _holds(candidate, crashed))
        cluster = 1
        if (given := answers.get(candidate.number)) is not None:
            cluster = groups[tuple(given)]
            score -= 0.35 * math.log2(cluster)
            score += 1.5 * _worse_share(given, original)
        ranked.append(Ranked(candidate, score, cluster))
    ranked.sort(key=lambda r: (r.score, r.candidate.number))
    return _plainest_first(ranked, answers)


def _plainest_first(ranked: list[Ranked], answers: Mapping[int, Sequence[str]]) -> list[Ranked]:
    """Of candidates that answer alike and score nearly so, the one that adds least takes the place of the best."""
    alike: dict[tuple[str, ...], list[Ranked]] = {}
    for one in ranked:
        if (given := answers.get(one.candidate.number)) is not None:
            alike.setdefault(tuple(given), []).append(one)
    for best, *others in alike.values():
        near = [one for one in others if one.score - best.score < NEARLY]
        plainest = min([best, *near], key=lambda one: _growth(one.candidate))
        if plainest is not best:
            ranked.remove(plainest)
            ranked.insert(ranked.index(best), replace(plainest, score=best.score))
    return ranked


def _growth(candidate: Candidate) -> int:
    return sum(len(splice.text) - (splice.end - splice.start) for splice in candidate.splices)


def _holds(candidate: Candidate, place: Location) -> bool:
    """Whether the place lies in the function that the candidate edits; at module level, in its file."""
    function = candidate.unit.function
    if candidate.path != place.path or function is None:
        return candidate.path == place.path
    return function.node.lineno <= place.line <= (function.node.end_lineno or 0)


def _worse_share(given: Sequence[str], original: Sequence[str]) -> float:
    pairs = list(zip(given, original, strict=False))
    return sum(_worse(new, old) for new, old in pairs) / len(pairs) if pairs else 0.0


def _worse(new: str, old: str) -> bool:
    """The candidate hangs or raises where the original answered."""
    return new[:1] in ("h", "x") and old[:1] == "r"


def anti_patterns(source: Source, candidate: Candidate) -> float:
    """Edits that pass weak tests by doing less (Tan et al., FSE 2016): calls, loops, variables or branches lost."""
    try:
        before = _shape(source, candidate, source.text)
        after = _shape(source, candidate, candidate.applied(source.text))
    except SyntaxError:
        return 1.0
    penalty = 0.0
    penalty += 0.9 * sum((before.calls - after.calls).values()) * (candidate.operator not in _EXCHANGING)
    penalty += 0.8 * max(0, before.loops - after.loops)
    penalty += 0.8 * max(0, before.exits - after.exits)
    penalty += 0.4 * len(before.names - after.names)
    penalty += 0.8 * len(after.unused - before.unused)
    penalty += 1.0 * (after.constant_tests - before.constant_tests)
    penalty += 1.2 * max(0, after.idle - before.idle)
    penalty += 0.03 * abs(after.nodes - before.nodes)
    return penalty


_EXCHANGING = frozenset(
    {
        "missing function left out",
        "method for function",
        "relative",
        "other function",
        "attribute",
        "nearest name",
        "nearest attribute",
        "expression replaced",
    }
)


@dataclass(frozen=True)
class _Shape:
    calls: Counter[str]
    loops: int
    exits: int
    names: frozenset[str]
    unused: frozenset[str]
    constant_tests: int
    idle: int
    """Operations of a value with itself, assignments to itself: nobody means them."""
    nodes: int


def _shape(source: Source, candidate: Candidate, text: str) -> _Shape:
    tree: ast.AST = ast.parse(text)
    function = candidate.unit.function
    if function is not None:
        tree = next(
            (
                n
                for n in ast.walk(tree)
                if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
                and n.name == function.node.name
                and n.lineno == function.node.lineno
            ),
            tree,
        )
    nodes = list(ast.walk(tree))
    loaded = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    arguments = {n.arg for n in nodes if isinstance(n, ast.arg)} - {"self", "cls"}
    return _Shape(
        calls=Counter(ast.unparse(n.func) for n in nodes if isinstance(n, ast.Call)),
        loops=sum(isinstance(n, ast.For | ast.While | ast.comprehension) for n in nodes),
        exits=sum(isinstance(n, ast.Return | ast.Raise | ast.Yield) for n in nodes),
        names=frozenset(loaded),
        unused=frozenset((stored | arguments) - loaded),
        constant_tests=sum(
            isinstance(n, ast.If | ast.While | ast.IfExp) and isinstance(n.test, ast.Constant) for n in nodes
        ),
        idle=sum(map(_is_idle, nodes)),
        nodes=len(nodes),
    )


def _is_idle(node: ast.AST) -> bool:
    match node:
        case ast.BoolOp(values=parts):
            pass
        case ast.Compare(left=left, comparators=others):
            parts = [left, *others]
        case ast.BinOp(left=left, op=ast.Sub() | ast.Div() | ast.FloorDiv() | ast.Mod(), right=right):
            parts = [left, right]
        case ast.IfExp(body=body, orelse=orelse):
            parts = [body, orelse]
        case ast.Assign(targets=[target], value=value):
            return ast.unparse(target) == ast.unparse(value)
        case _:
            return False
    return len({ast.dump(part) for part in parts}) < len(parts)
