"""What calls do to untrusted data: some give numbers or answers, some escape it for one kind of sink."""

import re

from grace.hunter.javascript.values import CLEAN, EVERYTHING, Kinds, Taints, Value, cleaned, joined

_HTML: Kinds = frozenset({"html"})
_HARMLESS = re.compile(
    r"(?:parseInt|parseFloat|Number|Boolean|BigInt|Symbol|isNaN|isFinite|Date)\(\)"
    r"|(?:Number|Math|Date|performance|Object\.(?:is|prototype\.hasOwnProperty)|Reflect\.has|Array\.isArray|console"
    r"|logger|log|winston|assert|chai|expect|process\.(?:exit|nextTick|hrtime))\.?.*"
    r"|.*\.(?:length|indexOf|lastIndexOf|includes|startsWith|endsWith|test|has|some|every|findIndex|localeCompare"
    r"|charCodeAt|codePointAt|search|getTime|valueOf|isInteger|compare|compareSync|hasOwnProperty|digest|size|count"
    r"|countDocuments|byteLength|deleteOne|deleteMany|rowCount|toFixed|uuid|v4|hash|hashSync|pbkdf2Sync|scryptSync)\(\)"
    r"|(?:\w+\.)*(?:ObjectId|ObjectID|toObjectId|createFromHexString)\(\)|.*\.(?:Types\.)?ObjectId(?:\.\w+)?\(\)"
)
"""Calls that give no text of what they get."""
_ESCAPES: tuple[tuple[str, Kinds], ...] = (
    (r"(?:.*\.)?encodeURIComponent\(\)", frozenset({"html", "url", "redirect", "path", "location"})),
    (r"(?:.*\.)?encodeURI\(\)|escape\(\)", _HTML),
    (
        r"(?i:(?:.*\.)?(?:\w*escape_?-?(?:html|xml)\w*|html_?-?(?:escape|encode)\w*|\w*sanitiz\w*|\w*purify\w*)\(\))",
        _HTML,
    ),
    (r"(?i:(?:.*\.)?(?:escapeexpression|encode_?(?:html|entities)\w*|strip_?tags)\(\))", _HTML),
    (
        r"(?:he|entities)\.(?:encode|escape)\w*\(\)|escape-html\(\)|sanitize-html\(\)|filterXSS\(\)|xss(?:\.\w+)?\(\)",
        _HTML,
    ),
    (r"(?:_|lodash|underscore|validator|escape-goat)\.(?:escape|htmlEscape)\(\)|lodash[./]escape\(\)", _HTML),
    (r"(?:.*\.)?(?:basename|sanitizeFilename)\(\)|sanitize-filename\(\)", frozenset({"path"})),
    (r".*\.escape\(\)", frozenset({"sql", "html"})),
    (r".*\.escape(?:Id|Identifier|Literal)\(\)|(?:mysql2?|sqlstring)\.format\(\)|pg-format\(\)", frozenset({"sql"})),
    (r"shell-quote\.quote\(\)|(?:.*\.)?(?:shell-?escape|shescape)(?:\.\w+)?\(\)", frozenset({"command"})),
    (r"String\(\)|JSON\.stringify\(\)|.*\.(?:toString|trim|toLowerCase|toUpperCase|join)\(\)", frozenset({"nosql"})),
    (r"(?:express-)?mongo-sanitize(?:\.\w+)?\(\)", frozenset({"nosql"})),
)
_PATTERNS = tuple((re.compile(pattern), kinds) for pattern, kinds in _ESCAPES)


def after_call(path: str, receiver: Value | None, given: list[Value]) -> Taints:
    """The data in what a call gives; `path` is that of its result."""
    taints = joined([receiver.taints if receiver else CLEAN, *(each.taints for each in given)])
    if not taints:
        return CLEAN
    if _HARMLESS.fullmatch(path):
        return CLEAN
    for pattern, kinds in _PATTERNS:
        if pattern.fullmatch(path):
            return cleaned(taints, kinds)
    if path.endswith(".replace()") or path.endswith(".replaceAll()"):
        return _replaced(taints, given)
    return taints


def _replaced(taints: Taints, given: list[Value]) -> Taints:
    """What is taken away by `.replace(/[^a-z]/g, '')`, `.replace(/</g, '&lt;')`, `.replace(/\\.\\./g, '')`."""
    pattern = given[0].text if given and given[0].text else ""
    if not pattern.startswith("/"):
        return taints
    body, _, flags = pattern[1:].rpartition("/")
    if "g" not in flags:
        return taints
    if re.match(r"\[\^[\w\s\\-]*\]\+?$", body) or body in (r"\W", r"\W+", r"\D", r"\D+"):
        return cleaned(taints, EVERYTHING)
    kinds: set[str] = set()
    if "<" in body:
        kinds.add("html")
    if "'" in body:
        kinds.add("sql")
    return cleaned(taints, frozenset(kinds)) if kinds else taints
