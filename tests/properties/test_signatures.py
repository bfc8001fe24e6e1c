"""Only who knows the secret can sign, and only what was signed is taken."""

import base64
import hashlib
import hmac
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from grace.api.signatures import CHECKS, TOLERANCE_SECONDS

bodies = st.binary(max_size=200)
secrets = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
providers = st.sampled_from(sorted(CHECKS))
NOW = 1_800_000_000


def digest(body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def raw(**headers: Any) -> Headers:
    """Headers as they come over the wire."""
    encode = [(name.replace("_", "-").encode(), str(value).encode("utf-8")) for name, value in headers.items()]
    return Headers(raw=encode)


def standard(body: bytes, key: bytes, *, name: str = "m-1", at: int = NOW) -> dict[str, str]:
    made = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook_id": name,
        "webhook_timestamp": str(at),
        "webhook_signature": f"v1,{base64.b64encode(made).decode()}",
    }


@given(bodies, secrets)
def test_what_is_signed_with_the_secret_is_taken(body: bytes, secret: str) -> None:
    made = digest(body, secret)
    assert CHECKS["github"](raw(x_hub_signature_256=f"sha256={made}"), body, secret, NOW)
    assert CHECKS["gitea"](raw(x_gitea_signature=made), body, secret, NOW)
    assert CHECKS["gitea"](raw(x_forgejo_signature=made), body, secret, NOW)
    assert CHECKS["gitlab"](raw(**standard(body, secret.encode())), body, secret, NOW)


@given(bodies, bodies, secrets, secrets)
def test_another_body_or_secret_is_not(body: bytes, other: bytes, secret: str, another: str) -> None:
    assume((body, secret) != (other, another))
    assume(secret.encode().rstrip(b"\0") != another.encode().rstrip(b"\0") or body != other)  # HMAC pads with zeros
    made = digest(body, secret)
    assert not CHECKS["github"](raw(x_hub_signature_256=f"sha256={made}"), other, another, NOW)
    assert not CHECKS["gitea"](raw(x_gitea_signature=made), other, another, NOW)
    assert not CHECKS["gitlab"](raw(**standard(body, secret.encode())), other, another, NOW)


@given(
    providers,
    bodies,
    st.dictionaries(
        st.sampled_from(
            [
                "x_hub_signature_256",
                "x_gitea_signature",
                "x_gitlab_token",
                "webhook_signature",
                "webhook_id",
                "webhook_timestamp",
            ]
        ),
        st.text(max_size=80),
    ),
)
def test_no_guess_is_taken_and_none_breaks_the_check(provider: str, body: bytes, headers: dict[str, str]) -> None:
    assert not CHECKS[provider](raw(**headers), body, "the secret nobody guesses", NOW)


@given(bodies, st.integers(-10_000, 10_000))
def test_an_old_signature_of_gitlab_is_refused(body: bytes, seconds: int) -> None:
    headers = raw(**standard(body, b"secret", at=NOW + seconds))
    assert CHECKS["gitlab"](headers, body, "secret", NOW) is (abs(seconds) <= TOLERANCE_SECONDS)


@given(bodies, st.binary(min_size=32, max_size=32))
def test_a_signing_token_of_gitlab_is_the_key_it_holds(body: bytes, key: bytes) -> None:
    token = f"whsec_{base64.b64encode(key).decode()}"
    good = standard(body, key)
    assert CHECKS["gitlab"](raw(**good), body, token, NOW)
    assert not CHECKS["gitlab"](raw(**good | {"webhook_id": "m-2"}), body, token, NOW)
    several = good | {"webhook_signature": f"v1,AAAA {good['webhook_signature']}"}
    assert CHECKS["gitlab"](raw(**several), body, token, NOW)


def test_a_wrong_signature_of_gitlab_is_not_saved_by_the_right_token() -> None:
    headers = raw(**standard(b"", b"wrong"), x_gitlab_token="secret")
    assert not CHECKS["gitlab"](headers, b"", "secret", NOW)
