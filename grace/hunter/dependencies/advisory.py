"""A known vulnerability, as the OSV format describes it (https://ossf.github.io/osv-schema/)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from grace.contracts import Severity
from grace.hunter.dependencies.rating import UNRATED, Rating, rate
from grace.hunter.dependencies.source_text import Unreadable

ECOSYSTEM = "PyPI"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,99}")
_PACKAGE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,198}[A-Za-z0-9])?")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+")
_KINDS = ("introduced", "fixed", "last_affected")
_SUMMARY_CHARACTERS = 200


class Event(NamedTuple):
    """Where in the order of versions something changes."""

    kind: str
    """introduced, fixed or last_affected"""
    version: str


class Affected(NamedTuple):
    """Versions of a package, as ranges and one by one: it is enough that one of them has a version."""

    ranges: tuple[tuple[Event, ...], ...] = ()
    versions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Advisory:
    """What an advisory says of one package."""

    id: str
    aliases: tuple[str, ...] = ()
    """Other names of the same vulnerability: CVE, GHSA, PYSEC."""
    summary: str = ""
    rating: Rating = UNRATED
    affected: tuple[Affected, ...] = ()
    malicious: bool = False
    """The package was made to do harm (https://github.com/ossf/malicious-packages)."""

    @property
    def severity(self) -> Severity | None:
        """How bad it is; None: nobody has said."""
        return self.rating.severity


class Document(NamedTuple):
    """An advisory that was read."""

    id: str
    modified: str
    """When it was last changed, as an RFC 3339 time; empty: not said."""
    withdrawn: bool
    packages: Mapping[str, Advisory]
    """Normalised package name -> what is said of it. Empty: it is about no Python package."""


def read_document(document: object) -> Document:
    """An OSV record, from JSON or YAML. Raises Unreadable when it does not follow the format."""
    if not isinstance(document, Mapping):
        raise Unreadable("it is no record")
    name = document.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise Unreadable("it has no id")
    modified = document.get("modified")
    withdrawn = document.get("withdrawn") not in (None, "", "null", "~")
    if "affected" not in document and not withdrawn:
        raise Unreadable("it does not say what is affected, as OSV does since its version 1.0")
    packages: dict[str, list[Affected]] = {}
    raw: dict[str, list[Mapping[str, Any]]] = {}
    for entry in _mappings(document.get("affected"), "affected"):
        if package := _package(entry):
            packages.setdefault(package, []).append(
                Affected(tuple(_ranges(entry)), _texts(entry.get("versions"), "versions"))
            )
            raw.setdefault(package, []).append(entry)
    aliases = tuple(
        alias for alias in _texts(document.get("aliases"), "aliases") if _ID.fullmatch(alias) and alias != name
    )
    specific = document.get("database_specific")
    malicious = any(each.startswith("MAL-") for each in (name, *aliases)) or (
        isinstance(specific, Mapping) and bool(specific.get("malicious-packages-origins"))
    )
    summary = one_line(document.get("summary") or document.get("details") or "")
    return Document(
        name,
        modified if isinstance(modified, str) else "",
        withdrawn,
        {
            package: Advisory(name, aliases, summary, rate(document, raw[package]), tuple(affected), malicious)
            for package, affected in packages.items()
        },
    )


def one_line(text: object) -> str:
    """Text of others as one line that can be shown: no control characters, not too long."""
    if not isinstance(text, str):
        return ""
    line = " ".join(_UNPRINTABLE.sub(" ", text[: 10 * _SUMMARY_CHARACTERS]).split())
    return line if len(line) <= _SUMMARY_CHARACTERS else f"{line[: _SUMMARY_CHARACTERS - 1].rstrip()}…"


def _package(entry: Mapping[str, Any]) -> str:
    """The normalised name of the Python package an entry is about; empty: it is about something else."""
    package = entry.get("package")
    if not isinstance(package, Mapping):
        return ""
    ecosystem, name = package.get("ecosystem"), package.get("name")
    if not isinstance(ecosystem, str) or ecosystem.partition(":")[0].lower() != ECOSYSTEM.lower():
        return ""
    if not isinstance(name, str) or not _PACKAGE.fullmatch(name):
        raise Unreadable("a package has no name")
    return canonicalize_name(name)


def _ranges(entry: Mapping[str, Any]) -> Iterator[tuple[Event, ...]]:
    """Ranges of versions; ranges of commits say nothing of a release."""
    for each in _mappings(entry.get("ranges"), "ranges"):
        if each.get("type") == "GIT":
            continue
        events = _mappings(each.get("events"), "events")
        yield tuple(Event(kind, _text(event[kind])) for event in events for kind in _KINDS if kind in event)


def _mappings(value: object, name: str) -> list[Mapping[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        raise Unreadable(f"its {name} are not a list of tables")
    return value


def _texts(value: object, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Unreadable(f"its {name} are not a list")
    try:
        one_word_each = "\n".join(value).split() == value
    except TypeError as error:
        raise Unreadable(f"its {name} are not text") from error
    return tuple(value) if one_word_each else tuple(map(_text, value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unreadable("a version or a name is not text")
    if len(words := value.split()) != 1:
        raise Unreadable("a version or a name is empty, or has spaces in it")
    return words[0]
