"""What is answered to providers, and to others."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from grace.api.routes.webhooks import LARGEST_BODY
from grace.settings import Settings
from grace.store.webhooks import SqlWebhookDeliveries
from tests.unit.api.conftest import COMMIT, REMOTE, SECRET, as_json, from_github, github_push, signed

pytestmark = pytest.mark.anyio


def problem(answer: Any) -> tuple[int, str]:
    """Status and kind of a problem that says all that one must say."""
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == answer.status_code
    assert all(said[name] for name in ("type", "title", "detail", "instance"))
    return answer.status_code, said["type"].rpartition(":")[2]


async def until(true: Any) -> None:
    """Wait for something that the worker does."""
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen within 5 seconds")


async def test_a_signed_push_is_accepted_and_its_flow_run_created(serve: Any, prefect: Any, settings: Settings) -> None:
    async with serve() as client:
        answer = await client.post(**from_github(as_json(github_push())))
        assert answer.status_code == 202
        assert answer.json()["delivery_id"] == "d-1"
        await until(lambda: prefect.runs)
        await until(lambda: not SqlWebhookDeliveries.open(settings.database).pending())
    (push,) = (parameters["push"] for parameters in prefect.runs.values())
    assert push == {
        "provider": "github",
        "delivery_id": "d-1",
        "repository": "shop",
        "ref": "refs/heads/main",
        "commit": COMMIT,
        "pusher": "ann",
    }
    assert set(prefect.runs) == {"github/d-1"}


@pytest.mark.parametrize("signature", [None, "", "sha256=", "sha1=abc", "sha256=" + "0" * 64, "é", signed(b"other")])
async def test_what_is_not_signed_is_refused_with_one_answer(serve: Any, signature: str | None) -> None:
    request = from_github(as_json(github_push()))
    request["headers"].pop("x-hub-signature-256")
    if signature is not None:
        request["headers"]["x-hub-signature-256"] = signature.encode()
    async with serve() as client:
        answer = await client.post(**request)
        assert problem(answer) == (401, "signature")
        assert "d-1" not in answer.text


async def test_a_changed_body_is_refused(serve: Any) -> None:
    body = as_json(github_push())
    async with serve() as client:
        answer = await client.post(**from_github(body) | {"content": body.replace(b"main", b"next")})
    assert problem(answer) == (401, "signature")


async def test_two_signatures_of_which_one_is_wrong_are_refused(serve: Any) -> None:
    request = from_github(as_json(github_push()))
    headers = [*request["headers"].items(), ("x-hub-signature-256", "sha256=" + "0" * 64)]
    async with serve() as client:
        assert problem(await client.post(**request | {"headers": headers})) == (401, "signature")


async def test_a_signature_of_another_provider_does_not_count(serve: Any) -> None:
    body = as_json(github_push())
    request = from_github(body) | {"url": "/api/webhooks/gitea"}
    async with serve() as client:
        assert problem(await client.post(**request)) == (401, "signature")


@pytest.mark.parametrize("secret", [None, "too short"])
async def test_without_a_secret_no_webhook_is_taken(
    settings: Settings, prefect: Any, monkeypatch: pytest.MonkeyPatch, secret: str | None
) -> None:
    import httpx

    from grace.api.app import create_app

    monkeypatch.delenv("GRACE_WEBHOOK_SECRET")
    if secret:
        monkeypatch.setenv("GRACE_WEBHOOK_SECRET", secret)
    app = create_app(Settings(), prefect=prefect)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://g") as client:
        body = as_json(github_push())
        headers = {"x-hub-signature-256": f"sha256={signed(body, secret or '')}"}
        answer = await client.post(**from_github(body, **headers))
    assert problem(answer) == (503, "no-webhook-secret")
    assert "GRACE_WEBHOOK_SECRET" in answer.json()["detail"]
    assert "too short" not in answer.text or secret


async def test_a_body_over_the_limit_is_refused_before_it_is_read(serve: Any) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 2**16
            yield b" " * 2**16

    async with serve() as client:
        declared = await client.post(**from_github(b" " * (LARGEST_BODY + 1)))
        assert problem(declared) == (413, "too-large")
        request = from_github(b"") | {"content": endless()}
        assert problem(await client.post(**request)) == (413, "too-large")
    assert read <= LARGEST_BODY + 2 * 2**16


async def test_a_body_at_the_limit_is_read(serve: Any) -> None:
    body = as_json(github_push()).ljust(LARGEST_BODY)
    async with serve() as client:
        assert (await client.post(**from_github(body))).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        as_json(github_push(after="main")),
        as_json(github_push(after=COMMIT.upper())),
        as_json(github_push(ref=5)),
        as_json(github_push(ref="refs/heads/" + "a" * 600)),
        as_json(github_push(ref="refs/heads/a b")),
        as_json(github_push(repository=[])),
    ],
    ids=range(13),
)
async def test_what_is_no_push_is_refused(serve: Any, prefect: Any, body: bytes) -> None:
    async with serve() as client:
        assert problem(await client.post(**from_github(body))) == (400, "not-a-push")
    assert not prefect.runs


async def test_a_form_is_told_to_be_json(serve: Any) -> None:
    request = from_github(b"payload=%7B%7D", **{"content-type": "application/x-www-form-urlencoded"})
    async with serve() as client:
        assert problem(await client.post(**request)) == (415, "not-json")


@pytest.mark.parametrize("event", ["ping", "issues", "PUSH", "pull_request"])
async def test_other_events_are_ignored(serve: Any, prefect: Any, event: str) -> None:
    async with serve() as client:
        answer = await client.post(**from_github(b'{"zen": "Keep it simple."}', event=event))
        assert answer.status_code == 200
        assert answer.json()["status"] == "ignored"
    assert not prefect.asked


@pytest.mark.parametrize(
    "change",
    [
        {"after": "0" * 40, "deleted": True},
        {"after": "0" * 64},
        {"ref": "refs/tags/v1"},
        {"ref": "refs/heads/grace/fix-bug/0123456789ab"},
    ],
)
async def test_pushes_that_nothing_follows_from_are_ignored(serve: Any, prefect: Any, change: dict[str, Any]) -> None:
    async with serve() as client:
        answer = await client.post(**from_github(as_json(github_push(**change))))
        assert (answer.status_code, answer.json()["status"]) == (200, "ignored")
    assert not prefect.asked


async def test_an_unknown_repository_is_refused(serve: Any) -> None:
    other = github_push(repository={"clone_url": "https://git.example/team/other.git"})
    async with serve() as client:
        assert problem(await client.post(**from_github(as_json(other)))) == (404, "unknown-repository")
        nameless = github_push(repository={})
        assert problem(await client.post(**from_github(as_json(nameless)))) == (404, "unknown-repository")


async def test_an_unknown_provider_is_refused(serve: Any) -> None:
    async with serve() as client:
        answer = await client.post(**from_github(b"") | {"url": "/api/webhooks/sourceforge"})
        assert problem(answer) == (404, "unknown-provider")


async def test_a_retry_has_the_same_answer_and_starts_nothing(serve: Any, prefect: Any) -> None:
    request = from_github(as_json(github_push()))
    async with serve() as client:
        answers = [await client.post(**request) for _ in range(5)]
        answers += await asyncio.gather(*(client.post(**request) for _ in range(5)))
        await until(lambda: prefect.runs)
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert len(prefect.runs) == 1


async def test_a_copy_under_another_name_starts_nothing(serve: Any, prefect: Any) -> None:
    """GitHub and Gitea do not sign the message's name."""
    body = as_json(github_push())
    async with serve() as client:
        first = await client.post(**from_github(body, delivery="d-1"))
        copy = await client.post(**from_github(body, delivery="d-2"))
        await until(lambda: prefect.runs)
    assert (copy.status_code, copy.text) == (202, first.text)
    assert set(prefect.runs) == {"github/d-1"}


