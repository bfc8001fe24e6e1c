"""`grace up`: everything that a box needs, in one command."""

import signal
import sys
from dataclasses import asdict
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

from grace.cli import answer
from grace.cli.launch import refuse_foreign_packages
from grace.settings import Settings

if TYPE_CHECKING:
    from deployments.up import Status


def up(host: str, port: int, api_port: int, *, as_json: bool) -> int:
    """Run the services until a signal says stop. Raises what `deployments.up.Box.up` raises."""
    refuse_foreign_packages()
    from deployments.services import Address
    from deployments.up import Box

    stop = Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):  # stopping is how this command ends well
        signal.signal(number, leave)
    show = _show_json if as_json else _show
    Box(Settings(), Address(host, port), Address(host, api_port)).up(stop, show, _report)
    return 0


def _show_json(status: "Status") -> None:
    answer.write({"status": "up", **asdict(status), "home": str(status.home)})


def _show(status: "Status") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_row("Prefect UI", status.ui)
    table.add_row("Prefect API", status.prefect_api)
    table.add_row("REST API", status.rest_api)
    table.add_row("Login", "as PREFECT_SERVER_API_AUTH_STRING says" if status.authentication else "none: this machine")
    table.add_row("Deployments", ", ".join(each.name for each in status.registered if each.kind == "deployment"))
    table.add_row("Logs", str(status.home / "logs"))
    console = Console(highlight=False)
    console.print("GRACE is up; Ctrl-C stops it.\n")
    console.print(table)


def _report(happened: str) -> None:
    sys.stderr.write(f"grace: {happened}\n")
    sys.stderr.flush()
