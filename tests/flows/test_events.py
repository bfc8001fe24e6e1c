"""Each step in the life of a run is kept, and told to whoever listens to Prefect's events."""

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from grace.contracts import Outcome, Request
from grace.store.events import SqlEvents

TOLD = [
    "coding.intent.understood", "coding.plan.created", "coding.bug.reproduced", "coding.change.proposed",
    "coding.change.verified", "coding.change.scanned", "coding.impact.assessed", "coding.decision.allow",
    "coding.change.delivered", "coding.run.delivered",
]  # fmt: skip


@pytest.mark.usefixtures("rooms")
def test_each_step_is_told_once_however_often_the_flow_starts_over(
    fix_bug: Callable[[Request], Outcome], on_server: Path, server: str, ask: Callable[..., Request]
) -> None:
    request = ask(id="e" * 12)
    fix_bug(request)
    fix_bug(request)
    events = SqlEvents.open(f"sqlite:///{on_server / 'grace.db'}").of_run(request.id)
    assert [event.name for event in events] == TOLD
    assert emitted(server, request) == sorted(TOLD)


def emitted(server: str, request: Request) -> list[str]:
    """What automations of the server can react to."""
    wanted = {"filter": {"resource": {"id": [f"grace.run.{request.id}"]}}, "limit": 50}
    deadline = time.monotonic() + 30
    while True:
        found = httpx.post(f"{server}/events/filter", json=wanted).json()["events"]
        if len(found) >= len(TOLD) or time.monotonic() > deadline:
            return sorted(event["event"] for event in found)
        time.sleep(0.2)
