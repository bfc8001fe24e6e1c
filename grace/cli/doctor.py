"""`grace doctor`: what is there, what is missing, and what to do about it."""

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from grace.cli import answer
from grace.errors import EnvironmentLacking, GraceError
from grace.settings import Settings

_LEAST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing GRACE uses."""

    name: str
    present: bool
    required: bool
    detail: str
    remedy: str = ""


def doctor(*, as_json: bool) -> int:
    """Look at everything GRACE uses. Gives 6 when something required is missing, else 0."""
    findings = list(examine(Settings()))
    code = EnvironmentLacking.exit_code if any(f.required and not f.present for f in findings) else 0
    if as_json:
        status = "ok" if code == 0 else "missing"
        answer.write({"status": status, "checks": [asdict(finding) for finding in findings]})
    else:
        _show(findings)
    return code


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check in turn."""
    yield _python()
    yield _git()
    yield _home(settings)
    yield _database(settings)
    yield _prefect()
    yield _server(settings)
    yield from _sandbox()


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= _LEAST_PYTHON
    return Finding("python", good, True, f"{found} at {sys.executable}", "" if good else "Use Python 3.11 or newer.")


def _git() -> Finding:
    from grace.git import run_git

    try:
        found = run_git(("--version",), cwd=Path("/")).stdout.decode().strip()
    except (GraceError, OSError) as error:
        return Finding("git", False, True, str(error), "Install git and put it on PATH.")
    return Finding("git", True, True, found)


def _home(settings: Settings) -> Finding:
    probe = settings.home / f".doctor-{os.getpid()}"
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_text("can be written")
        probe.unlink()
    except OSError as error:
        remedy = "Set GRACE_HOME to a folder that you can write."
        return Finding("home", False, True, f"{settings.home}: {error.strerror}", remedy)
    return Finding("home", True, True, str(settings.home))


def _database(settings: Settings) -> Finding:
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    from grace.store.session import HEAD, open_database

    try:
        open_database(settings.database).dispose()
        shown = make_url(settings.database).render_as_string(hide_password=True)
    except (GraceError, ArgumentError) as error:
        return Finding("database", False, True, str(error), "Check GRACE_DATABASE_URL and GRACE_HOME.")
    return Finding("database", True, True, f"{shown}, schema {HEAD}")


def _prefect() -> Finding:
    pair = f"prefect {version('prefect')} with fastapi {version('fastapi')}"
    try:
        import prefect.server.api.server  # noqa: F401  # the import itself is what fails when the two do not fit
    except Exception as error:  # noqa: BLE001  # whatever an import raises is the finding
        remedy = "Install GRACE again from its lock file: `uv sync`, or `pip install` of its wheel."
        return Finding("prefect", False, True, f"{pair}: {type(error).__name__}: {error}", remedy)
    return Finding("prefect", True, True, pair)


def _server(settings: Settings) -> Finding:
    from grace.cli.prefect_runtime import running_server

    try:
        api_url = running_server(settings)
    except EnvironmentLacking as error:
        return Finding("server", False, True, str(error), "Start it, or unset PREFECT_API_URL.")
    detail = api_url or "none running; runs bring their own for as long as they last"
    return Finding("server", api_url is not None, False, detail)


def _sandbox() -> Iterator[Finding]:
    from grace.contracts import Isolation
    from grace.verification.sandbox import best_runner, tiers

    for tier in tiers():
        if tier.isolation is not Isolation.NONE:
            yield Finding(f"sandbox: {tier.isolation.value}", tier.available, False, tier.reason, tier.advice)
    used = best_runner().isolation
    yield Finding(
        "sandbox in use",
        used.isolating,
        False,
        used.value,
        "" if used.isolating else "Without isolation, policy asks for approval (--approve) of every change.",
    )


def _show(findings: list[Finding]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    for finding in findings:
        if finding.present:
            mark = Text("ok", style="green")
        elif finding.required:
            mark = Text("missing", style="red")
        else:
            mark = Text("absent", style="yellow")
        detail = Text(finding.detail)
        if finding.remedy:
            detail.append(f"\n{finding.remedy}", style="bold")
        table.add_row(mark, finding.name, detail)
    Console(highlight=False).print(table)
