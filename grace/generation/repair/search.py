"""The repair engine: rounds of search over a checkout, then the ranking of what passes every test."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path

from grace.contracts import (
    Alternative,
    Change,
    FileEdit,
    Provenance,
    RedTest,
    Repair,
    Reproduction,
    Request,
    Suspect,
)
from grace.generation.repair.candidates import Candidate
from grace.generation.repair.hunt import Found, Hunt
from grace.generation.repair.naturalness import Naturalness
from grace.generation.repair.ranking import Ranked, rank
from grace.generation.repair.session import Session, pytest_arguments, warm_session
from grace.generation.repair.source import Source, decode
from grace.generation.repair.spectra import Spectra, measure
from grace.ports import CommandRunner, VersionControl
from grace.progress import Progress, report
from grace.verification.protected_files import is_test_or_configuration

MOST_ROUNDS = 3
"""Edits in different functions are found one round each."""
SHARE_FOR_MEASURING = 0.15
SHARE_FOR_SINGLES = 0.75
COMPARED = 12
"""How many of the best plausible patches are run on generated inputs."""


@dataclass
class _Round:
    """The best of a round and what it was chosen from."""

    ranked: list[Ranked]
    found: Found
    sources: Mapping[str, Source]
    complete: bool


def repair(
    request: Request, reproduction: Reproduction, *, repository: VersionControl, runner: CommandRunner
) -> Repair:
    """Search for a change that turns the red tests green and breaks none.

    The budget's seconds bound the search; tests, conftest and configuration are never candidates.
    """
    started = time.monotonic()
    deadline = started + request.budget.seconds * 0.9
    arguments = pytest_arguments(request.options.test_command, request.options.tests)
    tried, suspects, last = 0, (), None
    with repository.checkout(request.base_revision) as root:
        for number in range(1, MOST_ROUNDS + 1):
            with warm_session(
                root, interpreter=reproduction.interpreter, runner=runner, arguments=arguments
            ) as session:
                last = _round(session, reproduction.red, deadline)
            tried += last.found.tried
            suspects = suspects or last.found.suspects
            if last.complete or not last.ranked or number == MOST_ROUNDS:
                break
            _write(root, last.ranked[0].candidate)
            report(Progress("search", "one edit found, others needed"))
        if last.ranked:
            _write(root, last.ranked[0].candidate)
        seconds = round(time.monotonic() - started, 3)
        if not last.ranked or not last.complete:
            return _nothing(last, tried, suspects, seconds, time.monotonic() > deadline)
        return _something(request, root, repository, last, number, tried, suspects, seconds)


def _round(session: Session, known: Sequence[RedTest], deadline: float) -> _Round:
    began = time.monotonic()
    spectra = measure(session, known, began + (deadline - began) * SHARE_FOR_MEASURING)
    sources = _sources(session.root, spectra)
    if not spectra.red or not sources:
        return _Round([], Found(), sources, complete=False)
    hunt = Hunt(session, spectra, sources)
    found = hunt.run(began + (deadline - began) * SHARE_FOR_SINGLES)
    if not found.plausible and not found.partial:
        hunt.run_pairs(deadline)
    naturalness = Naturalness(source.text for source in sources.values())
    complete = bool(found.plausible)
    candidates = found.plausible or _most_turned(found)
    ranked = rank(candidates, sources, naturalness, {})
    answers = _answers(session, spectra, [r.candidate for r in ranked[:COMPARED]])
    ranked = rank(candidates, sources, naturalness, answers)
    while complete and ranked and hunt.first_broken(ranked[0].candidate):
        ranked.pop(0)
    return _Round(ranked, found, sources, complete)


def _most_turned(found: Found) -> list[Candidate]:
    """Of the partial repairs, those that turn most red tests green."""
    most = max((turned for turned, _ in found.partial), default=0)
    return [candidate for turned, candidate in found.partial if turned == most]


def _sources(root: Path, spectra: Spectra) -> dict[str, Source]:
    """The project's own files that red tests execute, as far as they parse."""
    paths = {path for test in spectra.red for path in spectra.lines.get(test, {})}
    sources = {}
    for path in sorted(paths):
        place = root / path
        if is_test_or_configuration(path) or place.is_symlink() or not place.is_file():
            continue
        try:
            text, _ = decode(place.read_bytes())
            sources[path] = Source(path, text)
        except SyntaxError:
            continue  # newer grammar than ours: it ran, but cannot be edited here
    return sources


