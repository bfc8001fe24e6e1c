"""What GRACE's stages cost beside bare Prefect tasks of the same shape: a flow of as many tasks that do nothing.

Both keep results and run on the same server; ours also keep steps and events in the ledger, are fenced, and are
called with real contracts. CPU is of this process (the client), wall includes the server. Run:
`python benchmarks/overhead.py`, on an idle machine.
"""

import argparse
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from orchestration import server

STAGES = 15


def bare() -> Callable[[], object]:
    """Prefect, doing nothing in the same shape."""
    from prefect import flow, task

    tasks = [task(name=f"bare-{n}", persist_result=True)(lambda number: number) for n in range(STAGES)]

    @flow(name="bare", persist_result=True)
    def run() -> None:
        for number, stage in enumerate(tasks):
            stage(number)

    return run


def ours() -> Callable[[], object]:
    """Stages of GRACE, doing nothing but hand on a contract."""
    from prefect import flow

    from grace.contracts import Plan, PlanStep, Request, WorkflowKind
    from tasks.installation import ledger, take_on
    from tasks.persistence import stage

    step = PlanStep(id="1", action="halve", target="half.py", why="it is wrong", done_when="the tests pass")

    def body(request: Request, plan: Plan) -> Plan:
        """Hand on."""
        return plan

    stages = [stage(f"ours-{n}", n)(body) for n in range(STAGES)]

    @flow(name="ours", persist_result=True)
    def carry(request: Request) -> None:
        take_on(request.id, None)
        plan = Plan(steps=(step,))
        for each in stages:
            plan = each(request, plan)

    def run() -> None:
        request = Request(
            id=os.urandom(6).hex(),
            kind=WorkflowKind.FIX_BUG,
            repository="/somewhere",
            base_revision="0" * 40,
            requested_by="ann",
            requested_at=datetime.now(UTC),
        )
        ledger().start(request)
        carry(request)

    return run


def measure(run: Callable[[], object], samples: int) -> list[tuple[float, float]]:
    """CPU and wall seconds of each run."""
    found = []
    for _ in range(samples):
        cpu, wall = time.process_time(), time.perf_counter()
        run()
        found.append((time.process_time() - cpu, time.perf_counter() - wall))
    return found


def main(samples: int) -> None:
    with tempfile.TemporaryDirectory() as name, server(Path(name) / "prefect") as url:
        os.environ.update(PREFECT_API_URL=url, GRACE_HOME=f"{name}/grace", PREFECT_LOCAL_STORAGE_PATH=f"{name}/results")
        os.environ.update(PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL="CRITICAL")
        logging.disable(logging.CRITICAL)
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        # Ending a heart is up to a second of sleep, in both, which would hide everything else.
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            show(compare({"bare Prefect": bare(), "GRACE": ours()}, samples), samples)


def compare(flows: dict[str, Callable[[], object]], samples: int) -> dict[str, list[tuple[float, float]]]:
    """Samples of each, taken in turns so that all meet the same load."""
    for run in flows.values():
        run()  # the first one imports
    rows: dict[str, list[tuple[float, float]]] = {name: [] for name in flows}
    for _ in range(samples):
        for name, run in flows.items():
            rows[name] += measure(run, 1)
    return rows


def show(rows: dict[str, list[tuple[float, float]]], samples: int) -> None:
    print(f"{STAGES} stages, {samples} runs each, load {os.getloadavg()[0]:.1f}; milliseconds, median")
    medians = []
    for name, found in rows.items():
        cpu, wall = (statistics.median(column) * 1000 for column in zip(*found, strict=True))
        medians.append((cpu, wall))
        print(f"{name:<14} CPU {cpu:7.1f} a run {cpu / STAGES:6.2f} a stage   wall {wall:7.1f} {wall / STAGES:6.2f}")
    (bare_cpu, bare_wall), (our_cpu, our_wall) = medians
    print(f"{'ratio':<14} CPU {our_cpu / bare_cpu:.2f}   wall {our_wall / bare_wall:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=15)
    main(parser.parse_args().samples)
    sys.exit(0)
