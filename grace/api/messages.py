"""What the three providers say when somebody pushes, read into the same few words."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import Headers

from grace.api.problems import Refusal
from grace.delivery import BRANCHES

_BRANCH = "refs/heads/"


@dataclass(frozen=True)
class Names:
    """The headers of a provider."""

    event: tuple[str, ...]
    push: str
    """What the event header says of a push."""
    delivery: tuple[tuple[str, ...], ...]
    """Headers that name the message: the first group of which one is given. In a group all must say the same."""


PROVIDERS = {
    "github": Names(("x-github-event",), "push", (("x-github-delivery",),)),
    "gitea": Names(("x-gitea-event", "x-forgejo-event"), "push", (("x-gitea-delivery", "x-forgejo-delivery"),)),
    "gitlab": Names(("x-gitlab-event",), "Push Hook", (("webhook-id", "idempotency-key"), ("x-gitlab-event-uuid",))),
}


@dataclass(frozen=True)
class PushMessage:
    """What a push message says."""

    urls: tuple[str, ...]
    """By which the repository can be known."""
    ref: str
    commit: str
    pusher: str


class _Repository(BaseModel):
    clone_url: str | None = None
    ssh_url: str | None = None
    html_url: str | None = None
    git_http_url: str | None = None
    git_ssh_url: str | None = None
    web_url: str | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(url for url in self.model_dump().values() if url)


class _Person(BaseModel):
    login: str | None = None
    username: str | None = None
    name: str | None = None


class _Push(BaseModel):
    ref: str = Field(max_length=500)
    after: str = Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")
    repository: _Repository = _Repository()
    project: _Repository = _Repository()
    pusher: _Person = _Person()
    user_username: str | None = None
    user_name: str | None = None

    @property
    def who(self) -> str:
        pusher = self.pusher
        name = pusher.login or pusher.username or pusher.name or self.user_username or self.user_name or ""
        return re.sub(r"[^\w.@ -]", "", name).strip()[:80]


def ignored_event(provider: str, headers: Headers) -> str:
    """Why nothing follows from this kind of message; "" for a push."""
    names = PROVIDERS[provider]
    event = _one_value(headers, names.event)
    return "" if event == names.push else f"GRACE acts on pushes; this is {event[:50]!r}."


def delivery_id(provider: str, headers: Headers) -> str:
    """The provider's name for this message."""
    for group in PROVIDERS[provider].delivery:
        if any(name in headers for name in group):
            return _one_value(headers, group)
    return _one_value(headers, PROVIDERS[provider].delivery[0])


def read_push(headers: Headers, body: bytes) -> PushMessage:
    """The push that a body tells of."""
    if headers.get("content-type", "application/json").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "not-json", "Not JSON", "Set the webhook's content type to application/json.")
    try:
        push = _Push.model_validate_json(body)
    except ValidationError as error:
        wrong: list[Any] = [".".join(map(str, each["loc"])) or each["msg"] for each in error.errors()]
        detail = f"The body is not the JSON of a push; look at: {', '.join(wrong)[:300]}"
        raise Refusal(400, "not-a-push", "Not a push", detail) from None
    return PushMessage((*push.repository.urls, *push.project.urls), push.ref, push.after, push.who)


def ignored_push(push: PushMessage) -> str:
    """Why nothing follows from this push; "" when something may."""
    if not push.ref.startswith(_BRANCH):
        return "GRACE acts on branches; this is another kind of reference."
    if not push.commit.strip("0"):
        return "The branch was deleted."
    if push.ref.startswith(f"{_BRANCH}{BRANCHES}"):
        return "The branch holds what GRACE delivered."
    return ""


def _one_value(headers: Headers, names: tuple[str, ...]) -> str:
    """What these headers say, all of them the same."""
    values = {value for name in names for value in headers.getlist(name)}
    if len(values) == 1:
        return values.pop()
    how = "contradict each other" if values else "are missing"
    raise Refusal(400, "headers", "Headers do not fit", f"The headers {' or '.join(names)} {how}.")
