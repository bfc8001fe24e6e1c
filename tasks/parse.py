"""Request -> Intent."""

from pathlib import Path

from grace.contracts import Intent, Request
from grace.git import GitRepository
from tasks.installation import ledger
from tasks.persistence import stage


@stage("parse", 5)
def parse_request(request: Request) -> Intent:
    """Understand what the request means for this repository."""
    from grace.understanding.intent import understand_request

    repository = GitRepository.open(Path(request.repository))
    intent = understand_request(request, repository.files(request.base_revision))
    ledger().understood(request.id, intent=intent)
    return intent