def _answers(session: Session, spectra: Spectra, candidates: Sequence[Candidate]) -> dict[int, Sequence[str]]:
    """What candidates of the most edited function answer to generated inputs."""
    functions = [c for c in candidates if c.unit.function is not None]
    if len(functions) < 2:
        return {}
    unit = functions[0].unit
    same = [c for c in functions if c.unit is unit]
    assert unit.function is not None
    span = range(unit.function.node.lineno, (unit.function.node.end_lineno or 0) + 1)
    tests = [*spectra.covering(unit.path, span)[:20], *list(spectra.red)[:10]]
    tests = [t for t in tests if spectra.red.get(t) is None or spectra.red[t].outcome != "hung"]
    answers = session.order(
        "compare",
        unit=unit.number,
        tests=tests,
        candidates=[[c.number, [c.edits()]] for c in same],
        seconds=2.0,
        call_seconds=0.05,
    )
    return {a["candidate"]: a["answers"] for a in answers if "candidate" in a}


def _write(root: Path, candidate: Candidate) -> None:
    place = root / candidate.path
    text, encoding = decode(place.read_bytes())
    place.write_bytes(candidate.applied(text).encode(encoding))


def _nothing(
    last: _Round, tried: int, suspects: tuple[Suspect, ...], seconds: float, late: bool
) -> Repair:
    if last.ranked:
        reason = "an edit turns some of the red tests green, but none was found for the others"
    elif not last.sources:
        reason = "the red tests execute no line of the project that may be edited"
    elif late or not last.found.exhausted:
        reason = "the time was used up before a candidate passed every test; --timeout gives more"
    else:
        reason = "no candidate of the whole search space passes every test"
    return Repair(reason=reason, candidates_tried=tried, suspects=suspects, seconds=seconds)


def _something(
    request: Request,
    root: Path,
    repository: VersionControl,
    last: _Round,
    edits_made: int,
    tried: int,
    suspects: tuple[Suspect, ...],
    seconds: float,
) -> Repair:
    best = last.ranked[0]
    edits = tuple(_edits(root, repository, request.base_revision))
    change = Change(
        base_revision=request.base_revision,
        edits=edits,
        patch=repository.patch(request.base_revision, edits),
        rationale=f"Fix {best.candidate.operator} in {_where(best.candidate)}",
        provenance=Provenance(strategy="search", attempt=edits_made, patterns=(best.candidate.operator,)),
    )
    others = last.ranked[1:]
    return Repair(
        change=change,
        reason=f"{best.candidate.operator} at {best.candidate.path}:{best.candidate.line} passes every test",
        confidence=_confidence(last.ranked),
        candidates_tried=tried,
        plausible=len(last.ranked),
        alternatives=tuple(
            Alternative(
                patch=_diff(last.sources[r.candidate.path], r.candidate),
                operator=r.candidate.operator,
                score=round(r.score, 3),
            )
            for r in others[:10]
        ),
        suspects=suspects,
        tests_weak=any(r.cluster < len(last.ranked) for r in last.ranked if r.cluster > 1) or len(others) > 5,
        seconds=seconds,
    )


def _where(candidate: Candidate) -> str:
    function = candidate.unit.function
    return function.qualified_name if function else candidate.path


def _edits(root: Path, repository: VersionControl, base: str) -> list[FileEdit]:
    edits = []
    for path in repository.files(base):
        place = root / path
        if path.endswith(".py") and place.is_file() and not place.is_symlink():
            after, before = place.read_bytes(), repository.read(base, path)
            if before is not None and after != before:
                edits.append(FileEdit(path=path, before_hash=sha256(before).hexdigest(), after=after))
    return edits


def _diff(source: Source, candidate: Candidate) -> str:
    before = source.text.splitlines(keepends=True)
    after = candidate.applied(source.text).splitlines(keepends=True)
    return "".join(unified_diff(before, after, f"a/{source.path}", f"b/{source.path}", n=1))


def _confidence(ranked: Sequence[Ranked]) -> float:
    """0..1: high when few patches pass, the best stands out, and it answers as most others do."""
    best = ranked[0]
    if len(ranked) == 1:
        return 0.9
    gap = ranked[1].score - best.score
    agreeing = best.cluster / min(len(ranked), COMPARED)
    return round(min(0.95, 0.35 + 0.3 * min(gap, 1.0) + 0.3 * agreeing), 2)
