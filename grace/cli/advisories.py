"""`grace advisories`: what is known of vulnerable packages, kept on this machine."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grace.cli.options import Json

if TYPE_CHECKING:  # `grace --help` imports this module
    from grace.hunter.dependencies.database import About

app = typer.Typer(
    help="Keep the advisories that dependencies are audited against.", no_args_is_help=True, rich_markup_mode=None
)


@app.command(
    epilog="Examples:  grace advisories update   |   grace advisories update --from ~/advisory-database   |   "
    "grace advisories update --from all.zip --json"
)
def update(
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="A clone of the PyPA advisory database, or an export of OSV: a folder or a zip. No network is used.",
        ),
    ] = None,
    url: Annotated[
        str, typer.Option(metavar="URL", help="Where your mirror keeps OSV's export for PyPI. [default: OSV itself]")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make the local advisories new; when that fails, those you have stay."""
    from grace.errors import InputError
    from grace.hunter.dependencies.update import OSV_EXPORT, download, update_from
    from grace.places import home

    if source is not None and url:
        raise InputError("Give either --from or --url.")
    done = update_from(source, home()) if source is not None else download(url or OSV_EXPORT, home())
    if as_json:
        from grace.cli import answer

        answer.write(
            {
                "status": "updated",
                **_about(done.about),
                "database": str(done.path),
                "other_ecosystems": done.other_ecosystems,
                "unreadable_examples": list(done.unreadable),
                "seconds": round(done.seconds, 2),
            }
        )
        return
    sys.stdout.write(f"{_line(done.about)}\nRead in {done.seconds:.1f} s into {done.path}\n")
    if done.about.unreadable:
        _say_unreadable(done.about.unreadable, done.unreadable)


@app.command(epilog="Example:  grace advisories status --json")
def status(as_json: Json = False) -> None:
    """Say which advisories are here and how old they are; exits 1 when there are none or they are too old."""
    from datetime import UTC, datetime

    from grace.errors import EnvironmentLacking
    from grace.hunter.dependencies.audit import STALE_AFTER
    from grace.hunter.dependencies.database import FILE_NAME, AdvisoryDatabase
    from grace.places import home

    path = home() / FILE_NAME
    try:
        about = AdvisoryDatabase(path).about
    except EnvironmentLacking as error:
        said: dict[str, Any] = {"status": "missing", "database": str(path), "message": str(error)}
        lines = [str(error)]
    else:
        old = about.date is None or datetime.now(UTC) - about.date > STALE_AFTER
        said = {"status": "stale" if old else "ok", **_about(about), "database": str(path)}
        lines = [_line(about), f"They are in {path}, since {about.updated:%Y-%m-%d %H:%M} UTC."]
        if old:
            lines.append("They are too old to rely on: `grace advisories update` brings them up to date.")
    if as_json:
        from grace.cli import answer

        answer.write(said)
    else:
        from grace.cli.report import plain

        sys.stdout.writelines(f"{plain(line)}\n" for line in lines)
    raise typer.Exit(0 if said["status"] == "ok" else 1)


def _about(about: "About") -> dict[str, Any]:
    return {
        "source": about.source,
        "date": about.date.isoformat() if about.date else None,
        "updated": about.updated.isoformat(),
        "count": about.count,
        "packages": about.packages,
        "withdrawn": about.withdrawn,
        "unreadable": about.unreadable,
    }


def _line(about: "About") -> str:
    date = f"of {about.date:%Y-%m-%d}" if about.date else "of an unknown date"
    return f"{about.count:,} advisories about {about.packages:,} packages, {date}, from {about.source}"


def _say_unreadable(count: int, examples: tuple[str, ...]) -> None:
    from grace.cli.report import plain

    sys.stderr.write(f"{count:,} could not be read and are not looked at:\n")
    sys.stderr.writelines(f"    {plain(each)}\n" for each in examples)
    if count > len(examples):
        sys.stderr.write(f"    and {count - len(examples):,} more\n")
