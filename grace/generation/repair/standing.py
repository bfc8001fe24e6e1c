"""Which tests pass, so that a repair of something else can be held to it: whatever passed still passes."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from grace.generation.repair.reproduce import FIRST_LIMIT, run_all
from grace.generation.repair.search import Base
from grace.generation.repair.session import NotStarted, Session

_RERUNS = 2
"""How often a test that passed before may be run again: one that then passes is flaky, not broken."""


class Standing:
    """The tests that passed, over a base whose files change. Every run has a fresh checkout."""

    def __init__(self, base: Base, warm: Callable[[Path], AbstractContextManager[Session]]):
        self._base = base
        self._warm = warm
        self._passed: frozenset[str] = frozenset()
        self.tested = False
        """Whether there is a test that speaks."""
        self._none = False
        self._passed = self.passing()

    def holds(self) -> bool:
        """Whether every test that passed still does."""
        return not self._passed or self._passed <= self.passing()

    def kept(self) -> bool:
        """The same; if so, what passes now counts from here on, too."""
        if self._none:
            return True
        passing = self.passing()
        holds = self._passed <= passing
        if holds:
            self._passed = passing
        return holds

    def passing(self) -> frozenset[str]:
        """Tests that pass or are skipped now; none when pytest does not start."""
        try:
            with self._base.checkout() as root, self._warm(root) as session:
                self.tested = self.tested or bool(session.tests)
                self._none = not session.tests and not session.uncollected
                red = set(run_all(session, list(range(len(session.tests)))).red)
                numbers = {name: k for k, name in enumerate(session.tests)}
                for _ in range(_RERUNS):
                    again = [numbers[name] for name in red & self._passed]
                    answers = session.order("run", tests=again, seconds=FIRST_LIMIT) if again else ()
                    red -= {session.tests[a["test"]] for a in answers if a.get("outcome") == "passed"}
                return frozenset(session.tests) - red
        except NotStarted:
            return frozenset()
