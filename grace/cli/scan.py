"""`grace scan`: the security weaknesses of a project, or of what a change adds to it."""

from pathlib import Path
from typing import Annotated

import typer

from grace.cli.options import Json

app = typer.Typer(rich_markup_mode=None)


@app.command(
    epilog="Examples:  grace scan .   |   grace scan . --base main   |   grace scan src/cart.py --json   |   "
    "grace scan . --sarif > grace.sarif   |   grace scan --explain sql-injection"
)
def scan(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A repository, or a folder or file of one or of none.")
    ] = Path(),
    base: Annotated[
        str, typer.Option(metavar="REV", help="Only what is new since this revision, uncommitted work included.")
    ] = "",
    sarif: Annotated[bool, typer.Option("--sarif", help="Print a SARIF 2.1.0 log on standard output.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also show notes, and what was there before.")] = False,
    explain: Annotated[
        str, typer.Option(metavar="RULE", help="Say why a rule matters and what to write instead; scan nothing.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Look for security weaknesses: exits with 1 when there is one that policy would not let pass unseen."""
    from grace.cli import scan_report

    if explain:
        raise typer.Exit(scan_report.explain(explain, as_json=as_json))
    raise typer.Exit(scan_report.scan(path, base, as_json=as_json, as_sarif=sarif, everything=everything))
