"""Files -> Detection: what is known of each file is taken over, and the roots of the others are evaluated."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from grace.contracts import Finding
from grace.hunter.cache import ResultCache, Shelf
from grace.hunter.detection import Detection, Judgement
from grace.hunter.detectors import may_be_python
from grace.hunter.taint import expressions, statements
from grace.hunter.taint.engine import FEWER_STEPS, STEPS, Engine, OutOfSteps
from grace.hunter.taint.findings import findings, judged, not_followed, worst
from grace.hunter.taint.frame import Answers
from grace.hunter.taint.handlers import handler_of
from grace.hunter.taint.interface import Interface
from grace.hunter.taint.program_files import ProgramFiles
from grace.hunter.taint.records import Record
from grace.hunter.taint.roots import Roots, run_root
from grace.hunter.taint.rulebook import rulebook
from grace.hunter.tree import Tree
from grace.progress import Progress, report

_AT_A_TIME = 64


def analyse(files: Mapping[str, bytes]) -> Detection:
    """Findings in Python files, given by path; calls between them are followed."""
    return detect(Tree.of(files), ResultCache().shelf("taint"))


def detect(tree: Tree, kept: Shelf) -> Detection:
    """Findings in the Python files of a tree; `kept` remembers what follows from which content."""
    paths = sorted(path for path in tree.keys if may_be_python(path))
    program = ProgramFiles(tree, paths, kept)
    engine = Engine(
        rulebook(), program.module, program.present.__contains__, statements.execute, expressions.evaluate, program
    )
    records = program.known(lambda path: _shown(path, engine))
    if missing := [path for path in paths if path not in records]:
        roots = Roots(engine)
        shown = [_analysed(path, program, engine, roots, n, len(missing)) for n, path in enumerate(missing)]
        program.learn(engine)
        fresh = {path: _record(path, each, program, engine) for path, each in zip(missing, shown, strict=True)}
        program.keep(fresh, engine)
        records |= fresh
    return _together(records.values())


def _shown(path: str, engine: Engine) -> Interface:
    try:
        return engine.interface(path)
    except Exception:  # noqa: BLE001 - it is analysed next, and what went wrong reported then
        return {}


@dataclass(frozen=True)
class _Analysed:
    answers: Answers
    incomplete: tuple[Finding, ...]
    failures: Mapping[str, str]


def _analysed(path: str, program: ProgramFiles, engine: Engine, roots: Roots, number: int, total: int) -> _Analysed:
    """Evaluate the roots of a file."""
    if number % _AT_A_TIME == 0:
        report(Progress("scan", f"following data, {number:,} of {total:,} files, {path}"))
    failures: dict[str, str] = {}
    incomplete: list[Finding] = []
    engine.answers = Answers(used={(path, "")})
    engine.renew_budget(STEPS)
    try:
        module = engine.module(path)
        found = list(roots.of(module)) if module is not None else []
    except Exception as error:  # noqa: BLE001 - reported: what was not analysed must not pass for clean
        return _Analysed(engine.answers.whole(), (), {path: _gave_up(error)})
    if path in program.unreadable:
        failures[path] = program.unreadable[path]
    for function, untrusted in found:
        handler = handler_of(function)
        engine.renew_budget(STEPS if handler else FEWER_STEPS)
        try:
            run_root(function, engine, untrusted=untrusted)
        except Exception as error:  # noqa: BLE001 - as above
            if isinstance(error, OutOfSteps) and not handler:
                incomplete.append(not_followed(function, _gave_up(error)))
            else:
                failures[path] = f"{function.qualname}: {_gave_up(error)}"
    return _Analysed(engine.answers.whole(), tuple(incomplete), failures)


def _record(path: str, analysed: _Analysed, program: ProgramFiles, engine: Engine) -> Record:
    answers, top = analysed.answers, engine.top_level(path).whole()
    found = findings({**top.hits, **answers.hits}.values(), program)
    judgements = (*judged(top), *judged(answers))
    answers.used |= top.used
    answers.asked |= top.asked
    answers.names |= top.names
    return Record((*found, *analysed.incomplete), judgements, analysed.failures, program.trace(answers))


def _together(records: Iterable[Record]) -> Detection:
    """All answers; a sink that several roots reach is one finding, from the surest of its sources."""
    best: dict[tuple[str, str, int], Finding] = {}
    failures: dict[str, str] = {}
    sinks: list[Judgement] = []
    for record in records:
        failures.update(record.failures)
        sinks.extend(record.judgements)
        for finding in record.findings:
            key = (finding.rule_id, finding.location.path, finding.location.line)
            if key not in best or _LEVELS.index(finding.confidence) > _LEVELS.index(best[key].confidence):
                best[key] = finding
    ordered = sorted(best.values(), key=lambda f: (f.location.path, f.location.line, f.rule_id))
    return Detection(tuple(ordered), failures, worst(sinks))


_LEVELS = ("low", "medium", "high")


def _gave_up(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, OutOfSteps):
        return "too many ways through it to follow all"
    return f"the analysis failed: {type(error).__name__}: {error}"
