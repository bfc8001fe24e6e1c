"""Secrets that people paste into descriptions and commands, or that tools print, are not kept.

Recognises only what is unmistakable by its form (private keys, tokens with a vendor's prefix, credentials in URLs)
or by its name and its look (`password = s3cret-value`, not `token = next(tokens)`): a net, not a wall.
"""

import re
from collections.abc import Sequence

MASK = "[redacted]"

_NAME = (
    r"(?<![A-Za-z0-9])(?:[A-Za-z0-9]+[_-]){0,6}"
    r"(?i:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|private[_-]?key)"
)
_ARGUMENT = r"""(?!-----BEGIN )(?:"[^"\n]+"|'[^'\n]+'|[^\s'"$`;|&)=][^\s'"`;|&)]*)"""
_OPEN = r"""[^\s'",;:.()<>{}\[\]]"""
"""Of a value without quotes; what code would say there has dots, brackets or no digit."""

_SECRETS = re.compile(
    "|".join(
        (  # a group is what stays
            r"-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
            r"(?<=://)(?:[^\s/@:\[\]]*:[^\s/@\[\]]+|[^\s/@:\[\]]{20,})(?=@)",
            r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|[rs]k_live_)[A-Za-z0-9_-]{16,}",
            r"\b(?:sk-|hf_|npm_|pypi-)(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{16,}",
            r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
            r"\bAIza[A-Za-z0-9_-]{35,}",
            r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+",  # a JSON Web Token (RFC 7519)
            r"(\b(?i:bearer) +)[A-Za-z0-9._~+/-]{16,}=*",  # RFC 6750
            r"""(\b(?i:authorization)['"]?\s*[:=]\s*['"]?(?i:basic|token) +)[A-Za-z0-9._~+/-]{8,}=*""",
            rf"((?<![A-Za-z0-9])--?{_NAME}=){_ARGUMENT}",
            rf"((?![A-Z0-9_]*[a-z-]){_NAME}=){_ARGUMENT}",  # as shells have it: API_KEY=abc
            rf"""({_NAME}['"]?\s*[:=]\s*[bru]?["'])(?=[^\s'"]{{0,99}}[0-9])(?=[^\s'"]{{0,99}}[A-Za-z])[^\s'"]{{6,}}(?=["'])""",
            rf"({_NAME}['\"]?\s*[:=]\s*)(?={_OPEN}{{0,99}}[0-9])(?={_OPEN}{{0,99}}[A-Za-z]){_OPEN}{{8,}}+(?![(\[]|\.\S)",
        )
    ),
    re.DOTALL,
)


def redact(text: str) -> str:
    """The text with everything that looks like a secret masked; redacting twice changes nothing more."""
    return _SECRETS.sub(lambda found: "".join(filter(None, found.groups())) + MASK, text)


def redact_command(words: Sequence[str]) -> tuple[str, ...]:
    """A command as it may be kept and shown: also what is given as `--token VALUE`, whatever it looks like."""
    shown: list[str] = []
    secret_next = False
    for word in words:
        name, assigned, _ = word.partition("=")
        secret = re.fullmatch(_NAME, name.lstrip("-")) is not None
        if secret_next and not word.startswith("-"):
            shown.append(MASK)
        else:
            shown.append(f"{name}={MASK}" if assigned and secret else redact(word))
        secret_next = word.startswith("-") and secret and not assigned
    return tuple(shown)
