"""Change -> Rebased: the change as it applies to what its branch is now."""

from pathlib import Path

from grace.contracts import Change, Rebased, Request
from grace.git import GitRepository
from tasks.persistence import stage


@stage("rebase", 65, always=True)
def rebase_change(request: Request, change: Change) -> Rebased:
    """Bring the change onto its base branch, which may have moved since; whatever then differs is proved anew."""
    from grace.rebase import rebase

    return rebase(change, request, repository=GitRepository.open(Path(request.repository)))
