"""When a print can bring markup or script into a page."""

from grace.hunter.templates.expressions import Item
from grace.hunter.templates.page import Page

SAFE, OFF, UNQUOTED, SCRIPT = "safe", "off", "unquoted", "script"
"""Kinds of risk, each a rule of its own."""
_TRUSTS = frozenset({"safe", "mark_safe", "safeseq", "Markup"})
_ESCAPES = frozenset(
    {"e", "escape", "forceescape", "force_escape", "escapeseq", "striptags", "sanitize", "bleach", "clean"}
)
_HARMLESS = frozenset(
    {
        "tojson",
        "json_script",
        "urlencode",
        "iriencode",
        "slugify",
        "length",
        "length_is",
        "count",
        "int",
        "float",
        "round",
    }
    | {
        "abs",
        "wordcount",
        "floatformat",
        "filesizeformat",
        "pluralize",
        "yesno",
        "date",
        "time",
        "timesince",
        "timeuntil",
    }
    | {
        "divisibleby",
        "get_digit",
        "sum",
        "add_class",
        "intcomma",
        "naturaltime",
        "crispy",
        "b64encode",
        "base64",
        "url",
    }
)
"""Filters after which nothing is left that a browser would read as markup or script."""
_FOR_SCRIPTS = frozenset({"escapejs"})


def risk(item: Item, page: Page, *, escaped: bool) -> tuple[str, str] | None:
    """The kind of risk that printing an item has at a place, and its reason; None: none that is sure."""
    filters = list(item.filters)
    if any(name in _HARMLESS for name in filters):
        return None
    trusted_at = max((at for at, name in enumerate(filters) if name in _TRUSTS), default=-1)
    raw = trusted_at >= 0 or not escaped
    cleaned = any(name in _ESCAPES for name in (filters[:trusted_at] if trusted_at >= 0 else filters))
    cleaned = cleaned or any(name in ("forceescape", "force_escape", "striptags") for name in filters)
    in_script = page.place in ("script", "string") or page.in_javascript
    if in_script and any(name in _FOR_SCRIPTS for name in filters):
        return (SCRIPT, "printed as code inside a script") if page.place == "script" else None
    if raw and not cleaned:
        if trusted_at >= 0:
            return SAFE, f"printed with |{filters[trusted_at]}" if filters[
                trusted_at
            ] != "Markup" else "printed as Markup"
        return OFF, "printed where nothing is escaped"
    if page.place == "value" and page.in_javascript:
        return SCRIPT, f"printed in the script of {page.attribute}, where escaping is undone before it runs"
    if page.place == "value" and not page.quote:
        return UNQUOTED, f"printed in the attribute {page.attribute} without quotes"
    if page.place == "script":
        return SCRIPT, "printed as code inside a script"
    if page.place == "string" and page.quote == "`":
        return SCRIPT, "printed in a template literal of a script, whose marks are not escaped"
    return None