async def test_a_name_that_is_used_for_another_push_is_refused(serve: Any, prefect: Any) -> None:
    async with serve() as client:
        await client.post(**from_github(as_json(github_push())))
        answer = await client.post(**from_github(as_json(github_push(after="d" * 40))))
        assert problem(answer) == (409, "delivery-id-reused")
        await until(lambda: prefect.runs)
    assert len(prefect.runs) == 1


@pytest.mark.parametrize("delivery", ["", "a b", "a/b", "x" * 101, "{{ jinja }}"])
async def test_a_name_that_is_none_is_refused(serve: Any, delivery: str) -> None:
    async with serve() as client:
        answer = await client.post(**from_github(as_json(github_push()), delivery=delivery))
        assert problem(answer) == (400, "not-a-push")


async def test_headers_that_are_missing_or_contradict_each_other_are_refused(serve: Any) -> None:
    request = from_github(as_json(github_push()))
    async with serve() as client:
        for name in ("x-github-event", "x-github-delivery"):
            without = {key: value for key, value in request["headers"].items() if key != name}
            assert problem(await client.post(**request | {"headers": without})) == (400, "headers")
            twice = [*request["headers"].items(), (name, "another")]
            assert problem(await client.post(**request | {"headers": twice})) == (400, "headers")


async def test_gitea_and_forgejo_are_understood(serve: Any, prefect: Any) -> None:
    push = github_push(pusher={"login": "ann", "username": "ann"})
    body = as_json(push)
    for number, maker in enumerate(("gitea", "forgejo")):
        body = as_json(push | {"after": str(number + 1) * 40})
        headers = {
            f"x-{maker}-event": "push",
            f"x-{maker}-delivery": f"u-{maker}",
            f"x-{maker}-signature": signed(body),
        }
        async with serve() as client:
            answer = await client.post("/api/webhooks/gitea", content=body, headers=headers)
            assert answer.status_code == 202
            await until(lambda maker=maker: f"gitea/u-{maker}" in prefect.runs)


