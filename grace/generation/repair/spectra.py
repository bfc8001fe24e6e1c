"""Run the tests once under a line recorder: who executes what, who fails, how long each takes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from grace.contracts import RedTest
from grace.generation.repair.localise import Lines
from grace.generation.repair.reproduce import red_test
from grace.generation.repair.session import Session

HUNG_LIMIT = 0.3
"""CPU seconds that a test known to hang gets: its loop shows at once."""
HUNG_SILENCE = 5.0
"""Wall seconds that it gets: it may wait instead of computing."""
MEASURED_SILENCE = 30.0
"""Wall seconds of any other test."""
MEASURED_LIMIT = 10.0
"""CPU seconds of any other test under the line recorder, which slows it down."""
WARMING = 20
"""Green tests that run before the red ones in the same process."""
CHUNK = 200
"""Green tests measured at a time, so that a deadline is noticed between chunks."""


@dataclass
class Spectra:
    """What is known of each test, by its index in the session."""

    red: dict[int, RedTest] = field(default_factory=dict)
    green: set[int] = field(default_factory=set)
    lines: dict[int, Lines] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    unmeasured: list[int] = field(default_factory=list)
    """Tests left out because the time for measuring was used up."""

    def covering(self, path: str, numbers: range) -> list[int]:
        """Green tests that execute one of these lines, quickest first."""
        found = [t for t in self.green if any(n in numbers for n in self.lines.get(t, {}).get(path, ()))]
        return sorted(found, key=lambda t: self.seconds.get(t, 0.0))


def measure(session: Session, known: Sequence[RedTest], deadline: float) -> Spectra:
    """Spectra of the red tests and of as many others as fit before the deadline (monotonic seconds).

    A test known as red that passes counts as green: an earlier round repaired it.
    """
    spectra = Spectra()
    index = {name: k for k, name in enumerate(session.tests)}
    hung = {index[red.test_id] for red in known if red.test_id in index and red.outcome == "hung"}
    reds = [index[red.test_id] for red in known if red.test_id in index]
    files = {red.test_id.partition("::")[0] for red in known}
    others = [k for k in range(len(session.tests)) if k not in set(reds)]
    others.sort(key=lambda k: session.tests[k].partition("::")[0] not in files)
    warming = others[:WARMING]  # what a project sets up once must not look like the red tests' own
    _run(session, [*warming, *(k for k in reds if k not in hung)], spectra)
    _run(session, sorted(hung), spectra, hang=True)
    for start in range(WARMING, len(others), CHUNK):
        if time.monotonic() > deadline:
            spectra.unmeasured = others[start:]
            break
        _run(session, others[start : start + CHUNK], spectra)
    return spectra


def _run(session: Session, tests: list[int], spectra: Spectra, *, hang: bool = False) -> None:
    if not tests:
        return
    limits = (
        {"seconds": HUNG_LIMIT, "silence": HUNG_SILENCE}
        if hang
        else {"seconds": MEASURED_LIMIT, "silence": MEASURED_SILENCE}
    )
    for answer in session.order("run", tests=tests, cover=True, hang=hang, **limits):
        if "lines" in answer:
            spectra.lines.update({int(test): lines for test, lines in answer["lines"].items()})
        else:
            _note(session, answer, spectra)


def _note(session: Session, answer: dict[str, Any], spectra: Spectra) -> None:
    test = answer["test"]
    spectra.seconds[test] = answer["seconds"]
    if answer["outcome"] == "passed":
        spectra.green.add(test)
    elif answer["outcome"] != "skipped":
        spectra.red[test] = red_test(session.tests[test], answer["outcome"], answer.get("failure"))
