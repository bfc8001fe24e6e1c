"""What people read: progress while a run lasts, and the report at its end."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grace.cli import answer
from grace.contracts import (
    Delivered,
    Evidence,
    Outcome,
    Request,
    RunStep,
    RunSummary,
    Verdict,
    Waiting,
)
from grace.progress import Progress

_COLOURS = {
    **dict.fromkeys(("fixed", "nothing_to_fix", "passed", "ok", "allow", "finished"), "green"),
    **dict.fromkeys(("waiting", "flaky", "review", "not_run", "skipped", "running", "cancelled"), "yellow"),
}
_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}
_MOST_SUSPECTS = 3
_MOST_RED = 20
_PIPED_WIDTH = 160


class Reporter:
    """Writes the report to standard output and progress to standard error, when that is a terminal."""

    def __init__(self, *, quiet: bool = False) -> None:
        # What is piped has no width of its own; tables need one.
        width = None if sys.stdout.isatty() else _PIPED_WIDTH
        self._out = Console(highlight=False, soft_wrap=True, width=width)
        self._progress = Console(stderr=True, highlight=False)
        self._live = self._progress.is_terminal and not quiet

    @contextmanager
    def watching(self, request: Request) -> Iterator[Callable[[Progress], None]]:
        """A listener that shows what happens, while it happens."""
        if not self._live:
            yield lambda _progress: None
            return
        stage = ""
        with self._progress.status(Text(f"Run {request.id}: starting")) as status:

            def listen(progress: Progress) -> None:
                nonlocal stage
                if progress.stage != stage:
                    stage = progress.stage
                    self._progress.print(Text(f"  {stage}", style="dim"))
                status.update(progress_line(progress))

            yield listen

    def outcome(self, request: Request, outcome: Outcome, seconds: float | None) -> None:
        """The bug, where it is, the diff, the evidence, and what to do next."""
        word = answer.status(outcome)
        took = f" in {seconds:.1f} s" if seconds is not None else ""
        title = Text.assemble((word.replace("_", " ").upper(), f"bold {_COLOURS.get(word, 'red')}"))
        self._out.print(Text.assemble(title, f"{took}: {plain(outcome.reason)}"))
        for part in _parts(request, outcome):
            self._out.print(part)

    def runs(self, runs: Sequence[RunSummary]) -> None:
        """A table of runs."""
        if not runs:
            self._out.print(Text("There are no runs yet. `grace fix REPO` starts one."))
            return
        table = _table("run", "what", "status", "outcome", "step", "repository", "started")
        for run in runs:
            started = run.started_at.astimezone().strftime("%Y-%m-%d %H:%M")
            step = f"{run.current_step} {run.progress_percent}%"
            cells = (
                run.run_id,
                run.kind.value,
                run.status.value,
                run.outcome or "",
                step,
                run.repository,
                started,
            )
            table.add_row(*map(Text, map(plain, cells)))
        self._out.print(table)

    def run(self, run: RunSummary, request: Request, steps: Sequence[RunStep], errors: Sequence[str]) -> None:
        """How far a run came."""
        self._out.print(Text(plain(f"Run {run.run_id} ({run.kind.value}) for {request.requested_by}: ")), end="")
        self._out.print(_coloured(run.status.value))
        self._out.print(Text(plain(f"{request.repository} at {request.base_revision[:12]}")))
        if request.text:
            self._out.print(Text(plain(request.text), style="italic"))
        table = _table("step", "try", "status", "seconds", "what it found")
        for step in steps:
            took = (step.finished_at - step.started_at).total_seconds() if step.finished_at else None
            seconds = "" if took is None else f"{took:.1f}"
            table.add_row(step.stage, str(step.attempt), _coloured(step.status), seconds, Text(plain(step.summary)))
        self._out.print(table)
        for error in errors:
            self._out.print(Text(plain(f"Error: {error}"), style="red"))


def plain(text: str) -> str:
    """Text from elsewhere without control characters, which could draw over the terminal."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "�", text)


def progress_line(progress: Progress) -> Text:
    """One moment in one line."""
    parts = [progress.stage, progress.detail]
    if progress.tried is not None:
        parts.append(f"{progress.tried:,} candidates")
    if progress.per_second is not None:
        parts.append(f"{progress.per_second:,.0f}/s")
    if progress.best:
        parts.append(f"at {progress.best}")
    return Text(plain("  ".join(part for part in parts if part)))


