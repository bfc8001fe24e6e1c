"""Change -> ScanReport."""

from pathlib import Path
from typing import TYPE_CHECKING

from grace.contracts import Change, Request, ScanReport
from grace.git import GitRepository
from tasks.persistence import stage

if TYPE_CHECKING:
    from grace.hunter.dependencies import Advisories


@stage("scan", 80)
def scan_for_weaknesses(request: Request, change: Change) -> ScanReport:
    """Look for security weaknesses that the change brings in."""
    from grace.hunter.scan import scan_change

    return scan_change(change, repository=GitRepository.open(Path(request.repository)), advisories=_advisories)


def _advisories() -> "Advisories":
    """What the settings say that dependencies are compared with."""
    from grace.hunter.dependencies import Advisories
    from grace.settings import current

    settings = current()
    return Advisories.open(settings.home, live=settings.advisories == "live")
