"""`POST /api/webhooks/{github,gitlab,gitea}`: what providers tell of pushes.

The order is what an unknown sender can make us do: read at most 1 MiB, and compute one signature.
"""

import asyncio
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from grace.api import messages, signatures
from grace.api.messages import PushMessage
from grace.api.problems import Refusal
from grace.api.services import Services, Serving
from grace.contracts import Push
from grace.registration import registered_as
from grace.store.webhooks import Receipt

LARGEST_BODY = 2**20

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"])


class Accepted(BaseModel):
    """The push is kept; a flow looks at it. A retry of the message has the same answer."""

    status: Literal["accepted"] = "accepted"
    delivery_id: str
    run_id: str
    """The run that repairs what the push broke, if it did."""


class Ignored(BaseModel):
    """Nothing follows from the message."""

    status: Literal["ignored"] = "ignored"
    reason: str


def _secret(serving: Serving) -> str:
    found = serving.settings.webhook_secret
    secret = found.get_secret_value() if found else ""
    if len(secret) >= signatures.LEAST_CHARACTERS:
        return secret
    wrong = "is too short" if secret else "is not set"
    detail = f"GRACE_WEBHOOK_SECRET {wrong}: set it to {signatures.LEAST_CHARACTERS} characters or more."
    raise Refusal(503, "no-webhook-secret", "Webhooks are not set up", detail)


async def _body(request: Request, _secret: Annotated[str, Depends(_secret)]) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > LARGEST_BODY:
        raise _too_large()
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > LARGEST_BODY:
            raise _too_large()
    return bytes(read)


def _too_large() -> Refusal:
    return Refusal(413, "too-large", "Too large", f"A message has at most {LARGEST_BODY} bytes.")


@router.post("/{provider}", status_code=202, response_model=Accepted, responses={200: {"model": Ignored}})
async def receive(
    provider: str,
    request: Request,
    serving: Serving,
    secret: Annotated[str, Depends(_secret)],
    body: Annotated[bytes, Depends(_body)],
) -> Any:
    """Keep a push and have a flow look at it."""
    if provider not in messages.PROVIDERS:
        known = ", ".join(messages.PROVIDERS)
        raise Refusal(404, "unknown-provider", "Unknown provider", f"Webhooks of these are understood: {known}.")
    if not signatures.CHECKS[provider](request.headers, body, secret, time.time()):
        detail = "The message is not signed with the secret in GRACE_WEBHOOK_SECRET."
        raise Refusal(401, "signature", "Not signed", detail)
    if reason := messages.ignored_event(provider, request.headers):
        return JSONResponse(Ignored(reason=reason).model_dump())
    message = messages.read_push(request.headers, body)
    if reason := messages.ignored_push(message):
        return JSONResponse(Ignored(reason=reason).model_dump())
    name = messages.delivery_id(provider, request.headers)
    receipt = await asyncio.to_thread(_keep, serving, provider, name, message)
    if receipt.status == "contradictory":
        detail = f"The message {name} told of another push before."
        raise Refusal(409, "delivery-id-reused", "Delivery id used before", detail)
    serving.outbox.notice()
    return Accepted(delivery_id=receipt.push.delivery_id, run_id=receipt.push.run_id)


def _keep(serving: Services, provider: str, delivery_id: str, message: PushMessage) -> Receipt:
    known = registered_as(message.urls, serving.repositories.all())
    if known is None:
        detail = "The repository is not registered: `grace repos add` does that."
        raise Refusal(404, "unknown-repository", "Unknown repository", detail)
    values = {"provider": provider, "delivery_id": delivery_id, "repository": known.name}
    said = {"ref": message.ref, "commit": message.commit, "pusher": message.pusher}
    try:
        push = Push.model_validate(values | said)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, each["loc"])) for each in error.errors())
        raise Refusal(400, "not-a-push", "Not a push", f"These cannot be used as they are: {wrong}.") from None
    return serving.deliveries.receive(push)
