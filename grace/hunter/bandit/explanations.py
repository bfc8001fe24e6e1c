"""What bandit says about its own rules."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from grace.hunter.bandit.driver import all_rules
from grace.hunter.bandit.triggers import rule_id

_TITLE = re.compile(r"(?m)^\**(?:Test )?B\d{3}\s*:\s*(?:Test for )?(.+?)\**$")
_LINE = re.compile(r"(?m)^[=~-]{4,}\n?")
_END_OF_PROSE = re.compile(r"(?m)^(?::Example:|See also:|\*\*Config Options|\.\. (?:seealso|version|code-block|note))")
_CWE = re.compile(r"CWE-(\d+)")
_LIST = "B001"
"""One rule, that stands for all that are entries in a list of calls or imports."""


@dataclass(frozen=True)
class BanditRule:
    """One of bandit's rules."""

    id: str
    name: str
    title: str
    cwe: int | None
    text: str
    """Its documentation, without examples and settings."""
    link: str


@cache
def bandit_rules() -> Mapping[str, BanditRule]:
    """Every rule by its id."""
    found = {rule.id: rule for rule in (*_functions(), *_entries())}
    return {id_: found[id_] for id_ in sorted(found)}


def _functions() -> Iterator[BanditRule]:
    """Rules that are a function each."""
    for id_, rule in {rule_id(each): each for rules in all_rules().values() for each in rules}.items():
        if id_ != _LIST:
            said = inspect.getdoc(rule) or ""
            said = said if _TITLE.search(said) else inspect.getdoc(inspect.getmodule(rule)) or said
            title, cwe = _TITLE.search(said), _CWE.search(said)
            name = rule.__name__
            text = _END_OF_PROSE.split(_LINE.sub("", said))[0]
            yield BanditRule(
                id=id_,
                name=name,
                title=title[1][:1].upper() + title[1][1:] if title else name,
                cwe=int(cwe[1]) if cwe else None,
                text=_TITLE.sub("", text).strip() or (title[1] if title else name),
                link=_link(id_),
            )


def _entries() -> Iterator[BanditRule]:
    """Rules that are an entry in a list of calls or imports."""
    from bandit.core import extension_loader

    for entry in (entry for listed in extension_loader.MANAGER.blacklist.values() for entry in listed):
        message = entry["message"].replace("{name} module", "module").replace("{name}", "the module")
        yield BanditRule(
            id=entry["id"],
            name=entry["name"],
            title=message.partition(". ")[0].rstrip("."),
            cwe=entry["cwe"] or None,
            text=f"{message}\n\nIt looks for {', '.join(entry['qualnames'])}.",
            link=_link(entry["id"]),
        )


def _link(id_: str) -> str:
    from bandit.core import docs_utils

    return str(docs_utils.get_url(id_))
