"""Bandit, as a library, on sources in memory.

Its node visitor is driven directly: its manager wants files, ends the process on Ctrl-C and only logs the
rules that crash. All rules run with their own defaults. `# nosec` comments and the project's bandit
configuration are not followed: a change must not silence its own findings, and what was silenced before is in
the baseline.
"""

import ast
import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from grace.contracts import Finding, Location, Severity
from grace.hunter.fingerprint import fingerprint

NAME = "bandit"
_EVIDENCE_CHARACTERS = 200


@dataclass(frozen=True)
class Detection:
    """What a detector saw in some files, and why it saw nothing in others."""

    findings: tuple[Finding, ...]
    failures: Mapping[str, str]
    """Path -> reason, for files it could not analyse to the end."""


def bandit_version() -> str:
    """The version of bandit that runs."""
    return version("bandit")


def detect(sources: Mapping[str, bytes]) -> Detection:
    """Run every rule of bandit over Python sources, given by path."""
    findings: list[Finding] = []
    failures: dict[str, str] = {}
    for path, source in sources.items():
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the target's own dubious escapes
                tree = ast.parse(source)
                findings.extend(_issues(path, source, tree, failures))
        except (SyntaxError, ValueError) as error:
            failures[path] = f"not Python that this interpreter reads: {error}"
        except (RecursionError, MemoryError):
            failures[path] = "nested too deeply"
    return Detection(tuple(findings), failures)


def _issues(path: str, source: bytes, tree: ast.Module, failures: dict[str, str]) -> list[Finding]:
    config, meta_ast, metrics, node_visitor, test_set = _bandit()
    counts = metrics.Metrics()
    counts.begin(path)
    rules = test_set.BanditTestSet(config.BanditConfig(), {})
    visitor = node_visitor.BanditNodeVisitor(
        f"./{path}", io.BytesIO(source), meta_ast.BanditMetaAst(), rules, False, {}, counts
    )
    visitor.tester.debug = True  # a rule that crashes raises instead of being logged and forgotten
    try:
        visitor.process(source)
    except RecursionError:
        failures[path] = "nested too deeply"
    except Exception as error:  # noqa: BLE001 - a rule is a plug-in: it may raise anything, and that is reported
        failures[path] = f"a rule crashed: {type(error).__name__}: {error}"
    lines = source.splitlines()
    return [_finding(path, issue, tree, lines) for issue in visitor.tester.results]


def _bandit() -> Sequence[Any]:
    """Bandit's modules, imported without a word on stderr and without a file in the user's cache.

    stevedore, which finds bandit's parts, keeps a list of all that is installed, and complains about report
    formats whose libraries are not there.
    """
    from stevedore import _cache

    _cache._c._disable_caching = True  # it can otherwise be said only by a file in the user's cache
    logging.getLogger("stevedore").setLevel(logging.CRITICAL)
    from bandit.core import config, meta_ast, metrics, node_visitor, test_set

    return config, meta_ast, metrics, node_visitor, test_set


def _finding(path: str, issue: Any, tree: ast.Module, lines: list[bytes]) -> Finding:
    line = max(1, issue.lineno)
    text = lines[line - 1].decode("utf-8", "replace").strip() if line <= len(lines) else ""
    return Finding(
        rule_id=issue.test_id,
        title=issue.text,
        severity=_level(issue.severity),
        confidence=_level(issue.confidence),
        cwe=issue.cwe.id or None,
        location=Location(path=path, line=line, end_line=max(line, *issue.linerange)),
        evidence=text[:_EVIDENCE_CHARACTERS],
        detector=NAME,
        fingerprint=fingerprint(issue.test_id, tree, line),
    )


def _level(rank: str) -> Severity:
    """Bandit's rank; what it leaves undefined counts as medium."""
    return Severity.MEDIUM if rank == "UNDEFINED" else Severity(rank.lower())
