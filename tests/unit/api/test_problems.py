"""Every error is a problem that says what to do and gives nothing away."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from grace import errors
from grace.api import problems

pytestmark = pytest.mark.anyio


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    problems.install(app)

    @app.get("/raise/{name}")
    async def fail(name: str, number: int = 0) -> None:
        raise {"zero": ZeroDivisionError}.get(name) or getattr(errors, name)("in /srv/secret/place")  # type: ignore[misc]  # a class of exceptions

    return app


async def ask(app: FastAPI, method: str, path: str) -> Any:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://g") as client:
        return await client.request(method, path)


@pytest.mark.parametrize(
    ("method", "path", "status", "shown"),
    [
        ("GET", "/nowhere", 404, False),
        ("POST", "/raise/zero", 405, False),
        ("GET", "/raise/zero?number=x", 422, False),
        ("GET", "/raise/zero", 500, False),
        ("GET", "/raise/InputError", 400, True),
        ("GET", "/raise/IntegrityError", 409, True),
        ("GET", "/raise/TransientError", 503, False),
        ("GET", "/raise/EnvironmentLacking", 503, False),
        ("GET", "/raise/GraceError", 500, False),
    ],
)
async def test_an_error_is_a_problem(app: FastAPI, method: str, path: str, status: int, shown: bool) -> None:
    answer = await ask(app, method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    assert said["instance"] == path.partition("?")[0]
    assert {"type", "title", "detail"} <= set(said)
    assert ("/srv/secret/place" in answer.text) is shown
    assert "Traceback" not in answer.text and "ZeroDivision" not in answer.text


async def test_what_is_allowed_is_said(app: FastAPI) -> None:
    assert (await ask(app, "POST", "/raise/zero")).headers["allow"] == "GET"


async def test_when_to_come_again_is_said(app: FastAPI) -> None:
    assert (await ask(app, "GET", "/raise/TransientError")).headers["retry-after"] == "10"


async def test_which_value_is_wrong_is_said(app: FastAPI) -> None:
    (wrong,) = (await ask(app, "GET", "/raise/zero?number=x")).json()["errors"]
    assert wrong["where"] == ["query", "number"]
