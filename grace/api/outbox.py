"""From a push that was kept to its flow run: after the answer, and again until it is there.

What is kept without a flow run is the work to do, whichever process kept it: a crash between the answer and the run
loses nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from grace.contracts import Push
from grace.errors import GraceError, TransientError
from grace.store.webhooks import SqlWebhookDeliveries

FIRST_DELAY, LONGEST_DELAY = 0.25, 15.0
"""Seconds between attempts while they fail; each delay is twice the one before."""
GLANCE = 30.0
"""Seconds after which it looks by itself: other processes keep pushes too."""
_log = logging.getLogger(__name__)


class Outbox:
    """The worker that has a flow run created for each push."""

    def __init__(self, deliveries: SqlWebhookDeliveries, create: Callable[[Push], Awaitable[str]]) -> None:
        self._deliveries = deliveries
        self._create = create
        self._kept = asyncio.Event()

    def notice(self) -> None:
        """Say that a push was kept just now."""
        self._kept.set()

    async def run(self) -> None:
        """Work until cancelled."""
        failures = 0
        while True:
            self._kept.clear()
            failures = 0 if await self._empty() else failures + 1
            if failures:
                await asyncio.sleep(min(FIRST_DELAY * 2 ** min(failures - 1, 10), LONGEST_DELAY))
            else:
                with contextlib.suppress(TimeoutError):
                    # wait_for of Python 3.11 can lose a cancellation that comes together with the event.
                    async with asyncio.timeout(GLANCE):
                        await self._kept.wait()

    async def _empty(self) -> bool:
        """Try every push that waits. Whether none waits any more."""
        try:
            waiting = await asyncio.to_thread(self._deliveries.pending)
            done = [await self._start(push) for push in waiting]
        except TransientError as error:  # what holds for this push holds for the others
            _log.warning("Pushes wait: %s", error)
            return False
        except Exception:  # noqa: BLE001  # the worker outlives whatever one round meets: it is logged and tried again
            _log.exception("Pushes wait.")
            return False
        return all(done)

    async def _start(self, push: Push) -> bool:
        try:
            flow_run_id = await self._create(push)
        except TransientError:
            raise
        except GraceError as error:
            _log.error("The push %s/%s waits: %s", push.provider, push.delivery_id, error)
            return False
        await asyncio.to_thread(self._deliveries.started, push, flow_run_id)
        return True
