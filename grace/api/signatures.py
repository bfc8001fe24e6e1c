"""Whether a message comes from who shares the secret: over the raw body, in constant time."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable

from starlette.datastructures import Headers

LEAST_CHARACTERS = 16
"""A shorter secret can be guessed from one signed message."""
TOLERANCE_SECONDS = 300
"""How far a signed time may be from now."""
_STANDARD_KEY = "whsec_"


def github(headers: Headers, body: bytes, secret: str, now: float) -> bool:
    """`X-Hub-Signature-256`: HMAC-SHA256 of the body."""
    right = f"sha256={_hex(secret, body)}"
    return _all_right(headers.getlist("x-hub-signature-256"), right)


def gitea(headers: Headers, body: bytes, secret: str, now: float) -> bool:
    """`X-Gitea-Signature`, or Forgejo's, or both: HMAC-SHA256 of the body."""
    given = [*headers.getlist("x-gitea-signature"), *headers.getlist("x-forgejo-signature")]
    return _all_right(given, _hex(secret, body))


def gitlab(headers: Headers, body: bytes, secret: str, now: float) -> bool:
    """`webhook-signature` (a signing token), which alone decides where it is given; else `X-Gitlab-Token`."""
    if signatures := headers.getlist("webhook-signature"):
        return len(signatures) == 1 and _is_standard(headers, body, secret, now, signatures[0])
    return _all_right(headers.getlist("x-gitlab-token"), secret)


Check = Callable[[Headers, bytes, str, float], bool]
CHECKS: dict[str, Check] = {"github": github, "gitlab": gitlab, "gitea": gitea}


def _is_standard(headers: Headers, body: bytes, secret: str, now: float, given: str) -> bool:
    """Standard Webhooks: `v1,<base64>` over `id.timestamp.body`, several with spaces between."""
    name, time = (headers.getlist(f"webhook-{part}") for part in ("id", "timestamp"))
    if len(name) != 1 or len(time) != 1 or not re.fullmatch(r"[0-9]{1,12}", time[0]):
        return False
    signed = f"{name[0]}.{time[0]}.".encode("latin-1") + body
    digest = hmac.new(_standard_key(secret), signed, hashlib.sha256).digest()
    right = f"v1,{base64.b64encode(digest).decode()}"
    matches = [_same(each, right) for each in given.split(" ")]
    return any(matches) and abs(now - int(time[0])) <= TOLERANCE_SECONDS


def _standard_key(secret: str) -> bytes:
    try:
        if secret.startswith(_STANDARD_KEY):
            return base64.b64decode(secret.removeprefix(_STANDARD_KEY), validate=True)
    except binascii.Error:  # it only looks like such a key
        return secret.encode()
    return secret.encode()


def _hex(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _all_right(given: list[str], right: str) -> bool:
    return bool(given) and all(_same(each, right) for each in given)


def _same(given: str, right: str) -> bool:
    """Compared as digests, so that not even the length of a secret shows."""
    digests = (hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest() for text in (given, right))
    return hmac.compare_digest(*digests)
