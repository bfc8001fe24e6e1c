"""The three steps of repairing errors. Each takes a workbench and whether the tests judge every answer."""

import codecs
import itertools
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff

from grace.contracts import Alternative
from grace.generation.repair.imports import Imports
from grace.generation.repair.names import NameAnswer, answers, offset
from grace.generation.repair.naturalness import Naturalness
from grace.generation.repair.source import Source, Splice, apply_splices, decode, lines_of
from grace.generation.repair.syntax import error_of, mended
from grace.generation.repair.workbench import Workbench
from grace.verification.lint import RAISING, SYNTAX, Violation

MOST_ANSWERS = 10
"""Answers to one error that ruff is asked about."""
MOST_COMPARED = 3
"""Answers to one error that the tests are asked about."""
MOST_ERRORS = 500
"""Names and fixes answered one by one: a bound on what would else depend on every answer making headway."""
_WORD = re.compile(r"\w+")
_CLEAR = 0.5
"""How much likelier an answer must be than the next for the tests not to be asked which is meant."""


# ── files that do not parse ──────────────────────────────────────────────────────────────────────


def mend_syntax(bench: Workbench, with_tests: bool) -> None:
    """Make the files parse that do not."""
    broken = [violation for violation in bench.errors() if violation.code == SYNTAX]
    naturalness = _project(bench).naturalness if broken else Naturalness(())
    for path in dict.fromkeys(violation.path for violation in broken):
        before = bench.read(path)
        lines = [violation.start[0] for violation in broken if violation.path == path]
        text, encoding = as_ruff_reads(before)
        candidates = _likeliest(text, lines, naturalness)
        after = _parsing(bench, path, [candidate.encode(encoding) for candidate in candidates], with_tests)
        bench.write(path, after or before)
        if after:
            bench.record("syntax")


def _likeliest(text: str, lines: Sequence[int], naturalness: Naturalness) -> list[str]:
    """The first texts that parse; those whose changed line reads most naturally in this project lead."""
    costs: dict[str, float] = {}
    old, words = text.splitlines(), {*_WORD.findall(text), *keyword.kwlist}
    for number, candidate in enumerate(itertools.islice(mended(text, lines), MOST_ANSWERS)):
        new = candidate.splitlines()
        changed = (k for k, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1])
        at = next(changed, len(old) - 1)
        costs[candidate] = naturalness.gained("".join(old[at : at + 1]), "".join(new[at : at + 1])) + number / 10
        costs[candidate] += len(set(_WORD.findall(candidate)) - words)  # `a[b` is hardly meant to be `ab`
    return sorted(costs, key=costs.__getitem__)


def _parsing(bench: Workbench, path: str, contents: Sequence[bytes], with_tests: bool) -> bytes | None:
    """The first of the answers that leave the fewest errors."""
    fewest: tuple[int, bytes] | None = None
    for content in contents:
        if bench.out_of_time or (fewest and not fewest[0]):
            break
        bench.tried += 1
        bench.write(path, content)
        left = [violation.code for violation in bench.check(path) if violation.code in RAISING]
        better = SYNTAX not in left and (fewest is None or len(left) < fewest[0])
        if better and (not with_tests or bench.standing.holds()):
            fewest = len(left), content
    return fewest[1] if fewest else None


# ── names that are not there ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class _Project:
    """What the project's files say."""

    imports: Imports
    naturalness: Naturalness


def answer_names(bench: Workbench, with_tests: bool) -> None:
    """Bring in, or correct, the names that are not there."""
    project: _Project | None = None
    given_up: set[tuple[str, str]] = set()
    for _ in range(MOST_ERRORS):
        missing = (violation for violation in bench.errors() if violation.code in ("F821", "F822"))
        error = next((v for v in missing if (v.path, v.message) not in given_up), None)
        if error is None or bench.out_of_time:
            return
        project = project or _project(bench)
        if error.path not in project.imports.texts or not _answered(bench, error, project, with_tests):
            given_up.add((error.path, error.message))


