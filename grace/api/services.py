"""What the routes work with, opened once for each process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, Request

from grace.api.flow_runs import FlowRuns
from grace.api.outbox import Outbox
from grace.settings import Settings
from grace.store.repositories import SqlRepositories
from grace.store.session import open_database
from grace.store.webhooks import SqlWebhookDeliveries


@dataclass(frozen=True)
class Services:
    """The stores and the worker of this process."""

    settings: Settings
    repositories: SqlRepositories
    deliveries: SqlWebhookDeliveries
    outbox: Outbox


@asynccontextmanager
async def serving(
    app: FastAPI, settings: Settings, prefect: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[None]:
    """Open the stores and keep the worker at work while this lasts; `prefect` is how the server is reached in tests.

    Raises what `open_database` raises.
    """
    engine = await asyncio.to_thread(open_database, settings.database)
    deliveries, flow_runs = SqlWebhookDeliveries(engine), FlowRuns(settings, prefect)
    outbox = Outbox(deliveries, flow_runs.create)
    app.state.services = Services(settings, SqlRepositories(engine), deliveries, outbox)
    worker = asyncio.create_task(outbox.run(), name="outbox")
    try:
        yield
    finally:
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        await flow_runs.close()
        engine.dispose()


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Serving = Annotated[Services, Depends(_services)]