def _parts(request: Request, outcome: Outcome) -> Iterator[RenderableType]:
    evidence = outcome.evidence
    if evidence.reproduction and evidence.reproduction.red:
        yield from _section("The bug", _bug(evidence))
    if evidence.repair and evidence.repair.suspects:
        yield from _section("Where", _where(evidence))
    if change := evidence.proposed:
        yield from _section("The change", [Text(plain(change.rationale))])
        yield _diff(change.patch)
    if rows := list(_evidence(evidence)):
        table = _table("", "result", "detail", header=False)
        for row in rows:
            table.add_row(*row)
        yield Text("\nEvidence", style="bold")
        yield Padding(table, (0, 0, 0, 2), expand=False)
    yield from _section("Notes", [Text(plain(note)) for note in answer.notes(request, outcome)])
    yield from _section("Next", [Text(plain(step)) for step in _next_steps(request, outcome)])


def _bug(evidence: Evidence) -> Iterator[Text]:
    reds = evidence.reproduction.red if evidence.reproduction else ()
    for red in reds[:_MOST_RED]:
        what = f"{red.exception}: {red.message}".strip(": ").split("\n")[0]
        yield Text.assemble((plain(red.test_id), "bold"), f"  {red.outcome}  ", (plain(what[:160]), "red"))
    if len(reds) > _MOST_RED:
        yield Text(f"and {len(reds) - _MOST_RED} more", style="dim")


def _where(evidence: Evidence) -> Iterator[Text]:
    for suspect in evidence.repair.suspects[:_MOST_SUSPECTS] if evidence.repair else ():
        place = f"{suspect.location.path}:{suspect.location.line}"
        yield Text(plain(f"{place}  {suspect.function}  (suspiciousness {suspect.suspiciousness:.2f})"))


def _diff(patch: str) -> Text:
    """The patch as it is, not indented or wrapped, so that it can be copied."""
    text = Text()
    for line in patch.splitlines(keepends=True):
        text.append(plain(line), style=_DIFF_COLOURS.get(line[:1], ""))
    text.rstrip()
    return text


def _evidence(evidence: Evidence) -> Iterator[tuple[RenderableType, RenderableType, RenderableType]]:
    if repair := evidence.repair:
        tried = f"{repair.candidates_tried} candidates in {repair.seconds:.1f} s"
        detail = Text(f"{tried}, {repair.plausible} pass all tests")
        yield "search", Text(f"confidence {repair.confidence:.2f}"), detail
    if verification := evidence.verification:
        for check in verification.checks:
            yield Text(plain(check.name)), _coloured(check.status.value), Text(plain(check.reason))
        yield "isolation", Text(verification.isolation.value), ""
    if scan := evidence.scan:
        count = len(scan.findings)
        yield "new findings", Text(str(count), style="red" if count else "green"), ""
        for finding in scan.findings:
            place = f"{finding.location.path}:{finding.location.line}  {finding.title}"
            yield Text(plain(finding.rule_id)), Text(finding.severity.value), Text(plain(place))
        for run in scan.detector_runs:
            if run.status != "ok":
                yield Text(plain(run.name)), _coloured(run.status), Text(plain(run.reason))
    if impact := evidence.impact:
        yield "risk", Text(impact.risk.value), Text(plain("; ".join(impact.reasons)))
    if decision := evidence.decision:
        judged = f"{len(decision.results)} policies, version {decision.policy_version}"
        reason = judged if decision.verdict is Verdict.ALLOW else decision.reason
        yield "policy", _coloured(decision.verdict.value), Text(plain(reason))
    for vote in evidence.votes:
        yield "vote", Text("for" if vote.approved else "against"), Text(plain(f"{vote.voter} ({vote.role})"))


def _next_steps(request: Request, outcome: Outcome) -> Iterator[str]:
    if isinstance(outcome, Delivered):
        branch = outcome.delivery.branch
        if outcome.delivery.applied_to_checkout:
            yield "The change is in your checkout, not committed there."
        yield f"git -C {request.repository} diff HEAD...{branch}"
        yield f"git -C {request.repository} merge {branch}"
    elif isinstance(outcome, Waiting):
        yield f"grace approve {request.id}    votes for it, and delivers when that was the last vote"
        yield f"grace reject {request.id}     votes against it"


def _section(title: str, lines: Iterable[Text]) -> Iterator[Text]:
    """A heading and indented lines; nothing when there are none."""
    found = [Text.assemble("  ", line) for line in lines]
    if found:
        yield Text(f"\n{title}", style="bold")
    yield from found


def _coloured(word: str) -> Text:
    return Text(word.replace("_", " "), style=_COLOURS.get(word, "red"))


def _table(*columns: str, header: bool = True) -> Table:
    table = Table(box=None, pad_edge=False, show_header=header, header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0, overflow="fold")
    return table
