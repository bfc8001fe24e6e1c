"""Python imports this at start-up in every process that has this folder on its path: it kills one of them, once.

`GRACE_TEST_KILL` names a file that holds `STAGE MOMENT`, as in kill_at.py; whoever comes to that point takes the file
away and dies by SIGKILL. With a third word it is the process of that id that dies.
"""

import importlib.abc
import importlib.machinery
import os
import signal
import sys
from pathlib import Path
from threading import Timer
from types import ModuleType
from typing import Any

LEDGER = "grace.store.ledger"
INSIDE_SECONDS = 0.2


def due(stage: str, *moments: str) -> list[str]:
    """The words of the file, when it is about this point and nobody else was there first."""
    file = Path(os.environ["GRACE_TEST_KILL"])
    try:
        words = file.read_text().split()
        if words[0] == stage and words[1] in moments:
            file.rename(file.with_suffix(".done"))
            return words
    except (OSError, IndexError):
        pass
    return []


def strike(words: list[str]) -> None:
    victim = int(words[2]) if words[2:] else os.getpid()
    if words[1] == "inside":
        Timer(INSIDE_SECONDS, os.kill, (victim, signal.SIGKILL)).start()
    else:
        os.kill(victim, signal.SIGKILL)


def arm(module: ModuleType) -> None:
    """Lay the points into the ledger, which every stage passes before and after its work."""
    ledger: Any = vars(module)["SqlLedger"]
    begin, end = ledger.begin_step, ledger.end_step

    def begin_step(self: Any, run_id: str, stage: str, *rest: Any) -> Any:
        attempt = begin(self, run_id, stage, *rest)
        if words := due(stage, "before", "inside"):
            strike(words)
        return attempt

    def end_step(self: Any, run_id: str, stage: str, *rest: Any) -> None:
        if words := due(stage, "done"):
            strike(words)
        end(self, run_id, stage, *rest)
        if words := due(stage, "recorded"):
            strike(words)

    ledger.begin_step, ledger.end_step = begin_step, end_step


class Armed(importlib.abc.Loader):
    """The loader of the ledger, and the points after it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        arm(module)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the ledger where it is, and arms it."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != LEDGER:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec is not None:
            spec.loader = Armed(spec.loader)
        return spec


if "GRACE_TEST_KILL" in os.environ:
    sys.meta_path.insert(0, Finder())
