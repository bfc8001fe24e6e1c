"""Change -> Impact."""

from pathlib import Path

from grace.contracts import Change, Impact, Request
from grace.git import GitRepository
from tasks.installation import memory
from tasks.persistence import stage


@stage("assess", 85)
def assess_change(request: Request, change: Change) -> Impact:
    """Find what the change can reach beyond its own lines."""
    from grace.causal.impact import assess_impact

    return assess_impact(change, repository=GitRepository.open(Path(request.repository)), database=memory())
