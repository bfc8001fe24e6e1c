"""What policies judge."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from grace.contracts import Change, Impact, PolicyResult, Request, ScanReport, Verdict, Verification, Vote


@dataclass(frozen=True)
class Facts:
    """Everything known about a change, all of it about the same digest."""

    change: Change
    request: Request
    verification: Verification
    scan: ScanReport
    impact: Impact
    votes: tuple[Vote, ...] = ()

    def edited(self, has_role: Callable[[str], bool]) -> tuple[str, ...]:
        """The edited paths that have a role."""
        return tuple(edit.path for edit in self.change.edits if has_role(edit.path))

    @cached_property
    def lines_changed(self) -> float:
        """Lines that go plus lines that come; infinite when the patch does not show them for every file."""
        files, changed, in_hunk = 0, 0, False
        for line in self.change.patch.split("\n"):
            if line.startswith("diff --git "):  # no line of a hunk: those begin with a blank, "+", "-" or "\"
                files, in_hunk = files + 1, False
            elif line.startswith("@@ "):
                in_hunk = True
            elif line == "GIT binary patch":
                return math.inf
            elif in_hunk and line.startswith(("+", "-")):
                changed += 1
        return changed if files == len(self.change.edits) else math.inf


Policy = Callable[[Facts], PolicyResult]


def allowed(policy_id: str, reason: str) -> PolicyResult:
    """The answer of a policy that has nothing against a change."""
    return PolicyResult(policy_id=policy_id, verdict=Verdict.ALLOW, reason=reason)
