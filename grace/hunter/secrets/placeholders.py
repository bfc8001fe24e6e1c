"""Values that stand where a secret will be: nobody gets in with them."""

import re

from grace.hunter.secrets.randomness import is_patterned, is_random, made_of_words

_ANYWHERE = re.compile(
    r"example|sample|dummy|placeholder|change.?me|change.?this|replace.?(?:me|this|with)|insert.?your|your[-_. ]"
    r"|not.?a.?(?:real|secret)|notsecret|redacted|obfuscated|lorem|ipsum|fixme|todo|undefined|x{4}|\*{3}|\.{3}|…|•"
    r"|deadbeef|cafebabe|0{8}|foobar|not.?so.?secret|s3cr3t|abc123",
)
_WORDS = frozenset(
    {"a", "an", "the", "my", "our", "your", "his", "some", "any", "super", "very", "top", "test", "tests"}
    | {"testing", "tester", "fake", "mock", "stub", "foo", "bar", "baz", "qux", "demo", "dev", "local", "none"}
    | {"null", "nil", "nan", "true", "false", "empty", "blank", "default", "secret", "secrets", "password"}
    | {"passwd", "passphrase", "pass", "pwd", "token", "tokens", "key", "keys", "api", "apikey", "auth"}
    | {"access", "private", "public", "client", "credential", "credentials", "value", "string", "text", "user"}
    | {"username", "admin", "root", "guest", "login", "hidden", "masked", "unset", "unknown", "invalid"}
    | {"valid", "bad", "good", "wrong", "right", "old", "new", "here", "is", "this", "that", "not", "real"}
    | {"enter", "provide", "set", "use", "hunter", "letmein", "welcome", "qwerty", "temp", "tmp", "xxx", "todo"}
    | {"tiger", "scott", "first", "second", "third", "one", "two", "three", "last", "another", "other", "app"}
    | {"application", "server", "service", "db", "database", "postgres", "mysql", "redis", "rabbitmq", "mongo"}
    | {"mongodb"}
)
_SPACE = re.compile(r"\s")
_FILLED_IN = re.compile(
    r"\$\{|\$\(\w+[ )]|\{\{|\}\}|%\(\w+\)|__\w+__|^\$\w+$|^[&*]\w+$|^@\w+@$|^!\w*$"
    r"|os\.environ|process\.env|getenv|env\[|^env[.:]|secrets\.|^vault:|^ref\+|^enc\["
)
"""Something else is put there: a variable, a format, an anchor, an entry of a vault."""
_SLOT = re.compile(r"<[^<>\s]+>|\{[a-z_][\w.:!]*\}|\[[a-z_][\w -]*\]|\(\w+\)|%\w+%|%[sdr](?![a-z0-9])|\{\d*\}")
"""The same, if what is left without it is no secret: drawn text has such marks by chance."""
_VARIABLE = re.compile(r"\$[A-Z][A-Z0-9_]{2,}\b")
_EXPRESSION = re.compile(r"[A-Za-z_]\w*(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+(?:\(\)?)?|[A-Za-z_]\w*\(.*")
_PATTERN = re.compile(r"\\[dwsbDWSB.]|\[\^?\w-\w|\(\?[:!=<a-z]|[+*?)\]]\$$|^\^.*\$$|\.\*\)|\|\w+\|")
_ADDRESS = re.compile(r"^(?:[a-z][a-z0-9+.-]*:/|\./|\.\./|~/|[a-z]:\\|arn:|urn:|data:|file:|mailto:)", re.IGNORECASE)
_FILE = re.compile(
    r"\.(?:pem|key|crt|json|ya?ml|txt|py|js|ts|html?|css|png|svg|toml|ini|cfg|conf|env|log|md|com|org|io)$"
)
_HASHED = re.compile(r"^(?:\$\w{1,12}\$|\{\w+\}|pbkdf2|scrypt:|argon2|bcrypt|sha\d+[:$-]|md5[:$-]|sha\d{3}-)")
_PUBLIC = re.compile(r"^(?:ssh-|ecdsa-|-----BEGIN (?:PUBLIC|CERT|RSA PUBLIC)|pk_(?:live|test)_|pk\.)")
_LONGEST_PIECE = 40
_TAIL = re.compile(r"[\W\d_]+\Z", re.ASCII)
_LEET = str.maketrans("0134578@$!", "oieastbasi")


def is_dummy(value: str) -> bool:
    """Of a value in a provider's format: made up for show."""
    return _ANYWHERE.search(value.lower()) is not None or is_patterned(value)


def is_placeholder(value: str, name: str = "") -> bool:
    """Of the value of a name: a stand-in, an expression, an address, a pattern, or the name again."""
    lower = value.lower()
    return (
        _SPACE.search(value) is not None
        or (name != "" and _same(lower, name.lower()))
        or _ANYWHERE.search(lower) is not None
        or _has_slots(lower)
        or any(pattern.search(lower) for pattern in (_FILLED_IN, _ADDRESS, _FILE, _HASHED))
        or any(pattern.search(value) for pattern in (_PATTERN, _PUBLIC, _VARIABLE))
        or (_EXPRESSION.fullmatch(value) is not None and made_of_words(value))
        or is_patterned(value)
        or _only_words(lower)
    )


def _has_slots(value: str) -> bool:
    rest = _SLOT.sub("", value)
    return rest != value and (2 * len(rest) < len(value) or not is_random(rest))


def _only_words(value: str) -> bool:
    """Made of words that nobody would choose for a secret, also where digits stand for letters."""
    return _consists(value) or _consists(_TAIL.sub("", value).translate(_LEET))


def _consists(value: str) -> bool:
    rest = [piece for piece in re.split(r"[^a-z]+", value) if len(piece) > 1]
    return all(piece in _WORDS or _in_two(piece) for piece in rest)


def _in_two(piece: str) -> bool:
    """`mypassword`: words written as one."""
    if len(piece) > _LONGEST_PIECE:
        return False
    ends = [True, *[False] * len(piece)]
    for end in range(1, len(piece) + 1):
        ends[end] = any(ends[start] and piece[start:end] in _WORDS for start in range(max(0, end - 12), end))
    return ends[-1]


def _same(value: str, name: str) -> bool:
    plain_value, plain_name = (re.sub(r"[^a-z0-9]", "", text) for text in (value, name))
    return plain_value in plain_name or (plain_name in plain_value and len(plain_value) < len(plain_name) + 6)
