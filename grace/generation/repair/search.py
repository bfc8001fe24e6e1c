"""The repair engine: rounds of search over a checkout, then the ranking of what passes every test."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from difflib import unified_diff
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from grace.contracts import (
    Alternative,
    Change,
    FileEdit,
    Location,
    Provenance,
    RedTest,
    Repair,
    Reproduction,
    ReproductionStatus,
    Request,
    Suspect,
)
from grace.errors import TransientError
from grace.generation.repair.candidates import Candidate
from grace.generation.repair.collection import mend_collection
from grace.generation.repair.hunt import Found, Hunt
from grace.generation.repair.naturalness import Naturalness
from grace.generation.repair.ranking import Ranked, rank
from grace.generation.repair.reproduce import collection_red, red_test, run_all
from grace.generation.repair.session import NotStarted, Session, pytest_arguments, warm_session
from grace.generation.repair.source import Source, decode, lines_of
from grace.generation.repair.spectra import Spectra, measure
from grace.ports import CommandRunner, VersionControl
from grace.progress import Progress, report
from grace.verification.protected_files import is_test_or_configuration

MOST_ROUNDS = 3
"""Edits in different functions are found one round each."""
SHARE_FOR_MEASURING = 0.15
SHARE_FOR_SINGLES = 0.75
OVERTIME = 30.0
"""Wall seconds after the deadline in which a round may come to its end by itself."""
COMPARED = 12
"""How many of the best plausible patches are run on generated inputs."""
_NO_NETWORK = re.compile(
    r"\[Errno 101\] Network is unreachable|\[Errno -[235]\] (Name or service not known|Temporary failure in name "
    r"resolution|No address associated with hostname)"
)
"""As the C library says it where there is only the loop-back interface."""
_NARROW = "name tests that do without by --tests"


@dataclass
class _Round:
    """The best of a round and what it was chosen from."""

    ranked: list[Ranked]
    found: Found
    sources: Mapping[str, Source]
    complete: bool


@dataclass
class _Trail:
    """What the search has come to so far."""

    places: list[tuple[str, str]] = field(default_factory=list)
    """(path, function or "") of each edit written into the checkout."""
    operators: list[str] = field(default_factory=list)
    written: dict[str, bytes] = field(default_factory=dict)
    """What our edits made of files."""
    tried: int = 0
    suspects: tuple[Suspect, ...] = ()
    last: _Round | None = None
    complete: bool = False


@dataclass(frozen=True)
class Base:
    """The base revision with our edits. What tests write to their checkout never gets into a change."""

    repository: VersionControl
    revision: str
    written: dict[str, bytes]

    @contextmanager
    def checkout(self) -> Iterator[Path]:
        """A new one, so that it holds what no test has touched."""
        with self.repository.checkout(self.revision) as root:
            for path, content in self.written.items():
                (root / path).write_bytes(content)
            yield root

    def read(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Contents of tracked files, of the others nothing."""
        there = self.repository.read_many(self.revision, paths)
        return {path: self.written.get(path, content) for path, content in there.items()}

    def edits(self) -> Iterator[FileEdit]:
        """What was written, where it changes anything."""
        for path, before in self.repository.read_many(self.revision, sorted(self.written)).items():
            after = self.written[path]
            if after != before:
                yield FileEdit(path=path, before_hash=sha256(before).hexdigest(), after=after)


class Warm(Protocol):
    """Starts a warm session over a checkout."""

    def __call__(self, root: Path, *, wall_seconds: float = ...) -> AbstractContextManager[Session]:
        """A session whose tests are collected anew; it ends by force when its time is used up."""
        ...


