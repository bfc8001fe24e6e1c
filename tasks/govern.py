"""Facts -> Decision."""

from pathlib import Path

from grace.contracts import Change, Decision, Impact, Request, ScanReport, Verification
from grace.git import GitRepository
from tasks.persistence import stage


@stage("govern", 90)
def govern(request: Request, change: Change, verification: Verification, scan: ScanReport, impact: Impact) -> Decision:
    """Ask every policy, and the repository's own, whether the change may be delivered; the strictest answer counts."""
    from grace.governance import POLICY_FILE, decide

    # As the base revision has it: a change, or a checkout, cannot loosen the policy that judges it.
    policy_file = GitRepository.open(Path(request.repository)).read(change.base_revision, POLICY_FILE)
    return decide(change, request=request, verification=verification, scan=scan, impact=impact, policy_file=policy_file)
