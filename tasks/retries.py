"""The retry rule, once: only what trying again may mend is tried again, each time later and never in step."""

from typing import Any

from prefect.client.schemas.objects import State

from grace.errors import TransientError

RETRIES = 3
RETRY_DELAYS: list[float] = [1.0, 4.0, 16.0]
"""Seconds before each retry, before jitter."""
RETRY_JITTER = 0.5
"""Each delay is stretched at random by up to about this share, so that runs do not retry together."""


def is_transient(_task: object, _run: object, state: State[Any]) -> bool:
    """Whether a failed attempt is worth another."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, TransientError)


RETRYING: dict[str, Any] = {
    "retries": RETRIES,
    "retry_delay_seconds": RETRY_DELAYS,
    "retry_jitter_factor": RETRY_JITTER,
    "retry_condition_fn": is_transient,
}
"""What every task is given."""
