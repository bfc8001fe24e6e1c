"""What `grace scan` does and shows."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grace.cli import answer
from grace.cli.report import plain
from grace.cli.scan_target import Target, base_of, find_target
from grace.contracts import Finding, Severity
from grace.errors import InputError
from grace.hunter.scan import Scan, compare, scan_tree
from grace.progress import Progress, listening

if TYPE_CHECKING:
    from grace.hunter.dependencies import Advisories
    from grace.hunter.explanations import Explanation

_COLOURS = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "dim"}
_PIPED_WIDTH = 160
_SECONDS_BETWEEN = 0.1
_WIDEST = 160


def scan(path: Path, base: str, *, as_json: bool, as_sarif: bool, everything: bool) -> int:
    """Scan and report; 1 when there is a finding of medium severity and confidence or more."""
    if as_json and as_sarif:
        raise InputError("Give either --json or --sarif: each is one document on standard output.")
    started = time.monotonic()
    with _watched():
        target = find_target(path)
        if base:
            found = compare(base_of(target, base), target.tree, advisories=_advisories)
        else:
            found = scan_tree(target.tree, advisories=_advisories)
    if as_sarif:
        from grace.hunter.sarif import sarif_log

        answer.write(sarif_log(found, compared=bool(base)))
    elif as_json:
        answer.write(_as_object(found, target, base, everything, time.monotonic() - started))
    else:
        _show(found, len(target.tree.keys), base, everything)
    return 1 if any(map(concerns, found.new)) else 0


def concerns(finding: Finding) -> bool:
    """Whether policy would ask for a vote, or deny: both at least medium."""
    return Severity.LOW not in (finding.severity, finding.confidence)


def explain(rule_id: str, *, as_json: bool) -> int:
    """Say what is known of a rule."""
    from dataclasses import asdict

    from grace.hunter.explanations import explain

    found = explain(rule_id)
    if as_json:
        examples = [{"vulnerable": each.vulnerable, "code": each.code, "path": each.path} for each in found.examples]
        answer.write({"status": "known", **asdict(found), "examples": examples})
        return 0
    for part in _explanation(found):
        _console().print(part)
    return 0


def _advisories() -> "Advisories":
    """What the user's settings say that dependencies are compared with."""
    from grace.hunter.dependencies import Advisories
    from grace.places import home
    from grace.settings import current

    return Advisories.open(home(), live=current().advisories == "live")


@contextmanager
def _watched() -> Iterator[None]:
    """On a terminal, one line that says how far the scan is, written over and gone at the end."""
    if not sys.stderr.isatty():
        yield
        return
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last > _SECONDS_BETWEEN:
            last = time.monotonic()
            sys.stderr.write(f"\r\x1b[K{plain(progress.stage)}: {plain(progress.detail)}"[:_WIDEST])
            sys.stderr.flush()

    try:
        with listening(show):
            yield
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


# ── what programs read ───────────────────────────────────────────────────────────────────────────


def _as_object(found: Scan, target: Target, base: str, everything: bool, seconds: float) -> dict[str, Any]:
    concerning = sum(map(concerns, found.new))
    return {
        "status": "findings" if concerning else "clean",
        "root": str(target.root),
        "base": base or None,
        "files": len(target.tree.keys),
        "complete": found.complete,
        "concerning": concerning,
        "findings": [finding.model_dump(mode="json") for finding in found.new],
        "unchanged_count": len(found.unchanged),
        "unchanged": [finding.model_dump(mode="json") for finding in found.unchanged] if everything else [],
        "gone": [finding.model_dump(mode="json") for finding in found.gone],
        "suppressed": [each.model_dump(mode="json") for each in found.suppressed],
        "detector_runs": [run.model_dump(mode="json") for run in found.runs],
        "seconds": round(seconds, 2),
    }


# ── what people read ─────────────────────────────────────────────────────────────────────────────


def _show(found: Scan, files: int, base: str, everything: bool) -> None:
    console = _console()
    shown = [finding for finding in found.new if everything or concerns(finding)]
    if shown:
        console.print(_table(shown))
    if way := next((finding for finding in shown if finding.flow), None):
        console.print(_flow(way))
    if everything and found.unchanged:
        console.print(Text("There before:", style="bold"))
        console.print(_table(found.unchanged))
    console.print(Text(_counts(found, files, base, everything)))
    if everything:
        for each in found.suppressed:
            at = each.finding.location
            console.print(
                Text(f"Taken back: {each.finding.rule_id} at {plain(at.path)}:{at.line}: {plain(each.reason)}")
            )
    for run in found.runs:
        if run.status != "ok" or run.reason:
            style = {"failed": "red", "skipped": "yellow"}.get(run.status, "")
            console.print(Text(f"{run.name} {run.status}: {plain(run.reason)}", style=style))
    if rule := next((finding.rule_id for finding in shown), ""):
        console.print(Text(f"`grace scan --explain {rule}` says more of a rule.", style="dim"))


def _counts(found: Scan, files: int, base: str, everything: bool) -> str:
    concerning = [finding for finding in found.new if concerns(finding)]
    notes = len(found.new) - len(concerning)
    new = "new " if base else ""
    said = [_many(files, "file"), _many(len(concerning), f"{new}finding")]
    said += [f"{_many(notes, f'{new}note')}{'' if everything else ' (--all shows them)'}"] if notes else []
    if base:
        said += [f"{len(found.unchanged):,} were there before", f"{len(found.gone):,} are gone"]
    said += [f"{len(found.suppressed):,} taken back, proved harmless"] if found.suppressed else []
    return "; ".join(said)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _table(findings: Sequence[Finding]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("severity", "confidence", "rule"):
        table.add_column(column, no_wrap=True)
    table.add_column("where", overflow="fold")
    table.add_column("what", overflow="fold")
    for finding in findings:
        place = f"{plain(finding.location.path)}:{finding.location.line}"
        place += f"  {plain(finding.symbol)}" if finding.symbol else ""
        table.add_row(
            Text(finding.severity, style=_COLOURS[finding.severity]),
            Text(finding.confidence),
            Text(finding.rule_id),
            Text(place),
            Text(plain(finding.title)),
        )
    return table


def _flow(finding: Finding) -> Group:
    """From source to sink."""
    at = finding.location
    steps = (Text(f"  {plain(step.location.path)}:{step.location.line}  {plain(step.text)}") for step in finding.flow)
    return Group(Text(f"\nThe way of {finding.rule_id} at {plain(at.path)}:{at.line}:"), *steps, Text())


def _explanation(found: "Explanation") -> Iterator[RenderableType]:
    """A rule, for people."""
    about = [
        found.detector,
        *([f"CWE-{found.cwe}"] if found.cwe else []),
        *([found.severity] if found.severity else []),
    ]
    yield Text.assemble((found.id, "bold"), f"  {found.title}  ({', '.join(about)})")
    yield Padding(Text(found.why), (1, 0, 0, 0))
    if found.remedy:
        yield Padding(Text(f"Instead: {found.remedy}"), (1, 0, 0, 0))
    for example in found.examples:
        heading = "Found" if example.vulnerable else "Not found"
        where = f" in {example.path}" if example.path else ""
        yield Padding(Text(f"{heading}{where}:", style="bold"), (1, 0, 0, 0))
        yield Padding(Text(example.code.strip("\n")), (0, 0, 0, 4))
    if found.link:
        yield Padding(Text(found.link), (1, 0, 0, 0))


def _console() -> Console:
    """What is piped has no width of its own; tables need one."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
