"""The HTTP application: `uvicorn --factory grace.api.app:create_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import httpx
from fastapi import FastAPI

from grace.api import problems
from grace.api.routes import health, webhooks
from grace.api.services import serving
from grace.settings import Settings


def create_app(settings: Settings | None = None, *, prefect: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """The application; it opens what it needs when it starts. `prefect` is how the server is reached in tests."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with serving(app, settings, prefect):
            yield

    app = FastAPI(title="GRACE", version=version("grace"), lifespan=lifespan)
    problems.install(app)
    app.include_router(health.router)
    app.include_router(webhooks.router)
    return app
