"""One round of the search: candidates in the order of their cost, judged by the warm process."""

import itertools
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from grace.contracts import RedTest, Suspect
from grace.generation.repair.candidates import Candidate, CandidateSpace
from grace.generation.repair.localise import Spectrum, suspects, suspicion
from grace.generation.repair.pruning import WORTH_SECONDS, effective
from grace.generation.repair.session import Session
from grace.generation.repair.source import Source
from grace.generation.repair.spectra import Spectra
from grace.progress import Progress, report

ENOUGH_PLAUSIBLE = 30
COST_MARGIN = 1.8
"""How much dearer than the first plausible patch a candidate may be and still be looked at."""
LEAST_EXTRA_SECONDS = 1.5
PAIR_MEMBERS = 160
CHEAPEST_KEPT = 2000
MOST_EXTRA_SECONDS = 15.0
"""How long the search goes on after the first plausible patch."""
PAIR_NUMBERS = 10**9
"""Pairs are numbered from here, singles from 0."""
WHOLE_SUITE_SECONDS = 1.5
"""A suite quicker than this judges every survivor whole."""
ASKED_AGAIN = 3
"""How often a test that fails under a candidate is run again before the candidate is called broken."""
LEAST_LIMIT = 0.03
"""CPU seconds that the quickest test still gets."""
QUICK_LEAD = 0.2
"""A lead test quicker than this, in CPU seconds, is also watched for what candidates leave in their process."""
FEW = 6
"""So few candidates that shared a disturbed process are judged in a process each."""
MOST_SIFTING = 8
"""Green tests of a function that many survivors are asked at once."""
FEW_ALONE = 500
"""After more than this, and more than half of all, every candidate gets a process of its own at once."""
JOBS = 2


@dataclass
class Found:
    """What a round came to."""

    tried: int = 0
    plausible: list[Candidate] = field(default_factory=list)
    partial: list[tuple[int, Candidate]] = field(default_factory=list)
    """(how many red tests turn green, candidate): nothing broken, but not all repaired."""
    suspects: tuple[Suspect, ...] = ()
    exhausted: bool = False


