"""The `grace` command. Importing this imports what `--help` needs; each command imports its own."""

import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, Never

import typer

from grace.cli import advisories, audit, interrupts, memory, policy, repos, scan
from grace.cli.options import Json, RunId
from grace.errors import GraceError

app = typer.Typer(
    name="grace",
    help="Describe a change. Get a branch that was planned, written, scanned, proved and approved.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)

VALUED = ("--test-command", "--description", "--timeout", "--python")
"""Options of `fix` that are followed by one value, beside --tests; a test compares them with the command."""

_UsageError: Any = typer.BadParameter.__mro__[1]  # typer exports only what derives from it

Approve = Annotated[bool, typer.Option("--approve", help="Cast your own vote where policy lets you; recorded as such.")]


@app.command(
    epilog="Examples:  grace fix .   |   grace fix ~/shop --tests tests/test_cart.py --timeout 120   |   "
    "grace fix . --test-command 'make test' --dry-run --json   |   grace fix . --errors"
)
def fix(
    repository: Annotated[
        Path, typer.Argument(metavar="REPO", help="A git repository with a failing test, or with errors.")
    ],
    test_command: Annotated[
        str, typer.Option(metavar="CMD", help="The project's own test command. [default: pytest]")
    ] = "",
    tests: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH", help="Test files, folders or node ids to repair against."),
    ] = None,
    errors: Annotated[
        bool,
        typer.Option(
            "--errors",
            help="Repair errors that need no test: syntax, undefined names, imports, lint rules that ruff can fix.",
        ),
    ] = False,
    description: Annotated[str, typer.Option(metavar="TEXT", help="The bug, in your words.")] = "",
    timeout: Annotated[
        float, typer.Option(metavar="S", min=1, help="Seconds that the search for a repair may take.")
    ] = 300.0,
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="The project's interpreter or virtual environment. [default: find it]"),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="After delivery, also apply the change to the clean checkout.")
    ] = False,
    approve: Approve = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Prove a repair but deliver nothing.")] = False,
    include_uncommitted: Annotated[
        bool, typer.Option("--include-uncommitted", help="Work on the checkout as it is, not on HEAD.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Repair a bug that a failing test shows, and deliver a branch with the proof.

    Your checkout is not touched: the change is one commit on a branch of its own.
    """
    from grace.cli.fix import fix

    code = fix(
        as_json,
        repository=str(repository),
        test_command=test_command,
        tests=tests or (),
        description=description,
        seconds=timeout,
        python=python,
        apply=apply,
        approve=approve,
        dry_run=dry_run,
        include_uncommitted=include_uncommitted,
        errors=errors,
    )
    raise typer.Exit(code)


@app.command(epilog="Examples:  grace rerun 3fa9   |   grace rerun 3fa9 --approve")
def rerun(run: RunId, approve: Approve = False, as_json: Json = False) -> None:
    """Go on with a run that crashed, was cancelled or waits, from its last finished stage."""
    from grace.cli.fix import rerun

    raise typer.Exit(rerun(run, approve=approve, as_json=as_json))


Comment = Annotated[str, typer.Option(help="What you want the others, and the record, to know.")]
Voter = Annotated[str, typer.Option("--as", metavar="NAME", help="Who votes; the login name when not given.")]


@app.command(epilog="Examples:  grace approve 3fa9   |   GRACE_APPROVER_KEY=... grace approve 3fa9 --as ann")
def approve(run: RunId, comment: Comment = "", voter: Voter = "", as_json: Json = False) -> None:
    """Vote for the change that a run waits with; the last vote needed delivers it."""
    from grace.cli.approve import vote

    raise typer.Exit(vote(run, approved=True, comment=comment, name=voter, as_json=as_json))


@app.command(epilog="Example:  grace reject 3fa9 --comment 'breaks the export'")
def reject(run: RunId, comment: Comment = "", voter: Voter = "", as_json: Json = False) -> None:
    """Vote against the change that a run waits with; one such vote ends it."""
    from grace.cli.approve import vote

    raise typer.Exit(vote(run, approved=False, comment=comment, name=voter, as_json=as_json))


approvals = typer.Typer(help="Vote in the Prefect UI.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(approvals, name="approvals")


@approvals.command("code", epilog="Example:  GRACE_APPROVER_KEY=... grace approvals code 3fa9 --as ann")
def approval_code(run: RunId, voter: Voter = "", as_json: Json = False) -> None:
    """Give a one-time code, which is one vote in the form that the Prefect UI shows for a suspended run."""
    from grace.cli.approve import code

    raise typer.Exit(code(run, name=voter, as_json=as_json))


approvers = typer.Typer(help="Say whose votes count.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(approvers, name="approvers")
ApproverName = Annotated[str, typer.Argument(metavar="NAME", help="As they ask for changes and vote.")]


@approvers.command("add", epilog="Example:  grace approvers add ann --role maintainer --role security")
def add_approver(
    name: ApproverName,
    role: Annotated[list[str] | None, typer.Option(help="A role they hold; may be given several times.")] = None,
    as_json: Json = False,
) -> None:
    """Make somebody an approver, or give them other roles and a new key; shows their personal key once."""
    from grace.cli.approve import add_approver

    raise typer.Exit(add_approver(name, role or [], as_json=as_json))


@approvers.command("remove", epilog="Example:  grace approvers remove ann")
def remove_approver(name: ApproverName, as_json: Json = False) -> None:
    """Take somebody's vote away."""
    from grace.cli.approve import remove_approver

    raise typer.Exit(remove_approver(name, as_json=as_json))


@approvers.command("list", epilog="Example:  grace approvers list --json")
def list_approvers(as_json: Json = False) -> None:
    """Show whose votes count."""
    from grace.cli.approve import list_approvers

    raise typer.Exit(list_approvers(as_json=as_json))


@app.command(epilog="Example:  grace runs --json")
def runs(
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    as_json: Json = False,
) -> None:
    """List runs, newest first."""
    from grace.cli.runs import runs

    raise typer.Exit(runs(limit, as_json=as_json))


@app.command(epilog="Example:  grace show 3fa9")
def show(run: RunId, as_json: Json = False) -> None:
    """Show what a run did, found and decided."""
    from grace.cli.runs import show

    raise typer.Exit(show(run, as_json=as_json))


@app.command(epilog="Examples:  grace up   |   grace up --host 0.0.0.0 --port 4300 --json")
def up(
    host: Annotated[
        str, typer.Option(help="Where to listen; beyond this machine only with authentication.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of Prefect's UI and API.")] = 4200,
    api_port: Annotated[int, typer.Option(min=1, max=65535, help="Of GRACE's REST API and webhooks.")] = 4280,
    as_json: Json = False,
) -> None:
    """Run everything on this machine: Prefect's server and UI, a worker, the REST API; until Ctrl-C."""
    from grace.cli.up import up

    raise typer.Exit(up(host, port, api_port, as_json=as_json))


@app.command(epilog="Examples:  grace deploy   |   PREFECT_API_URL=http://prefect:4200/api grace deploy --json")
def deploy(as_json: Json = False) -> None:
    """Register deployments and automations on a Prefect server; again changes nothing."""
    from grace.cli.deploy import deploy

    raise typer.Exit(deploy(as_json=as_json))


@app.command(epilog="Example:  grace doctor")
def doctor(as_json: Json = False) -> None:
    """Say what GRACE finds on this machine, what is missing, and what to do about it."""
    from grace.cli.doctor import doctor

    raise typer.Exit(doctor(as_json=as_json))


app.add_typer(memory.app)
app.add_typer(scan.app)
app.add_typer(advisories.app, name="advisories")
app.add_typer(audit.app, name="audit")
app.add_typer(policy.app, name="policy")
app.add_typer(repos.app, name="repos")


def expand_tests(words: Sequence[str]) -> list[str]:
    """`fix REPO --tests a b` as `fix REPO --tests a --tests b`; what stands elsewhere is left alone.

    Of `fix --tests a b REPO`, with no other word that could be the repository, the last word is taken for it.
    """
    if words[:1] != ["fix"]:
        return list(words)
    expanded, at = ["fix"], 1
    spare: int | None = None  # where the last of several words behind one --tests stands
    repository_given = False
    while at < len(words) and words[at] != "--":
        word, at = words[at], at + 1
        if word == "--tests" and (paths := list(takewhile(_is_plain, words[at:]))):
            expanded += [part for path in paths for part in (word, path)]
            at += len(paths)
            spare = len(expanded) - 1 if len(paths) > 1 else spare
        elif word in VALUED:
            expanded += [word, *words[at : at + 1]]
            at += 1
        else:
            expanded.append(word)
            repository_given |= _is_plain(word)
    if spare is not None and not repository_given and at == len(words):
        del expanded[spare - 1]
    return [*expanded, *words[at:]]


def _is_plain(word: str) -> bool:
    return not word.startswith("-")


def main() -> Never:
    """Run the command line; every ending has its exit code, and every error its message."""
    interrupts.listen()
    try:
        code = app(expand_tests(sys.argv[1:]), standalone_mode=False)
        if interrupts.requested():  # typer makes an ordinary ending of it
            raise KeyboardInterrupt
    except _UsageError as error:
        if "--json" not in sys.argv:
            error.show()
        _leave("UsageError", error.format_message(), error.exit_code, shown=True)
    except GraceError as error:
        _leave(type(error).__name__, str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _leave("Cancelled", "Interrupted.", 130)
    except BrokenPipeError:  # the reader of our output has gone: `grace runs | head -1`
        sys.stdout = None  # else the interpreter complains when it flushes
        sys.exit(0)
    except Exception as error:  # noqa: BLE001  # the edge: nothing may leave without an exit code
        import traceback

        traceback.print_exc()
        message = f"This is a fault in GRACE itself: {type(error).__name__}: {error}"
        _leave("InternalError", message, 70)
    sys.exit(code or 0)


def _leave(kind: str, message: str, code: int, *, shown: bool = False) -> Never:
    if "--json" in sys.argv:
        import json

        sys.stdout.write(json.dumps({"status": "error", "error": kind, "message": message}) + "\n")
    elif not shown:
        sys.stderr.write(f"grace: {message}\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