def _project(bench: Workbench) -> _Project:
    texts = {}
    paths = [path for path in bench.tracked if path.endswith((".py", ".pyi"))]
    for path, content in bench.base.read(paths).items():
        try:
            text, _ = decode(content)
        except SyntaxError:
            continue  # its bytes are not what its encoding says, so that it says nothing
        if error_of(text) is None:
            texts[path] = text
    return _Project(Imports(texts), Naturalness(texts.values()))


def _answered(bench: Workbench, error: Violation, project: _Project, with_tests: bool) -> bool:
    path, old = error.path, bench.read(error.path)
    text, encoding = as_ruff_reads(old)
    before = bench.check(path)
    accepted: list[NameAnswer] = []
    for answer in answers(error, Source(path, text), project.imports, project.naturalness)[:MOST_ANSWERS]:
        if accepted and (answer.cost - accepted[0].cost > _CLEAR or len(accepted) == MOST_COMPARED):
            break
        if bench.judged(path, answer.text.encode(encoding), before, error):
            if not with_tests or bench.standing.holds():
                accepted.append(answer)
            bench.write(path, old)
    if len(accepted) > 1 and bench.standing.tested:
        accepted = _most_passing(bench, path, encoding, accepted)
    if not accepted:
        return False
    best, *others = accepted
    bench.write(path, best.text.encode(encoding))
    bench.record(best.operator, *(_alternative(path, text, other) for other in others))
    return True


def _most_passing(bench: Workbench, path: str, encoding: str, given: list[NameAnswer]) -> list[NameAnswer]:
    passing = []
    for answer in given:
        bench.write(path, answer.text.encode(encoding))
        passing.append(len(bench.standing.passing()))
    return [answer for answer, many in zip(given, passing, strict=True) if many == max(passing)]


def _alternative(path: str, text: str, answer: NameAnswer) -> Alternative:
    patch = "".join(unified_diff(lines_of(text), lines_of(answer.text), f"a/{path}", f"b/{path}", n=1))
    return Alternative(patch=patch, operator=answer.operator, score=round(answer.cost, 3))


# ── ruff's own fixes ─────────────────────────────────────────────────────────────────────────────


def take_fixes(bench: Workbench, with_tests: bool) -> None:
    """Take ruff's safe fixes: all at once, or one at a time with the tests after each."""
    fixable = [violation for violation in bench.errors() if violation.fix]
    paths = tuple(dict.fromkeys(violation.path for violation in fixable))
    if with_tests:
        for path in paths:
            _fix_one_by_one(bench, path)
    elif fixable:
        bench.ruff.fix(bench.root, paths)
        bench.tried += len(fixable)
        for path in paths:
            bench.write(path, (bench.root / path).read_bytes())
        bench.record("safe fix")


def _fix_one_by_one(bench: Workbench, path: str) -> None:
    refused: set[tuple[str, str]] = set()
    for _ in range(MOST_ERRORS):
        before = bench.check(path)
        error = next((v for v in before if v.fix and (v.code, v.message) not in refused), None)
        if error is None or bench.out_of_time:
            return
        old = bench.read(path)
        text, encoding = as_ruff_reads(old)
        if bench.judged(path, _fixed(path, text, error).encode(encoding), before, error) and bench.standing.holds():
            bench.record("safe fix")
        else:
            bench.write(path, old)
            refused.add((error.code, error.message))


def as_ruff_reads(content: bytes) -> tuple[str, str]:
    """Text and encoding: ruff reads nothing but UTF-8, whatever a file says of itself."""
    encoding = "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8"
    return content.decode(encoding), encoding


def _fixed(path: str, text: str, error: Violation) -> str:
    source = Source(path, text)
    splices = (Splice(offset(source, edit.start), offset(source, edit.end), edit.text) for edit in error.fix)
    return apply_splices(text, tuple(splices))
