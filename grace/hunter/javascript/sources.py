"""Where untrusted data comes from, by the symbolic path of what is read; and the names by which paths begin."""

import re
from collections.abc import Collection

REQUEST, RESPONSE, CONTEXT, EVENT, MESSAGE = "$req", "$res", "$ctx", "$event", "$message"
"""Roots of paths that no variable can have: what a framework hands to a function."""
_SOURCES = (
    (
        "web",
        re.compile(
            r"\$req\.(?:body|query|params|headers|cookies|signedCookies|url|originalUrl|path|hostname|host|files?|rawBody"
            r"|rawHeaders|payload|subdomains|nextUrl|(?:param|get|header|text|json|formData|arrayBuffer|blob)\(\))"
            r"(?:$|[.(\[])"
        ),
    ),
    (
        "web",
        re.compile(
            r"\$ctx\.(?:(?:request\.|req\.)?(?:query|querystring|params|body|rawBody|headers?|url|originalUrl|path|host"
            r"|hostname|href|search)|request\.files?|(?:cookies\.)?get\(\)|param\(\)|req\.(?:query|param|header|json"
            r"|parseBody)\(\))(?:$|[.(\[])"
        ),
    ),
    (
        "web",
        re.compile(
            r"\$event\.(?:body|queryStringParameters|multiValueQueryStringParameters|pathParameters|headers|rawPath"
            r"|rawQueryString|cookies)(?:$|[.(\[])"
        ),
    ),
    ("web", re.compile(r"\$data(?:$|[.(\[])")),
    ("dom", re.compile(r"\$message\.data(?:$|[.(\[])")),
    (
        "dom",
        re.compile(
            r"(?:document\.)?location(?:\.(?:href|search|hash|pathname|toString\(\)))?(?:$|[(\[])"
            r"|document\.(?:URL|documentURI|baseURI|referrer|cookie)(?:$|[.(\[])|window\.name$"
            r"|(?:[\w-]+(?:/[\w-]+)*\.)?(?:useParams|useSearchParams)\(\)"
        ),
    ),
    ("arguments", re.compile(r"process\.argv(?!\.[01](?:$|[.(\[]))(?:$|[.(\[])")),
)
_WHOLE = re.compile(
    r"\$(?:req|ctx|event)\.(?:request\.|req\.)?(?:body|query|params|payload|json\(\)|headers|cookies"
    r"|queryStringParameters|pathParameters)|\$data"
)
_HARMLESS_ENDS = re.compile(r"\.(?:length|size|content-length|byteLength)$")
_GLOBALS = re.compile(r"(?:window|globalThis|self|top|parent|frames)\.(?=[A-Za-z_$])")
_MODULES = {"fs/promises": "fs.promises", "fs-extra": "fs", "graceful-fs": "fs", "original-fs": "fs"}
_NAMES = {
    **dict.fromkeys(("req", "_req", "httpReq", "httpRequest"), REQUEST),
    **dict.fromkeys(("res", "response", "_res", "resp", "httpRes", "httpResponse"), RESPONSE),
    "ctx": CONTEXT,
    "reply": "$reply",
}
_ANSWERED = {"request": REQUEST, "_request": REQUEST, "context": CONTEXT}
"""Names that also mean other things: a request that is sent, a context of any kind."""
_ANSWERS = frozenset({"res", "response", "_res", "resp", "reply", "h", "toolkit", "next", "_response"})
"""What stands beside them where a request is answered."""
_NAMED_HANDLERS = frozenset(
    {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "loader", "action", "middleware"}
)
_TYPES = re.compile(
    r":\s*(?:\w+\.)*(?:(?P<request>(?:Next|Express|Fastify|Vercel)?(?:Api)?Request|IncomingMessage)"
    r"|(?P<response>(?:Express|Vercel)?(?:NextApi|Api)?Response|ServerResponse)"
    r"|(?P<context>(?:Koa)?Context|RouterContext|ParameterizedContext)|(?P<event>APIGateway(?:Proxy)?Event\w*))\b"
)
_DECORATORS = re.compile(r"@(?:Body|Query|Param|Headers?|RawBody|UploadedFile|Cookies)\b")
_REQUESTS = re.compile(r"@(?:Req|Request)\b")
_RESPONSES = re.compile(r"@(?:Res|Response)\b")
ROUTES = frozenset({"get", "post", "put", "patch", "delete", "del", "all", "use", "head", "options", "route", "handle"})
"""Methods of applications and routers that take handlers."""


def source_kind(path: str) -> str:
    """The kind of source that is read by a path, "" for none."""
    if "." not in path and "location" not in path and "$data" not in path:
        return "dom" if path.endswith(("useParams()", "useSearchParams()")) else ""
    if _HARMLESS_ENDS.search(path):
        return ""
    return next((kind for kind, pattern in _SOURCES if pattern.match(path)), "")


def is_extent(path: str, extent: str) -> bool:
    """Whether a source is a parsed request as a whole, or a part of one, as is asked for."""
    return not extent or (_WHOLE.fullmatch(path) is not None) == (extent == "whole")


def global_path(name: str) -> str:
    """The path of a name that nothing in the file binds."""
    return _NAMES.get(name, name) if name in ("req", "res", "ctx") else name


def normal(path: str) -> str:
    """The path without the roundabout ways to the same thing."""
    return _GLOBALS.sub("", path, count=1) if path.startswith(("w", "g", "s", "t", "p", "f")) else path


def module_path(name: str) -> str:
    """The path of a module that is imported."""
    name = name.removeprefix("node:")
    return _MODULES.get(name, name)


def parameter_path(name: str, written: str, beside: Collection[str], function: str) -> str:
    """The path of a parameter, by its name, its type and its decorators; "" when they say nothing.

    `beside` are the names of the function's parameters, `function` is its own.
    """
    if written.startswith("@"):
        if _DECORATORS.match(written):
            return "$data"
        if _REQUESTS.match(written):
            return REQUEST
        if _RESPONSES.match(written):
            return RESPONSE
    if ":" in written and (typed := _TYPES.search(written)):
        roots = {"request": REQUEST, "response": RESPONSE, "context": CONTEXT, "event": EVENT}
        return roots[typed.lastgroup or "request"]
    if name in _ANSWERED and (function in _NAMED_HANDLERS or not _ANSWERS.isdisjoint(beside)):
        return _ANSWERED[name]
    return _NAMES.get(name, "")


def own_path(name: str) -> str:
    """The path of a parameter of which only the name is known: not that of a global thing called so."""
    return name if not name or name in ("$", "jQuery", "_") else f"@{name}"


def shown(path: str) -> str:
    """A source as people write it."""
    for root, word in ((REQUEST, "req"), (CONTEXT, "ctx"), (EVENT, "event"), (MESSAGE, "event")):
        if path.startswith(root):
            return word + path[len(root) :]
    return "what was received" if path.startswith("$data") else path
