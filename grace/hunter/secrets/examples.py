"""Examples whose tokens are put together when they are needed: none lies in the repository in one piece.

In a rule's example `{token}` stands for a token, and the rule's `shape` says how one is made: text as it is, and
`<alphabet:length>` or `<part>` for what is drawn. What is drawn depends on the seed alone.
"""

import base64
import hashlib
import re
import string

from grace.hunter.catalogue import Example, Rule
from grace.hunter.secrets.checks import BASE62, bech32_checksum, crc32_base62

TOKEN = "{token}"  # noqa: S105 # what stands for a token in an example
_ALPHABETS = {
    "base62": BASE62,
    "base64": BASE62 + "+/",
    "base64url": BASE62 + "-_",
    "lower": string.ascii_lowercase,
    "letters": string.ascii_letters,
    "upper36": string.ascii_uppercase + string.digits,
    "lower36": string.ascii_lowercase + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "digits": "123456789",
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
}
_PART = re.compile(r"<(?P<what>[A-Za-z0-9-]+)(?::(?P<length>\d+))?>")


def examples(rule: Rule) -> tuple[Example, ...]:
    """The examples of a rule as its detector reads them."""
    shapes = rule.details.get("shape", ())
    return tuple(
        example.model_copy(update={"code": code})
        for example in rule.examples
        for code in _filled(example.code, shapes, rule.id)
    )


def token(shape: str, seed: str) -> str:
    """A token of a shape; always the same one for the same seed."""
    made = ""
    at = 0
    for part in _PART.finditer(shape):
        made += shape[at : part.start()]
        made += _made(part["what"], int(part["length"] or 0), made, f"{seed}/{part.start()}")
        at = part.end()
    return made + shape[at:]


def _filled(code: str, shapes: tuple[str, ...], seed: str) -> list[str]:
    if TOKEN not in code:
        return [code]
    return [code.replace(TOKEN, token(shape, f"{seed}/{at}")) for at, shape in enumerate(shapes)]


def _made(what: str, length: int, before: str, seed: str) -> str:
    if what == "crc32":
        return crc32_base62(before.rpartition("_")[2])
    if what == "bech32-checksum":
        human, _, data = before.lower().rpartition("1")
        return bech32_checksum(human, data).upper()
    if what == "jwt-header":
        return _base64url('{"alg":"HS256","typ":"JWT"}')
    if what == "jwt-claims":
        return _base64url(f'{{"sub":"{_drawn("digits", 8, seed)}","scope":"{_drawn("lower", length, seed)}"}}')
    if what == "number":
        return _base64url(_drawn("digits", length, seed))
    if what == "login":
        return base64.b64encode(f"deploy:{_drawn('base62', length, seed)}".encode()).decode()
    if what == "lines":
        body = _drawn("base64", 64 * length, seed)
        return "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return _drawn(what, length, seed)


def _drawn(alphabet: str, length: int, seed: str) -> str:
    letters = _ALPHABETS[alphabet]
    return "".join(letters[byte % len(letters)] for byte in hashlib.shake_256(seed.encode()).digest(length))


def _base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
