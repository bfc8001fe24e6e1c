"""What orchestration costs: a whole `grace fix` whose search and test runs are replaced by ready answers.

Prefect, the databases, git, scan, policy and the report are real. CPU is user + system of the process and all
its children (a server that was running before is not counted). Run: `python benchmarks/orchestration.py`.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

BROKEN = "def half(n):\n    return n // 3\n"
FIXED = BROKEN.replace("3", "2")

OUT_OF_THE_BOX = """
from prefect import flow, task

@task(persist_result=True)
def stage(n): return n

@flow
def eight():
    for n in range(8): stage(n)

eight()
"""


def answer_at_once() -> None:
    """Replace the search and the test runs: what is left is what orchestration costs."""
    import grace.generation.repair.reproduce as reproducing
    import grace.generation.repair.search as searching
    import grace.verification.checks as checking
    import grace.verification.interpreter as interpreting
    from grace import contracts as c

    own = c.Interpreter(executable=sys.executable, version=sys.version_info[:3], found_as="own")
    red = c.RedTest(test_id="test_half.py::test_half", outcome="failed")

    def reproduce(request, **_):  # type: ignore[no-untyped-def]  # a stand-in
        return c.Reproduction(status=c.ReproductionStatus.RED, red=(red,), collected=1, reason="ready", interpreter=own)

    def repair(request, _reproduction, *, repository, runner):  # type: ignore[no-untyped-def]  # a stand-in
        import hashlib

        edit = c.FileEdit(path="half.py", before_hash=hashlib.sha256(BROKEN.encode()).hexdigest(), after=FIXED.encode())
        change = c.Change(
            base_revision=request.base_revision,
            edits=(edit,),
            patch=repository.patch(request.base_revision, (edit,)),
            rationale="Halve by two",
            provenance=c.Provenance(strategy="ready"),
        )
        return c.Repair(change=change, reason="ready", confidence=1, plausible=1)

    def verify_change(change, *, runner, **_):  # type: ignore[no-untyped-def]  # a stand-in
        check = c.Check(name="ready", status=c.CheckStatus.PASSED)
        return c.Verification(change_digest=change.digest, checks=(check,), isolation=c.Isolation.BUBBLEWRAP)

    reproducing.reproduce = reproduce
    searching.repair = repair
    checking.verify_change = verify_change
    interpreting.find_interpreter = lambda *_: own


def measure(argv: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """CPU and wall seconds of one command and its children."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{argv} gave {done.returncode}:\n{done.stdout}{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


@contextmanager
def server(home: Path) -> Iterator[str]:
    """A Prefect server as a user would start it."""
    port = "4271"
    url = f"http://127.0.0.1:{port}/api"
    environment = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    command = [str(Path(sys.executable).with_name("prefect")), "server", "start", "--port", port, "--no-ui"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{url}/health", timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        else:
            sys.exit("The Prefect server did not start.")
        yield url
    finally:
        process.terminate()
        process.wait(30)


def repository(folder: Path) -> Path:
    """A repository with one planted bug."""
    folder.mkdir()
    (folder / "half.py").write_text(BROKEN)
    (folder / "test_half.py").write_text("from half import half\n\ndef test_half():\n    assert half(8) == 4\n")
    git = ["git", "-c", "user.name=b", "-c", "user.email=b@localhost", "-C", str(folder)]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "start"]):
        subprocess.run([*git, *arguments], check=True)
    return folder


def show(name: str, samples: list[tuple[float, float]]) -> None:
    cpu, wall = zip(*samples, strict=True)
    print(
        f"{name:<44} {len(samples)}  {min(cpu):5.2f} {statistics.median(cpu):6.2f}   "
        f"{min(wall):5.2f} {statistics.median(wall):6.2f}",
        flush=True,
    )


def run(samples: int, baseline: bool) -> None:
    print(f"{date.today()}  {platform.platform()}  Python {platform.python_version()}  {os.cpu_count()} CPUs")
    print(f"load {os.getloadavg()[0]:.1f}, bytecode of prefect cached: {bytecode_cached()}")
    print(f"{'':<44} n  CPU: min median  wall: min median")
    here = [sys.executable, __file__, "--one"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = str(repository(folder / "project"))
        grace = {**os.environ, "GRACE_HOME": str(folder / "home"), "PREFECT_API_URL": ""}
        help_ = [str(Path(sys.executable).with_name("grace")), "--help"]
        show("grace --help", [measure(help_, grace) for _ in range(samples)])
        if baseline:
            stock = {
                **os.environ,
                "PREFECT_HOME": str(folder / "stock"),
                "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
            }
            command = [sys.executable, "-c", OUT_OF_THE_BOX]
            show("Prefect alone, 8 tasks, new home", [measure(command, stock)])
            show("Prefect alone, 8 tasks", [measure(command, stock) for _ in range(samples)])
        show("grace fix, embedded, new GRACE_HOME", [measure([*here, project], grace)])
        show("grace fix, embedded", [measure([*here, project], grace) for _ in range(samples)])
        with server(folder / "server") as url:
            served = {**grace, "PREFECT_API_URL": url}
            show("grace fix, server running", [measure([*here, project], served) for _ in range(samples)])


def bytecode_cached() -> bool:
    import importlib.util

    spec = importlib.util.find_spec("prefect")
    return bool(spec and spec.cached and Path(spec.cached).exists())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--no-baseline", action="store_true", help="leave out Prefect without GRACE")
    parser.add_argument("--one", metavar="REPO", help="one run with ready answers (used by the benchmark itself)")
    options = parser.parse_args()
    if options.one:
        answer_at_once()
        sys.argv = ["grace", "fix", options.one, "--json"]
        from grace.cli.main import main

        main()
    run(options.samples, not options.no_baseline)
