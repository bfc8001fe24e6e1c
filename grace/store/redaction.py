"""Secrets people paste into descriptions, or tools print into errors, are not kept.

Recognises only what is unmistakable by its form (credentials in URLs, private keys, tokens with a
vendor's prefix, `password=...`): a net, not a wall.
"""

import re

MASK = "[redacted]"

_SECRETS = re.compile(
    r"""(?x)
      (?<=://) [^\s/@:]+ : [^\s/@]+ (?=@)                                     # user:password in a URL
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    | \b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|sk_live_)[A-Za-z0-9_\-]{16,}
    | \bAKIA[0-9A-Z]{16}\b
    | \beyJ[A-Za-z0-9_\-]{8,}\.eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]+         # a JSON Web Token (RFC 7519)
    | (?<=bearer\ )[A-Za-z0-9._~+/\-]{16,}=*                                  # RFC 6750
    | (?i:\b(?:password|passwd|secret|token|api_?key)\s*[=:]\s*)(?P<value>[^\s'",;]{4,})
    """,
    re.DOTALL,
)


def redact(text: str) -> str:
    """The text with everything that looks like a secret masked; redacting twice changes nothing more."""

    def mask(match: re.Match[str]) -> str:
        value = match["value"]
        return MASK if value is None else match[0][: -len(value)] + MASK

    return _SECRETS.sub(mask, text)
