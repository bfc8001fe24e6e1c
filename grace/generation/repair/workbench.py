"""Where answers to errors are written and judged: a checkout in which only ruff works, and the tests beside it."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from grace.contracts import Alternative
from grace.generation.repair.search import Base
from grace.generation.repair.standing import Standing
from grace.verification.error_check import sort_errors
from grace.verification.lint import Ruff, Violation, brought_in

_SURE = {"syntax": 0.75, "nearest name": 0.75, "imported as elsewhere": 0.9, "safe fix": 0.95}
_USUALLY, _UNTESTED, _UNDECIDED = 0.85, 0.85, 0.8


@dataclass(frozen=True)
class Log:
    """What has been done."""

    operators: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


@dataclass
class Workbench:
    """A checkout that no code of the project can write to, and the base that its changes are recorded in."""

    root: Path
    ruff: Ruff
    base: Base
    standing: Standing
    deadline: float
    """On the monotonic clock, in seconds."""
    log: Log = Log()
    tried: int = 0
    _originals: dict[str, bytes] = field(default_factory=dict)

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """Files of the base revision."""
        return self.base.repository.files(self.base.revision)

    @property
    def out_of_time(self) -> bool:
        """Whether answers are no longer to be looked for."""
        return time.monotonic() > self.deadline

    @property
    def confidence(self) -> float:
        """0..1: that of the least certain answer, less where no test passes or several answers do as well."""
        sure = min((_SURE.get(operator, _USUALLY) for operator in self.log.operators), default=0.0)
        tested = 1.0 if self.standing.tested else _UNTESTED
        return round(sure * tested * (_UNDECIDED if self.log.alternatives else 1.0), 2)

    def errors(self) -> tuple[Violation, ...]:
        """What there is to repair."""
        return sort_errors(self.ruff.check(self.root), self.tracked).found

    def check(self, path: str) -> tuple[Violation, ...]:
        """Everything that ruff finds in a file."""
        return self.ruff.check(self.root, (path,))

    def read(self, path: str) -> bytes:
        """A file as it is now."""
        return self.base.read([path])[path]

    def write(self, path: str, content: bytes) -> None:
        """Change a file; what is as it was before counts as not changed."""
        (self.root / path).write_bytes(content)
        if content == self._original(path):
            self.base.written.pop(path, None)
        else:
            self.base.written[path] = content

    def record(self, operator: str, *alternatives: Alternative) -> None:
        """Say that an answer is kept, and which others would do."""
        self.log = Log((*self.log.operators, operator), (*self.log.alternatives, *alternatives))

    def take(self, step: "Step") -> None:
        """Take a step as a whole; when that breaks a test, again with the tests asked about each answer."""
        saved, log = dict(self.base.written), self.log
        step(self, False)
        if self.base.written != saved and not self.standing.kept():
            self._restore(saved)
            self.log = log
            step(self, True)

    def judged(self, path: str, content: bytes, before: Sequence[Violation], error: Violation) -> bool:
        """Write an answer; keep it when ruff says that the error is gone and nothing came that has no safe fix."""

        def count(violations: Sequence[Violation]) -> int:
            return Counter((v.code, v.message) for v in violations)[error.code, error.message]

        old = self.read(path)
        self.tried += 1
        self.write(path, content)
        after = self.check(path)
        others = list(before)
        others.remove(next(v for v in before if (v.code, v.message) == (error.code, error.message)))
        if count(after) < count(before) and all(violation.fix for violation in brought_in(others, after)):
            return True
        self.write(path, old)
        return False

    def _restore(self, saved: dict[str, bytes]) -> None:
        for path in list(self.base.written):
            self.write(path, saved.get(path, self._original(path)))

    def _original(self, path: str) -> bytes:
        if path not in self._originals:
            self._originals[path] = self.base.repository.read_many(self.base.revision, [path])[path]
        return self._originals[path]


Step = Callable[[Workbench, bool], None]
"""Repairs what it can; True: with the tests asked about each answer."""
