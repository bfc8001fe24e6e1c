"""Many `grace` commands in one process, so that Prefect starts once: argument lists come in, endings go out.

Everything else is as in a process of its own: arguments are read, and errors and exit codes leave, by `main`.
"""

import contextlib
import io
import json
import sys

from grace.cli import launch
from grace.cli.main import main
from grace.cli.prefect_runtime import orchestration
from grace.settings import Settings


def command(arguments: list[str]) -> dict[str, object]:
    """How one command ends."""
    out, err, code = io.StringIO(), io.StringIO(), None
    sys.argv = ["grace", *arguments]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


if __name__ == "__main__":
    with orchestration(Settings()):
        launch.orchestration = lambda _settings: contextlib.nullcontext()
        for line in sys.stdin:
            sys.stdout.write(json.dumps(command(json.loads(line))) + "\n")
            sys.stdout.flush()