async def test_forgejos_two_names_for_a_header_must_agree(serve: Any) -> None:
    body = as_json(github_push())
    headers = {
        "x-gitea-event": "push",
        "x-gitea-signature": signed(body),
        "x-forgejo-signature": signed(body),
        "x-gitea-delivery": "u-1",
        "x-forgejo-delivery": "u-1",
    }
    async with serve() as client:
        assert (await client.post("/api/webhooks/gitea", content=body, headers=headers)).status_code == 202
        other = headers | {"x-forgejo-delivery": "u-2"}
        assert problem(await client.post("/api/webhooks/gitea", content=body, headers=other)) == (400, "headers")
        forged = headers | {"x-forgejo-signature": signed(body, "x")}
        assert problem(await client.post("/api/webhooks/gitea", content=body, headers=forged)) == (401, "signature")


async def test_gitlab_is_understood(serve: Any, prefect: Any) -> None:
    push = {
        "object_kind": "push",
        "ref": "refs/heads/main",
        "after": COMMIT,
        "user_username": "ann",
        "project": {"git_http_url": REMOTE, "git_ssh_url": "git@git.example:team/shop.git"},
    }
    headers = {"x-gitlab-token": SECRET, "x-gitlab-event": "Push Hook", "x-gitlab-event-uuid": "e-1"}
    async with serve() as client:
        answer = await client.post("/api/webhooks/gitlab", content=as_json(push), headers=headers)
        assert answer.status_code == 202
        wrong = headers | {"x-gitlab-token": SECRET[:-1]}
        answer = await client.post("/api/webhooks/gitlab", content=as_json(push), headers=wrong)
        assert problem(answer) == (401, "signature")
        tag = headers | {"x-gitlab-event": "Tag Push Hook"}
        assert (await client.post("/api/webhooks/gitlab", content=as_json(push), headers=tag)).status_code == 200
        await until(lambda: prefect.runs)
    assert set(prefect.runs) == {"gitlab/e-1"}


async def test_gitlab_names_a_message_by_what_stays_the_same_in_a_retry(serve: Any, prefect: Any) -> None:
    push = {"ref": "refs/heads/main", "after": COMMIT, "project": {"git_http_url": REMOTE}}
    headers = {
        "x-gitlab-token": SECRET,
        "x-gitlab-event": "Push Hook",
        "x-gitlab-event-uuid": "e-1",
        "idempotency-key": "k-1",
    }
    async with serve() as client:
        answer = await client.post("/api/webhooks/gitlab", content=as_json(push), headers=headers)
    assert answer.json()["delivery_id"] == "k-1"
