"""All secrets of a text: providers' formats first, then what names give away."""

from grace.contracts import Severity
from grace.hunter.secrets.assignments import secret_assignments
from grace.hunter.secrets.formats import Hit, credentials, named_rule

_CERTAINTY = {Severity.HIGH: 0, Severity.MEDIUM: 1, Severity.LOW: 2}


def search(path: str, text: str, *, named: bool = True) -> list[Hit]:
    """The secrets in a text, by place, none over another; `named`: also those that only a name gives away."""
    lower = _small_letters(text)
    hits = list(credentials(text, lower))
    if named:
        rule = named_rule()
        hits += (Hit(rule, rule.confidence, each.start, each.end, "") for each in secret_assignments(path, text, lower))
    return _without_overlaps(hits)


def _without_overlaps(hits: list[Hit]) -> list[Hit]:
    """Each stretch of text once, as the most certain and then the longest of what was seen there; by place."""
    kept: list[Hit] = []
    taken: dict[int, list[Hit]] = {}
    for hit in sorted(hits, key=lambda hit: (_CERTAINTY[hit.confidence], hit.start - hit.end, hit.start)):
        cells = range(hit.start // 256, hit.end // 256 + 1)
        if any(hit.start < other.end and other.start < hit.end for cell in cells for other in taken.get(cell, ())):
            continue
        kept.append(hit)
        for cell in cells:
            taken.setdefault(cell, []).append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def _small_letters(text: str) -> str:
    """As long as the text, so that places in one are places in the other."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)
