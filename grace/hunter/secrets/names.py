"""Names that promise a secret: `db_password`, `apiKey`, `SECRET_KEY_BASE`; not `password_url`, `token_type`."""

import re
from collections.abc import Iterator, Sequence

_STEMS = ("pass", "pwd", "secret", "token", "credential", "key")
"""In one of these each name of a secret ends, or goes on from it."""
_SECRET = frozenset(
    {"password", "passwd", "passphrase", "passcode", "pass", "pwd", "secret", "secrets", "token"}
    | {"credential", "credentials"}
)
_OF_KEYS = frozenset(
    {"api", "private", "access", "auth", "encryption", "signing", "master", "account", "storage", "session"}
    | {"shared", "license", "deploy", "admin", "webhook", "hmac", "jwt", "aes", "crypt", "cipher", "service"}
    | {"crypto", "ssh", "client", "secret"}
)
_AFTER = frozenset(
    {"key", "keys", "value", "val", "str", "string", "base", "b64", "base64", "hex", "raw", "plain", "text"}
    | {"prod", "production", "dev", "devel", "staging", "stage", "test", "live", "local", "default", "main"}
    | {"primary", "secondary", "current", "old", "new", "prev", "previous", "next", "v"}
)
"""What may follow and leaves it a secret."""
_JOINED = re.compile(
    r"(?P<before>.*?)(?P<secret>password|passwd|passphrase|passcode|secret|token|credentials?|pwd"
    r"|(?:api|private|access|auth|secret|encryption|signing)key)(?P<after>key)?"
)
_NO_SECRET_BEFORE = frozenset(
    {"csrf", "next", "page", "continuation", "lexer", "cancel", "cancellation", "no", "without", "public"}
    | {"hash", "hashed", "encrypted", "is", "has", "check", "invalid", "missing", "reset", "forgot", "change"}
    | {"old", "bad", "wrong", "type", "delim", "delimiter", "stop", "start", "eos", "bos", "pad", "unk", "mask"}
    | {"special"}
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PASSWORDS = frozenset({"password", "passwd", "passphrase", "passcode", "pass", "pwd"})


def stems(lower: str) -> Iterator[tuple[int, int]]:
    """Where in a text in small letters the name of a secret may stand, by place."""
    places = []
    for stem in _STEMS:
        at = lower.find(stem)
        while at >= 0:
            places.append((at, at + len(stem)))
            at = lower.find(stem, at + len(stem))
    return iter(sorted(places))


def words(name: str) -> tuple[str, ...]:
    """The words of an identifier, in small letters."""
    return tuple(word.lower() for word in _WORD.findall(name))


def promises_secret(name: str) -> bool:
    """Whether what is called so is a secret itself rather than something about one."""
    parts = words(name)
    end = _secret_end(parts)
    if end is None:
        return False
    following = [word for word in parts[end:] if not word.isdigit()]
    return set(following) <= _AFTER and not _NO_SECRET_BEFORE.intersection(parts[:end])


def promises_password(name: str) -> bool:
    """Whether a person may have chosen the value."""
    return bool(_PASSWORDS.intersection(words(name))) or "passw" in name.lower()


def _secret_end(parts: Sequence[str]) -> int | None:
    """After which word the name has named a secret for the last time."""
    for at in range(len(parts) - 1, -1, -1):
        word = parts[at]
        if word in _SECRET or _JOINED.fullmatch(word):
            return at + 1
        if word in ("key", "keys") and at and parts[at - 1] in _OF_KEYS:
            return at + 1
    return None