def repair(
    request: Request, reproduction: Reproduction, *, repository: VersionControl, runner: CommandRunner
) -> Repair:
    """Search for a change that turns the red tests green and breaks none.

    The budget's seconds bound the search; tests, conftest and configuration are never candidates.
    """
    if barred := [red.test_id for red in reproduction.red if needs_network(red)]:
        return Repair(reason=f"the sandbox denies the network, which is needed by {', '.join(barred[:5])}; {_NARROW}")
    started = time.monotonic()
    deadline = started + request.budget.seconds * 0.9
    warm = partial(
        warm_session,
        interpreter=reproduction.interpreter,
        runner=runner,
        arguments=pytest_arguments(request.options.test_command, request.options.tests),
    )
    trail = _Trail()
    base = Base(repository, request.base_revision, trail.written)
    known = reproduction.red
    if reproduction.status is ReproductionStatus.UNCOLLECTABLE:
        with base.checkout() as root:
            known = _made_collectable(root, known, warm, trail)
        if not trail.places:
            reason = f"{reproduction.reason}; no small change mends that"
            return Repair(reason=reason, candidates_tried=trail.tried, seconds=_since(started))
    if known:
        _search(base, known, warm, deadline, trail)
    if trail.complete and (edits := tuple(base.edits())):
        return _something(base, edits, trail, reproduction.red, _since(started))
    return _nothing(trail, _since(started), time.monotonic() > deadline)


def needs_network(red: RedTest) -> bool:
    """Whether a test fails for want of the network: no bug, whatever edit would turn it green."""
    return _NO_NETWORK.search(red.message) is not None


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _search(base: Base, known: Sequence[RedTest], warm: Warm, deadline: float, trail: _Trail) -> None:
    """Rounds until everything is green, each starting from a fresh checkout with the edits found before."""
    for _ in range(MOST_ROUNDS):
        wall_seconds = max(deadline - time.monotonic(), 0) + OVERTIME
        with base.checkout() as root, warm(root, wall_seconds=wall_seconds) as session:
            try:
                trail.last = last = _round(session, known, deadline, base)
            except TransientError:
                if session.out_of_time:
                    return
                raise
        trail.tried += last.found.tried
        trail.suspects = trail.suspects or last.found.suspects
        trail.complete = last.complete and bool(last.ranked)
        if last.ranked:
            best = last.ranked[0].candidate
            text, encoding = decode(base.read([best.path])[best.path])
            trail.written[best.path] = best.applied(text).encode(encoding)
            trail.places.append((best.path, best.unit.function.qualified_name if best.unit.function else ""))
            trail.operators.append(best.operator)
        if trail.complete or not last.ranked:
            return
        report(Progress("search", "one edit found, others needed"))


def _made_collectable(root: Path, red: Sequence[RedTest], warm: Warm, trail: _Trail) -> tuple[RedTest, ...]:
    """Mend what keeps tests from being collected; the tests that are red once they are."""

    def errors() -> list[RedTest]:
        trail.tried += 1
        try:
            with warm(root) as session:
                return [collection_red(failure) for failure in session.uncollected]
        except NotStarted as failure:
            return [red_test("collection", "error", ("NotStarted", str(failure), []))]

    answers = mend_collection(root, errors, red)
    if not answers:
        return ()
    trail.written.update({answer.path: (root / answer.path).read_bytes() for answer in answers})
    trail.places += [(answer.path, "") for answer in answers]
    trail.operators += [answer.operator for answer in answers]
    with warm(root) as session:
        tally = run_all(session, list(range(len(session.tests))))
    trail.complete = not tally.red
    return tuple(tally.red.values())


def _round(session: Session, known: Sequence[RedTest], deadline: float, base: Base) -> _Round:
    began = time.monotonic()
    spectra = measure(session, known, began + (deadline - began) * SHARE_FOR_MEASURING)
    sources = _sources(base, spectra)
    if not spectra.red or not sources:
        return _Round([], Found(), sources, complete=False)
    hunt = Hunt(session, spectra, sources)
    found = hunt.run(began + (deadline - began) * SHARE_FOR_SINGLES)
    if not found.plausible and not found.partial:
        hunt.run_pairs(deadline)
    naturalness = Naturalness(source.text for source in sources.values())
    complete = bool(found.plausible)
    candidates = found.plausible or _most_turned(found)
    crashed = _crash(hunt.red, sources)
    ranked = rank(candidates, sources, naturalness, {}, crashed)
    answers = _answers(session, spectra, [r.candidate for r in ranked[:COMPARED]])
    ranked = rank(candidates, sources, naturalness, answers, crashed)
    while complete and ranked and hunt.first_broken(ranked[0].candidate):
        ranked.pop(0)
    return _Round(ranked, found, sources, complete)


def _crash(red: RedTest, sources: Mapping[str, Source]) -> Location | None:
    """Where the project itself raised what ended the test; None for a test that found its answer wrong."""
    deepest = red.frames[-1:]
    return deepest[0] if deepest and deepest[0].path in sources else None


