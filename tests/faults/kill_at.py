"""Run a `grace` command that kills itself at one point: STAGE MOMENT ARGUMENT...

Moments: `before` the stage's work, `inside` it, `done` when its work is done but not recorded, `recorded` when the
ledger knows of it but Prefect does not have its result. SIGKILL leaves no chance to tidy up, as a power cut would.
"""

import os
import signal
import sys
from threading import Timer
from typing import Any

from grace.cli.main import main
from grace.store.ledger import SqlLedger

INSIDE_SECONDS = 0.2
stage, moment = sys.argv[1:3]
begin, end = SqlLedger.begin_step, SqlLedger.end_step


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def begin_step(self: SqlLedger, run_id: str, name: str, *rest: Any) -> int:
    attempt = begin(self, run_id, name, *rest)
    if name == stage and moment == "before":
        die()
    if name == stage and moment == "inside":
        Timer(INSIDE_SECONDS, die).start()
    return attempt


def end_step(self: SqlLedger, run_id: str, name: str, *rest: Any) -> None:
    if name == stage and moment in ("inside", "done"):  # a quick stage ends before its timer
        die()
    end(self, run_id, name, *rest)
    if name == stage and moment == "recorded":
        die()


SqlLedger.begin_step, SqlLedger.end_step = begin_step, end_step  # type: ignore[method-assign]  # the fault injected
sys.argv = ["grace", *sys.argv[3:]]
main()
