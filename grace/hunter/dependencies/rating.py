"""How bad an advisory says it is: CVSS vectors first, then the word of its source."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from grace.contracts import Severity

UNKNOWN = "severity unknown"
_WORDS = {"low": Severity.LOW, "moderate": Severity.MEDIUM, "medium": Severity.MEDIUM}
_WORDS |= {"important": Severity.HIGH, "high": Severity.HIGH, "critical": Severity.HIGH}
_SCALE = ((7.0, Severity.HIGH, "high"), (4.0, Severity.MEDIUM, "medium"), (0.0, Severity.LOW, "low"))


class Rating(NamedTuple):
    """How bad it is, and how that is said."""

    severity: Severity | None = None
    text: str = UNKNOWN


UNRATED = Rating()


def rate(document: Mapping[str, Any], affected: Iterable[Mapping[str, Any]]) -> Rating:
    """The highest CVSS base score among the vectors, else the highest word, else unknown."""
    places: Sequence[Mapping[str, Any]] = (document, *affected)
    scores = [score for place in places for vector in _vectors(place) if (score := base_score(vector)) is not None]
    if scores:
        score = max(scores)
        severity, word = next((severity, word) for least, severity, word in _SCALE if score >= least)
        return Rating(severity, f"CVSS {score:.1f} {word if score < 9 else 'critical'}")
    words = [word for place in places for word in _words(place)]
    if words:
        word = max(words, key=lambda each: (list(Severity).index(_WORDS[each]), each == "critical"))
        return Rating(_WORDS[word], f"rated {word}")
    return UNRATED


def base_score(vector: str) -> float | None:
    """The base score of a CVSS vector of version 2, 3 or 4; None when it is none."""
    from cvss.cvss2 import CVSS2
    from cvss.cvss3 import CVSS3
    from cvss.cvss4 import CVSS4
    from cvss.exceptions import CVSSError

    if len(vector) > 500:
        return None
    kind = CVSS4 if vector.startswith("CVSS:4") else CVSS3 if vector.startswith("CVSS:3") else CVSS2
    try:
        score = kind(vector).base_score
    except CVSSError:
        return None
    return None if score is None else float(score)


def _vectors(place: Mapping[str, Any]) -> Iterator[str]:
    listed = place.get("severity")
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, Mapping) and isinstance(score := each.get("score"), str):
            yield score.strip()


def _words(place: Mapping[str, Any]) -> Iterator[str]:
    for key in ("database_specific", "ecosystem_specific"):
        table = place.get(key)
        if isinstance(table, Mapping) and isinstance(word := table.get("severity"), str) and word.lower() in _WORDS:
            yield word.lower()
