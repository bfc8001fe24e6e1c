"""Advisories and audits in memory."""

from datetime import UTC, datetime

import pytest

from grace.hunter.dependencies import Advisories, AdvisoriesInMemory, audit
from grace.hunter.tree import Tree

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def advisory():
    """An OSV record about one package."""

    def advisory(package, *events, name="PYSEC-2020-1", aliases=(), versions=(), **more):
        affected = {"package": {"ecosystem": "PyPI", "name": package}}
        if events:
            affected["ranges"] = [{"type": "ECOSYSTEM", "events": [dict([event]) for event in events]}]
        if versions:
            affected["versions"] = list(versions)
        return {
            "id": name,
            "modified": "2026-05-30T00:00:00Z",
            "aliases": list(aliases),
            "affected": [affected],
            **more,
        }

    return advisory


@pytest.fixture
def all_below():
    """A record that every version of a package below one is affected by."""

    def all_below(package, version, **more):
        return {
            "id": "PYSEC-2020-1",
            "modified": "2026-05-30T00:00:00Z",
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": package},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": version}]}],
                }
            ],
            **more,
        }

    return all_below


@pytest.fixture
def findings():
    """The findings in files, given as text, with some advisories."""

    def findings(files, *records, advisories=None, date=NOW, now=NOW):
        advisories = advisories or Advisories(AdvisoriesInMemory(records, date=date))
        tree = Tree.of({path: text.encode() if isinstance(text, str) else text for path, text in files.items()})
        detection = audit(tree, advisories=advisories, now=now)
        assert not detection.failures
        return detection.findings

    return findings
