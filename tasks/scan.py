"""Change -> ScanReport."""

from pathlib import Path

from grace.contracts import Change, Request, ScanReport
from grace.git import GitRepository
from tasks.persistence import stage


@stage("scan", 80)
def scan_for_weaknesses(request: Request, change: Change) -> ScanReport:
    """Look for security weaknesses that the change brings in."""
    from grace.hunter.scan import scan_change

    return scan_change(change, repository=GitRepository.open(Path(request.repository)))