class Hunt:
    """Searches for an edit that turns the red tests green and breaks none that was green."""

    def __init__(self, session: Session, spectra: Spectra, sources: Mapping[str, Source]) -> None:
        self.session = session
        self.spectra = spectra
        self.lead = self._lead(sources)
        self.red: RedTest = spectra.red[self.lead]
        spectrum = Spectrum(
            red=tuple(spectra.lines.get(t, {}) for t in spectra.red),
            green=tuple(spectra.lines.get(t, {}) for t in spectra.green),
            lead=spectra.lines.get(self.lead, {}),
        )
        test_source = self._test_source()
        scores = suspicion(spectrum, self.red, test_source, sources)
        self.space = CandidateSpace(sources, scores, self.red, test_source)
        self.found = Found(suspects=suspects(scores, sources))
        self._green_seconds = sum(spectra.seconds[t] for t in spectra.green)
        self._light = self._lead_fails_lightly()
        self._explained = self._stable_explanation()
        self._alone = 0
        self._letters: dict[int, str] = {}
        self._cheapest: list[Candidate] = []
        self._began = time.monotonic()

    def _lead(self, sources: Mapping[str, Source]) -> int:
        """The red test that says most in least time: few lines of the project, quick."""

        def effort(test: int) -> tuple[bool, int, float]:
            lines = self.spectra.lines.get(test, {})
            count = sum(len(list(numbers)) for path, numbers in lines.items() if path in sources)
            hung = self.spectra.red[test].outcome in ("hung", "crashed")
            return (hung or not count, count, self.spectra.seconds.get(test, 9.9))

        return min(self.spectra.red, key=effort)

    def _test_source(self) -> str:
        """The text of the lead test's function, "" where it cannot be found."""
        path, _, inner = self.red.test_id.partition("::")
        place = self.session.root / path
        if not place.is_file():
            return ""
        text = place.read_text(errors="replace")
        start = text.find(f"def {inner.rpartition('::')[2].partition('[')[0]}(")
        end = re.compile(r"^\s*(async )?def |^\S", re.MULTILINE).search(text, max(start, 0) + 5)
        return text[max(start, 0) : end.start() if end and start >= 0 else None]

    @property
    def limit(self) -> float:
        """CPU seconds a candidate gets for the lead test."""
        seconds = self.spectra.seconds
        if self.red.outcome == "hung":
            usual = sorted(seconds[t] for t in self.spectra.green) or [0.01]
            return max(LEAST_LIMIT, 5 * usual[len(usual) // 2])  # most candidates go on hanging: be short with them
        return max(LEAST_LIMIT, 5 * seconds[self.lead])

    def _lead_fails_lightly(self) -> bool:
        """Whether the lead also fails without pytest's per-test wrappers, which cost more than many a test."""
        self._light = True
        return self._plain_letter()[0] != "p"

    def run(self, deadline: float) -> Found:
        """Search until there are enough plausible patches, the space is exhausted or the deadline has passed."""
        stop_cost, stop_time = float("inf"), deadline
        waiting: list[Candidate] = []
        space = iter(self.space)
        size, exhausted = 64, False
        while not exhausted:
            waiting = list(itertools.islice(space, size))
            exhausted = len(waiting) < size
            kept = [c for c in waiting if c.cost <= stop_cost]
            began = time.monotonic()
            if self.spectra.seconds[self.lead] > WORTH_SECONDS and self.red.outcome != "hung":
                kept = effective(self.session, self.lead, self.limit * 3, kept)
            survivors = list(self._survivors(kept))
            spent = time.monotonic() - began
            for candidate in self._sifted(survivors):
                self._judge(candidate)
            size = max(8, min(1024, int(size * 0.4 / max(spent, 0.01))))
            if self.found.plausible and stop_cost == float("inf"):
                stop_cost = self.found.plausible[0].cost + COST_MARGIN
                since = time.monotonic() - self._began
                extra = min(max(LEAST_EXTRA_SECONDS, since), MOST_EXTRA_SECONDS)
                stop_time = min(deadline, time.monotonic() + extra)
            if (waiting and waiting[-1].cost > stop_cost) or len(self.found.plausible) >= ENOUGH_PLAUSIBLE:
                return self.found
            if time.monotonic() > stop_time:
                return self.found
        self.found.exhausted = True
        return self.found

    def _survivors(self, candidates: Sequence[Candidate]) -> Iterator[Candidate]:
        """Candidates under which the lead test passes."""
        by_number = {c.number: c for c in candidates}
        if len(self._cheapest) < CHEAPEST_KEPT:
            self._cheapest += candidates
        tried = self._tried([[c.number, [c.edits()]] for c in candidates])
        stiff = [self.space.as_module(by_number[number]) for number, letter in tried if letter == "n"]
        by_number.update({c.number: c for c in stiff})
        tried += self._tried([[c.number, [c.edits()]] for c in stiff])
        for number, letter in tried:
            self._letters[number] = letter
            if letter == "p":
                yield by_number[number]
        if candidates:
            took = time.monotonic() - self._began
            best = self.found.plausible[0] if self.found.plausible else candidates[-1]
            where = f"{best.path}:{best.line} {best.operator}"
            report(Progress("search", "judging candidates", self.found.tried, self.found.tried / took, where))

    def _tried(self, candidates: list[list[Any]]) -> list[tuple[int, str]]:
        """(number, letter) of each; what shared a process that was disturbed is judged again, in halves."""
        if not candidates:
            return []
        isolated = len(candidates) <= FEW or self._alone > max(FEW_ALONE, self.found.tried / 2)
        controls = [[-1 - job, []] for job in range(JOBS)]  # the last of each child
        order = {
            "test": self.lead, "seconds": self.limit, "direct": self._light, "light": self._light,
            "jobs": JOBS, "isolated": isolated, "explain": self._explained is not None,
        }  # fmt: skip
        answers = {
            answer["tried"][0]: answer
            for answer in self.session.order(
                "try", units=self.space.new_units(), candidates=[*candidates, *controls], **order
            )
        }
        letters: list[tuple[int, str]] = []
        for job in range(JOBS):
            shared = candidates[job::JOBS]
            control = answers[-1 - (job - len(candidates)) % JOBS]
            if not isolated and self._is_disturbed(control):
                letters += self._tried(shared)
            else:
                letters += [answers[number]["tried"] for number, _ in shared]
                self.found.tried += len(shared)
                self._alone += isolated * len(shared)
        return letters

    def _is_disturbed(self, control: dict[str, Any]) -> bool:
        """Whether the original no longer fails, or no longer as it did in a new process."""
        return bool(control["tried"][1][0] == "p" or control.get("explained", self._explained) != self._explained)

    def _sifted(self, survivors: Sequence[Candidate]) -> list[Candidate]:
        """Without those that break a green test, as far as many can be asked at once in a process that they share."""
        left = {candidate.number: candidate for candidate in survivors}
        for example in {candidate.unit.number: candidate for candidate in survivors}.values():
            for test in self._green_around(example)[:MOST_SIFTING]:
                asked = [[c.number, [c.edits()]] for c in left.values() if c.unit is example.unit]
                if len(asked) <= FEW:
                    break
                controls = [[-1 - job, []] for job in range(JOBS)]
                order = {"test": test, "seconds": self._patience([test]), "direct": True, "light": True}
                tried = self.session.order("try", candidates=[*asked, *controls], jobs=JOBS, isolated=False, **order)
                letters = dict(answer["tried"] for answer in tried)
                if all(letters.pop(number)[0] == "p" for number, _ in controls):
                    for number, letter in letters.items():
                        if letter[0] != "p":
                            del left[number]
        return list(left.values())

    def _green_around(self, candidate: Candidate) -> list[int]:
        """Green tests that run the edited function, quickest first."""
        function = candidate.unit.function
        first, last = (function.node.lineno, function.node.end_lineno or 0) if function else (1, 10**7)
        return self.spectra.covering(candidate.path, range(first, last + 1))

    def _judge(self, candidate: Candidate) -> None:
        """All red tests, then the green ones that run the edited place; note what it is worth."""
        turned, broken = self._outcome(candidate)
        if broken:
            return
        if turned == len(self.spectra.red):
            self.found.plausible.append(candidate)
        else:
            self.found.partial.append((turned, candidate))

    def _outcome(self, candidate: Candidate) -> tuple[int, bool]:
        """(red tests that pass, whether a green test fails) under a candidate."""
        reds = sorted(self.spectra.red, key=lambda t: self.spectra.seconds[t])
        seconds = self._patience(reds)
        answers = self.session.order("run", tests=reds, seconds=seconds, edits=[candidate.edits()])
        passed = sum(a["outcome"] == "passed" for a in answers)
        greens = self._green_around(candidate)
        if passed == len(reds) and self._green_seconds < WHOLE_SUITE_SECONDS:
            greens += sorted(self.spectra.green - set(greens))
        return passed, self._broken(greens, candidate, self._patience(greens)) is not None

    def _patience(self, tests: list[int]) -> float:
        return max(0.3, 5 * max(map(self._usual_seconds, tests), default=0.0))

    def _usual_seconds(self, test: int) -> float:
        """What a test takes when it does not hang."""
        red = self.spectra.red.get(test)
        return self.limit / 5 if red and red.outcome == "hung" else self.spectra.seconds.get(test, 0.1)

    def first_broken(self, candidate: Candidate) -> str | None:
        """The first test of the whole suite that fails under the candidate, None when none does."""
        everything = sorted({*self.spectra.green, *self.spectra.red, *self.spectra.unmeasured})
        failed = self._broken(everything, candidate)
        return None if failed is None else str(self.session.tests[failed])

    def _broken(self, tests: list[int], candidate: Candidate, seconds: float = 10.0) -> int | None:
        """The first of the tests that fails under the candidate, each time it is run again alone, too.

        Else a test that fails now and then, as those of timings do, would decide what is right.
        """
        left = tests
        while left:
            failed = self._first_failure(left, candidate, seconds)
            if failed is None:
                return None
            if all(self._first_failure([failed], candidate, seconds) is not None for _ in range(ASKED_AGAIN)):
                return failed
            left = left[left.index(failed) + 1 :]
        return None

    def _first_failure(self, tests: list[int], candidate: Candidate, seconds: float) -> int | None:
        edits = [candidate.edits()]
        answers = self.session.order("run", tests=tests, seconds=seconds, edits=edits, stop_at_failure=True)
        return next((a["test"] for a in answers if a["outcome"] not in ("passed", "skipped")), None)

    def run_pairs(self, deadline: float) -> None:
        """Two cheap edits of one function together, at least one of which changed how the lead test fails."""
        waiting = self._pairs()
        while time.monotonic() < deadline and len(self.found.plausible) < ENOUGH_PLAUSIBLE:
            batch = list(itertools.islice(waiting, 512))
            for candidate in self._sifted(list(self._survivors(batch))):
                self._judge(candidate)
            if self.found.plausible or not batch:
                return

    def _pairs(self) -> Iterator[Candidate]:
        plain = self._plain_letter()
        members = [c for c in self._cheapest if self._letters.get(c.number, "s")[0] in "fhc"][:PAIR_MEMBERS]
        changed = {c.number for c in members if self._letters[c.number] != plain}
        pairs = [
            (one.cost + other.cost, one, other)
            for one, other in itertools.combinations(members, 2)
            if one.unit is other.unit
            and (one.number in changed or other.number in changed)
            and not _overlap(one, other)
        ]
        pairs.sort(key=lambda pair: pair[0])
        for number, (cost, one, other) in enumerate(pairs, start=PAIR_NUMBERS):
            operator = f"{one.operator} and {other.operator}"
            splices = (*one.splices, *other.splices)
            yield Candidate(number, cost, operator, one.path, one.unit, splices, min(one.line, other.line))

    def _plain_letter(self) -> str:
        """How the lead test fails without any edit."""
        return str(self._plain([-1])[0]["tried"][1])

    def _plain(self, numbers: Sequence[int], *, explain: bool = False) -> list[dict[str, Any]]:
        """The lead test without any edit, each time in a new process."""
        order = {"test": self.lead, "seconds": self.limit, "direct": self._light, "light": self._light}
        candidates = [[number, []] for number in numbers]
        return list(self.session.order("try", candidates=candidates, jobs=1, isolated=True, explain=explain, **order))

    def _stable_explanation(self) -> str | None:
        """Why the lead test fails, None where that takes long to ask or is another text each time."""
        if self.spectra.seconds[self.lead] > QUICK_LEAD:
            return None
        one, other = (answer.get("explained") for answer in self._plain([-1, -2], explain=True))
        return one if one == other else None


def _overlap(one: Candidate, other: Candidate) -> bool:
    return any((a.start < b.end and b.start < a.end) or a.start == b.start for a in one.splices for b in other.splices)
