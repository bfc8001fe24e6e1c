"""`grace audit`: what was asked, decided and done, and whether the record of it is still what was written."""

import json
import sys
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grace.cli.options import Json, RunId

if TYPE_CHECKING:  # `grace --help` imports this module
    from grace.git.trailers import Trailers
    from grace.store.audit import SqlAuditLog

app = typer.Typer(help="Show and verify the audit log.", no_args_is_help=True, rich_markup_mode=None)


class Format(StrEnum):
    """How records are exported."""

    JSONL = "jsonl"


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was written."""

    what: str
    sequence: int | None = None
    commit: str | None = None


@app.command(epilog="Examples:  grace audit verify   |   grace audit verify --repo ~/shop --json")
def verify(
    repository: Annotated[
        Path | None, typer.Option("--repo", metavar="REPO", help="Also compare what was delivered to this repository.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether every audit record is there and as it was written; the exit code is 1 when not.

    Every commit that GRACE delivers names the audit log as it was then. --repo compares them: so it shows that
    the end of the log was cut off, or that an old copy was put in its place.
    """
    log = _log()
    broken = log.verify()
    problems = [Problem(str(broken), broken.sequence)] if broken else []
    delivered = _delivered(repository) if repository else ()
    problems += filter(None, (_contradiction(log, commit) for commit in delivered))
    head = log.head()
    if as_json:
        from grace.cli import answer

        known = {"records": head.length, "head": head.mac, "commits": len(delivered)}
        answer.write({"status": "broken" if problems else "ok", **known, "problems": list(map(asdict, problems))})
    elif problems:
        sys.stdout.writelines(f"{problem.what}\n" for problem in problems)
    else:
        sys.stdout.write(f"As it was written. Records: {head.length}, the last is {head.mac}.\n")
        if repository:
            sys.stdout.write(f"Delivered commits that agree: {len(delivered)} in {repository}.\n")
    raise typer.Exit(1 if problems else 0)


@app.command(epilog="Example:  grace audit show 3fa9")
def show(run: RunId, as_json: Json = False) -> None:
    """Show the audit records of a run."""
    from grace.cli import answer
    from grace.cli.report import plain
    from grace.settings import Settings
    from grace.store.ledger import SqlLedger

    run_id = SqlLedger.open(Settings().database).find(run)
    records = list(_log().records(run_id))
    if as_json:
        answer.write({"run_id": run_id, "records": [record.model_dump(mode="json") for record in records]})
        return
    for record in records:
        at = record.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        lines = [f"{record.sequence}  {at}  {record.event}  {record.actor}", *_facts(record.facts)]
        sys.stdout.writelines(plain(line).replace("\n", " ") + "\n" for line in lines)


@app.command(epilog="Example:  grace audit export --format jsonl > audit.jsonl")
def export(
    form: Annotated[Format, typer.Option("--format", help="One JSON object a line.")] = Format.JSONL,
) -> None:
    """Print every audit record, oldest first."""
    for record in _log().records():
        sys.stdout.write(json.dumps(record.model_dump(mode="json")) + "\n")


def _log() -> "SqlAuditLog":
    from grace.settings import Settings
    from grace.store.audit import SqlAuditLog

    settings = Settings()
    return SqlAuditLog.open(settings.database, settings.audit_key, settings.audit_key_file)


def _facts(text: str) -> list[str]:
    """Facts for people, one a line; as they are when somebody has made something else of them."""
    try:
        facts = json.loads(text)
    except ValueError:
        facts = text
    if not isinstance(facts, dict):
        return [f"    {text}"]
    return [f"    {name}: {fact if isinstance(fact, str) else json.dumps(fact)}" for name, fact in facts.items()]


def _delivered(repository: Path) -> "tuple[Trailers, ...]":
    """The commits that name an audit record and whose own branch is here: another log may know the others."""
    from grace.delivery import AUDIT_TRAILER, BRANCHES, REQUEST_TRAILER
    from grace.git.trailers import branches, read_trailers

    runs = {branch.rpartition("/")[2] for branch in branches(repository, BRANCHES)}
    found = read_trailers(repository, BRANCHES, (AUDIT_TRAILER, REQUEST_TRAILER))
    return tuple(commit for commit in found if commit.values[1] in runs)


def _contradiction(log: "SqlAuditLog", commit: "Trailers") -> Problem | None:
    """What is wrong with the record that a commit names."""
    from grace.delivery import read_audit

    named, run_id = commit.values
    head = read_audit(named)
    there = log.head_at(head.length) if head else None
    if head is not None and head == there:
        return None
    who = f"Commit {commit.commit[:12]} of run {run_id}"
    if head is None:
        return Problem(f"{who} names no audit record, but {named!r}.", commit=commit.commit)
    how = "is missing" if there is None else "is another one now"
    return Problem(f"{who} names audit record {head.length}, which {how}.", head.length, commit.commit)
