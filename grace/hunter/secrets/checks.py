"""What a regular expression cannot say about a credential: its checksum, what it decodes to, what stands around it.

A check gets the match and says how sure it is that this is a secret in use; None: it is not.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Mapping

from grace.contracts import Severity
from grace.hunter.secrets.placeholders import is_dummy, is_placeholder
from grace.hunter.secrets.randomness import entropy, is_random

Check = Callable[[re.Match[str]], Severity | None]
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_LENGTH = 6
_LOCAL = re.compile(
    r"(?:localhost|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[?::1\]?|host\.docker\.internal|[a-z][a-z0-9_-]*)\Z", re.I
)
_EXAMPLE_HOST = re.compile(
    r"(?:^|\.)(?:(?:my|your|some)?-?(?:example|domain|host|hostname|server|company|foo|bar|acme|site|test)"
    r"(?:\.\w+)*|invalid|local)\Z|^host",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}\Z")
_WEB = re.compile(r"(?:git\+)?(?:https?|wss?|ftps?|sftp|ssh)\Z", re.IGNORECASE)
_PEM_LINE = re.compile(r"[A-Za-z0-9+/]{40,}")
_PEM_ENOUGH = 100
_MARKED_ENCRYPTED = re.compile(r"ENCRYPTED")


def crc32_base62(text: str) -> str:
    """CRC-32 as six digits to base 62, as GitHub and npm end their tokens."""
    number = zlib.crc32(text.encode())
    digits = ""
    while number:
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits.rjust(_CHECKSUM_LENGTH, "0")


def bech32_checksum(human: str, data: str) -> str:
    """The six letters that end a bech32 string (BIP 173)."""
    expanded = [ord(c) >> 5 for c in human] + [0] + [ord(c) & 31 for c in human]
    remainder = 1
    for value in (*expanded, *(_BECH32.index(c) for c in data), *(0,) * _CHECKSUM_LENGTH):
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            remainder ^= generator if top >> bit & 1 else 0
    remainder ^= 1
    return "".join(_BECH32[remainder >> 5 * (5 - at) & 31] for at in range(_CHECKSUM_LENGTH))


def _checksum(match: re.Match[str]) -> Severity | None:
    """Certain where the checksum is right; a wrong one is a token that somebody altered, or made up."""
    body = match["secret"].rpartition("_")[2]
    right = crc32_base62(body[:-_CHECKSUM_LENGTH]) == body[-_CHECKSUM_LENGTH:]
    return Severity.HIGH if right else _unless_dummy(body, Severity.MEDIUM)


def _age(match: re.Match[str]) -> Severity | None:
    human, _, data = match["secret"].lower().rpartition("1")
    right = bech32_checksum(human, data[:-_CHECKSUM_LENGTH]) == data[-_CHECKSUM_LENGTH:]
    return Severity.HIGH if right else None


def _private_key(match: re.Match[str]) -> Severity | None:
    """Only with a body: programs that read keys name the line they begin with. Encrypted ones need a second secret."""
    body = match["secret"]
    plain = re.sub(r"\\+[nrt]|[\s\"'`,;+\\]", "", body)
    longest = max(map(len, _PEM_LINE.findall(plain)), default=0)
    if longest < _PEM_ENOUGH or is_dummy(plain[:2000].replace("/", "")[:200]):
        return None
    return Severity.MEDIUM if _MARKED_ENCRYPTED.search(match[0][:200]) else Severity.HIGH


def _jwt(match: re.Match[str]) -> Severity | None:
    """Signed, and not the one that everybody shows."""
    header, claims, _ = match["secret"].split(".")
    said, claimed = _json(header), _json(claims)
    if said is None or claimed is None or str(said.get("alg", "none")).lower() == "none":
        return None
    shown = str(claimed.get("sub", "")) == "1234567890" or "John Doe" in str(claimed.get("name", ""))
    return None if shown else Severity.MEDIUM


def _json_inside(match: re.Match[str]) -> Severity | None:
    encoded = match["secret"]
    return Severity.HIGH if _json(encoded[encoded.index("eyJ") :].split("_")[0].split(".")[0]) is not None else None


def _discord(match: re.Match[str]) -> Severity | None:
    """The first part is the number of the bot's account."""
    decoded = _decoded(match["secret"].split(".")[0])
    return Severity.HIGH if decoded is not None and decoded.isdigit() else None


def _basic(match: re.Match[str]) -> Severity | None:
    """`user:password`, which base64 does not hide."""
    decoded = _decoded(match["secret"])
    if decoded is None or not decoded.isprintable() or ":" not in decoded:
        return None
    user, _, password = decoded.partition(":")
    return None if _given_away(user, password) else Severity.MEDIUM


def _bearer(match: re.Match[str]) -> Severity | None:
    value = match["secret"]
    return Severity.MEDIUM if not is_placeholder(value) and is_random(value) else None


def _connection(match: re.Match[str]) -> Severity | None:
    """A service that is no web page: databases, brokers, directories."""
    scheme = _scheme(match)
    return _login(match) if scheme and not _WEB.match(scheme) else None


def _web_login(match: re.Match[str]) -> Severity | None:
    return _login(match) if _WEB.match(_scheme(match)) else None


def _login(match: re.Match[str]) -> Severity | None:
    user, password, host = match["user"], match["secret"], match["host"]
    if _given_away(user, password) or _EXAMPLE_HOST.search(host):
        return None
    if _LOCAL.match(host):  # everybody's own machine, or a name inside a set of containers
        return Severity.MEDIUM if is_random(password) else None
    return Severity.MEDIUM


def _given_away(user: str, password: str) -> bool:
    return len(password) < 4 or password.lower() == user.lower() or is_placeholder(password, user)


def _random(match: re.Match[str]) -> Severity | None:
    """What the name around it says decides, if it also looks drawn."""
    value = match["secret"]
    return Severity.MEDIUM if is_random(value) and not is_dummy(value) else None


def _mixed(match: re.Match[str]) -> Severity | None:
    """Forty characters of base64 in which all kinds occur: not a hash in hexadecimal, not a path."""
    value = match["secret"]
    mixed = all(any(map(kind, value)) for kind in (str.islower, str.isupper, str.isdigit))
    return Severity.MEDIUM if mixed and entropy(value) > 3.9 and not is_dummy(value) else None


def _scheme(match: re.Match[str]) -> str:
    before = _SCHEME.search(match.string, max(0, match.start() - 31), match.start())
    return before[0] if before else ""


def _unless_dummy(value: str, confidence: Severity) -> Severity | None:
    return None if is_dummy(value) else confidence


def _decoded(text: str) -> str | None:
    try:
        raw = base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "=" * (-len(text) % 4))
        return raw.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _json(text: str) -> dict[str, object] | None:
    decoded = _decoded(text)
    try:
        value = json.loads(decoded or "")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


CHECKS: Mapping[str, Check] = {
    "crc32": _checksum,
    "age": _age,
    "private-key": _private_key,
    "jwt": _jwt,
    "json": _json_inside,
    "discord": _discord,
    "basic": _basic,
    "bearer": _bearer,
    "connection": _connection,
    "web-login": _web_login,
    "random": _random,
    "mixed": _mixed,
}
"""By the name that a rule calls it."""