def _most_turned(found: Found) -> list[Candidate]:
    """Of the partial repairs, those that turn most red tests green."""
    most = max((turned for turned, _ in found.partial), default=0)
    return [candidate for turned, candidate in found.partial if turned == most]


def _sources(base: Base, spectra: Spectra) -> dict[str, Source]:
    """The project's own files that red tests execute, as far as they parse."""
    paths = {path for test in spectra.red for path in spectra.lines.get(test, {})}
    sources = {}
    for path, content in base.read(sorted(path for path in paths if not is_test_or_configuration(path))).items():
        try:
            sources[path] = Source(path, decode(content)[0])
        except SyntaxError:
            continue  # newer grammar than ours: it ran, but cannot be edited here
    return sources


def _answers(session: Session, spectra: Spectra, candidates: Sequence[Candidate]) -> dict[int, Sequence[str]]:
    """What candidates of the most edited function answer to generated inputs."""
    unit = next((c.unit for c in candidates if c.unit.function is not None), None)
    same = [c for c in candidates if c.unit is unit]
    if unit is None or unit.function is None or len(same) < 2:
        return {}
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


def _nothing(trail: _Trail, seconds: float, late: bool) -> Repair:
    last = trail.last
    if trail.places:
        reason = "an edit turns some of the red tests green, but none was found for the others"
    elif last and not last.sources:
        reason = "the red tests execute no line of the project that may be edited"
    elif last and last.found.plausible:
        reason = "what turns the red tests green breaks others that do not run the edited code by themselves"
    elif late or not last or not last.found.exhausted:
        reason = "the time was used up before a candidate passed every test; --timeout gives more"
    else:
        reason = "no candidate of the whole search space passes every test"
    return Repair(reason=reason, candidates_tried=trail.tried, suspects=trail.suspects, seconds=seconds)


def _something(
    base: Base, edits: tuple[FileEdit, ...], trail: _Trail, red: Sequence[RedTest], seconds: float
) -> Repair:
    operators = ", then ".join(dict.fromkeys(trail.operators))
    change = Change(
        base_revision=base.revision,
        edits=edits,
        patch=base.repository.patch(base.revision, edits),
        rationale=_rationale(trail, red, operators),
        provenance=Provenance(strategy="search", attempt=len(trail.places), patterns=tuple(trail.operators)),
    )
    ranked = trail.last.ranked if trail.last else []
    sources = trail.last.sources if trail.last else {}
    return Repair(
        change=change,
        reason=f"{operators}: every test passes",
        confidence=_confidence(ranked),
        candidates_tried=trail.tried,
        plausible=max(len(ranked), 1),
        alternatives=tuple(
            Alternative(
                patch=_diff(sources[r.candidate.path], r.candidate),
                operator=r.candidate.operator,
                score=round(r.score, 3),
            )
            for r in ranked[1:11]
        ),
        suspects=trail.suspects,
        tests_weak=any(1 < r.cluster < len(ranked) for r in ranked) or len(ranked) > 6,
        seconds=seconds,
    )


def _rationale(trail: _Trail, red: Sequence[RedTest], operators: str) -> str:
    """What was fixed, which tests said so, and by which operators of the search."""
    places = " and ".join(dict.fromkeys(function or path for path, function in trail.places))
    shown = ", ".join(test.test_id for test in red[:3])
    more = f" and {len(red) - 3} more" if len(red) > 3 else ""
    return f"Fix {places}. Failed before and pass now: {shown}{more}. Found by search: {operators}."


def _diff(source: Source, candidate: Candidate) -> str:
    before, after = lines_of(source.text), lines_of(candidate.applied(source.text))
    return "".join(unified_diff(before, after, f"a/{source.path}", f"b/{source.path}", n=1))


def _confidence(ranked: Sequence[Ranked]) -> float:
    """0..1: high when few patches pass, the best stands out, and it answers as most others do."""
    if len(ranked) <= 1:
        return 0.9
    best = ranked[0]
    gap = ranked[1].score - best.score
    agreeing = best.cluster / min(len(ranked), COMPARED)
    return round(min(0.95, 0.35 + 0.3 * min(gap, 1.0) + 0.3 * agreeing), 2)
