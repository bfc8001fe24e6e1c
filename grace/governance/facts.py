"""What policies judge."""

from collections.abc import Callable
from dataclasses import dataclass

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


Policy = Callable[[Facts], PolicyResult]


def allowed(policy_id: str, reason: str) -> PolicyResult:
    """The answer of a policy that has nothing against a change."""
    return PolicyResult(policy_id=policy_id, verdict=Verdict.ALLOW, reason=reason)
