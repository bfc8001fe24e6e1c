"""Push -> a flow run on the Prefect server, over HTTP: importing Prefect's own client takes seconds."""

import httpx

from grace.contracts import Push
from grace.errors import EnvironmentLacking, GraceError, TransientError
from grace.server_record import ServerRecord
from grace.settings import Settings

DEPLOYMENT = "on-git-push/on-git-push"
_SECONDS = 10.0


class FlowRuns:
    """Creates the flow runs that look at pushes."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._client = httpx.AsyncClient(timeout=_SECONDS, transport=transport)

    async def create(self, push: Push) -> str:
        """The id of the flow run for a push: however often this is asked, there is one.

        Raises TransientError when the server is not there, or does not have the deployment, yet; GraceError when it
        refuses the push.
        """
        server = _server(self._settings)
        deployment = await self._ask(server, "GET", f"/deployments/name/{DEPLOYMENT}")
        wanted: dict[str, object] = {
            "parameters": {"push": push.model_dump(mode="json")},
            "idempotency_key": f"{push.provider}/{push.delivery_id}",
        }
        created = await self._ask(server, "POST", f"/deployments/{deployment['id']}/create_flow_run", wanted)
        return created["id"]

    async def close(self) -> None:
        """Close what is open to the server."""
        await self._client.aclose()

    async def _ask(
        self, server: ServerRecord, method: str, path: str, json: dict[str, object] | None = None
    ) -> dict[str, str]:
        user, _, password = (server.auth or "").partition(":")
        auth = httpx.BasicAuth(user, password) if server.auth else None
        try:
            answer = await self._client.request(method, f"{server.api_url.rstrip('/')}{path}", json=json, auth=auth)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise TransientError(f"The Prefect server {server.api_url} does not answer: {error!r}.") from error
        if answer.is_success:
            found: dict[str, str] = answer.json()
            return found
        raise _failure(server, path, answer)


def _server(settings: Settings) -> ServerRecord:
    if (server := settings.server) is None:
        raise TransientError("There is no Prefect server: start one with `grace up`, or set PREFECT_API_URL.")
    return server


def _failure(server: ServerRecord, path: str, answer: httpx.Response) -> GraceError:
    what = f"The Prefect server {server.api_url} answers {answer.status_code} to {path}: {answer.text[:300]}"
    match answer.status_code:
        case 404:
            return TransientError(f"{what} Register the deployments with `grace deploy`.")
        case 401 | 403:
            return EnvironmentLacking(f"{what} Set PREFECT_API_AUTH_STRING to the server's `user:password`.")
        case code if code >= 500 or code == 429:
            return TransientError(what)
        case _:
            return GraceError(what)
