"""`grace repos`: the repositories that GRACE looks after."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from grace.cli.options import Json

if TYPE_CHECKING:  # `grace --help` imports this module
    from grace.contracts import RegisteredRepository
    from grace.settings import Settings
    from grace.store.repositories import SqlRepositories

app = typer.Typer(
    help="Say which repositories pushes and schedules are about.", no_args_is_help=True, rich_markup_mode=None
)


@app.command(epilog="Examples:  grace repos add ~/shop   |   grace repos add git@git.example:team/shop.git --every 1h")
def add(
    source: Annotated[
        str, typer.Argument(metavar="PATH_OR_URL", help="A repository on this machine, or the URL of one to clone.")
    ],
    name: Annotated[str, typer.Option(metavar="NAME", help="What it is called. [default: as its last part]")] = "",
    remote: Annotated[
        str, typer.Option(metavar="URL", help="The URL that webhooks name. [default: where it was cloned from]")
    ] = "",
    every: Annotated[str, typer.Option(metavar="TIME", help="How often to look at it: 30m, 1h, 1d.")] = "",
    as_json: Json = False,
) -> None:
    """Register a repository, or change what is known of it; a URL is cloned below GRACE_HOME."""
    from grace.registration import register
    from grace.settings import Settings

    settings = Settings()
    added = register(source, settings, name=name, remote=remote, every=every)
    _reschedule(settings)
    if as_json:
        from grace.cli import answer

        answer.write(added.model_dump(mode="json"))
    else:
        sys.stdout.write(_line(added))


@app.command("list", epilog="Example:  grace repos list --json")
def list_(as_json: Json = False) -> None:
    """Show the registered repositories."""
    found = _repositories().all()
    if as_json:
        from grace.cli import answer

        answer.write({"repositories": [each.model_dump(mode="json") for each in found]})
    else:
        sys.stdout.writelines(map(_line, found))
        if not found:
            sys.stdout.write("There are none: `grace repos add PATH_OR_URL` registers one.\n")


@app.command(epilog="Example:  grace repos remove shop")
def remove(name: Annotated[str, typer.Argument(metavar="NAME")], as_json: Json = False) -> None:
    """Forget a repository; its folder stays, with what was delivered to it."""
    from grace.settings import Settings

    removed = _repositories().remove(name)
    _reschedule(Settings())
    if as_json:
        from grace.cli import answer

        answer.write({"removed": removed.name, "location": removed.location})
    else:
        sys.stdout.write(f"{removed.name} is forgotten. Its folder is still there: {removed.location}\n")


def _reschedule(settings: "Settings") -> None:
    """Tell the Prefect server, if one runs; else the next `grace up` or `grace deploy` does."""
    if settings.server is None:
        return
    from grace.cli.prefect_runtime import running_server
    from grace.settings import enter_environment, prefect_environment

    if (api_url := running_server(settings)) is None:
        return
    enter_environment(prefect_environment(settings, api_url=api_url))
    from deployments.schedules import reschedule

    reschedule()


def _repositories() -> "SqlRepositories":
    from grace.settings import Settings
    from grace.store.repositories import SqlRepositories

    return SqlRepositories.open(Settings().database)


def _line(repository: "RegisteredRepository") -> str:
    from grace.cli.report import plain

    every = f"  every {_every(repository.every_seconds)}" if repository.every_seconds else ""
    known_as = f"  {repository.remote}" if repository.remote else ""
    return plain(f"{repository.name}  {repository.location}{known_as}{every}") + "\n"


def _every(seconds: int) -> str:
    size, letter = next(pair for pair in ((86400, "d"), (3600, "h"), (60, "m")) if not seconds % pair[0])
    return f"{seconds // size}{letter}"
