"""What `grace fix` finds, over a folder of repositories that each hold one bug.

    python benchmarks/repair.py CASES [--answers ANSWERS] [--only NAME ...] [--timeout S] [--out FILE]

Every folder of CASES is one case: source and tests that fail. Each is committed to a new repository, where
`grace fix` works; its diff is applied to a second copy, whose own tests decide (they run here, unconfined:
measure cases that you trust). The words of the table:

- plausible: the diff applies and every test of the case passes with it;
- exact: the syntax trees are those of the answer (`ANSWERS/CASE.patch`, or a folder `ANSWERS/CASE/` with the
  files that change); whether another plausible patch means the same is for the reader to judge;
- false claim: called fixed, but the tests do not pass, or a test file was edited.
"""

import argparse
import ast
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

GRACE = str(Path(sys.executable).with_name("grace"))
STARTING_SECONDS = 120.0
"""What a run may take beyond the search: reproduction, verification and orchestration."""


@dataclass(frozen=True)
class Options:
    """How to measure."""

    answers: Path | None
    home: Path
    timeout: float
    tests_timeout: float


@dataclass(frozen=True)
class Result:
    """What became of one case."""

    case: str
    status: str
    plausible: bool
    exact: bool | None
    """None: there is no answer to compare with."""
    false_claim: bool
    seconds: float
    search_seconds: float
    candidates: int
    alternatives: int
    confidence: float
    diff: str
    note: str = ""


def measure(case: Path, options: Options) -> Result:
    """One case, from fresh copies."""
    with tempfile.TemporaryDirectory(prefix="grace-bench-") as name:
        given, judge, intended = (commit(case, Path(name) / use / case.name) for use in ("given", "judge", "answer"))
        began = time.monotonic()
        answer, note = fix(given, options)
        seconds = time.monotonic() - began
        diff = str(answer.get("diff") or "")
        applied = bool(diff) and git(judge, "apply", "-", stdin=diff).returncode == 0
        edited = changed(judge)  # before the tests leave anything there
        plausible = applied and tests_pass(judge, options.tests_timeout)
        claimed = answer.get("status") == "fixed"
        return Result(
            case=case.name,
            status=str(answer.get("status", "no answer")),
            plausible=plausible,
            exact=is_exact(judge, edited, intended, options.answers) if applied else None,
            false_claim=claimed and not (plausible and not any(map(is_test, edited))),
            seconds=round(seconds, 2),
            search_seconds=float(answer.get("search_seconds") or 0),
            candidates=int(answer.get("candidates_tried") or 0),
            alternatives=len(answer.get("plausible_alternatives") or ()),
            confidence=float(answer.get("confidence") or 0),
            diff=diff,
            note=note or str(answer.get("reason") or answer.get("message") or ""),
        )


def fix(repository: Path, options: Options) -> tuple[dict[str, object], str]:
    """The one JSON object of `grace fix`, and what is wrong when there is none."""
    command = [GRACE, "fix", str(repository), "--json", "--timeout", str(options.timeout)]
    environment = {**os.environ, "GRACE_HOME": str(options.home)}
    limit = options.timeout + STARTING_SECONDS
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command, env=environment, cwd=options.home, stdout=subprocess.PIPE, stderr=said, text=True
        )
        try:
            out, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.terminate()  # it then ends its own children
            process.communicate()
            return {}, f"no answer within {limit:.0f} s"
        said.seek(0)
        try:
            answer = json.loads(out)
        except json.JSONDecodeError:
            return (
                {},
                f"exit code {process.returncode}, not one JSON object: {out[-200:]}{said.read()[-300:]}",
            )
    return (answer, "") if isinstance(answer, dict) else ({}, "the answer is not a JSON object")


def commit(case: Path, place: Path) -> Path:
    """A new repository whose only commit holds the case."""
    shutil.copytree(case, place, ignore=shutil.ignore_patterns(".git", "__pycache__", ".pytest_cache"))
    for arguments in (
        ("init", "--quiet"),
        ("add", "--all", "--force"),
        ("commit", "--quiet", "--message=Start"),
    ):
        done = git(place, *arguments)
        if done.returncode:
            sys.exit(f"git {arguments[0]} failed for {case.name}: {done.stderr}")
    return place


def git(place: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "commit.gpgsign=false")
    command = ["git", *identity, *arguments]
    return subprocess.run(
        command, cwd=place, input=stdin, capture_output=True, encoding="utf-8", errors="surrogateescape"
    )


def tests_pass(place: Path, seconds: float) -> bool:
    """Whether the case's own tests pass, in a fresh process."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(place),
        str(place),
    ]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=place, env=environment, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def changed(place: Path) -> list[str]:
    """Files that differ from the commit."""
    entries = git(place, "status", "--porcelain", "-z", "--untracked-files=all").stdout.split("\0")
    return sorted(entry[3:] for entry in entries if entry)


def is_test(path: str) -> bool:
    return Path(path).name.startswith(("test_", "conftest.")) or "tests" in Path(path).parts


def is_exact(judge: Path, edited: list[str], intended: Path, answers: Path | None) -> bool | None:
    """Whether the syntax trees are those of the answer; None without an answer."""
    if answers is None:
        return None
    case = intended.name
    patch, folder = answers / f"{case}.patch", answers / case
    if patch.is_file():
        if git(intended, "apply", "-", stdin=patch.read_text()).returncode:
            sys.exit(f"{patch} does not apply to its case.")
    elif folder.is_dir():
        shutil.copytree(folder, intended, dirs_exist_ok=True)
    else:
        return None
    paths = {*edited, *changed(intended)}
    return all(tree(judge / path) == tree(intended / path) for path in paths)


def tree(file: Path) -> str:
    """What a file means, without comments and layout; the text itself when it is not Python."""
    if not file.is_file():
        return ""
    content = file.read_bytes()
    try:
        return ast.dump(ast.parse(content)) if file.suffix == ".py" else repr(content)
    except SyntaxError:
        return repr(content)


def lines(results: list[Result]) -> Iterator[str]:
    """The summary."""
    answered = [result for result in results if result.exact is not None]
    searched = sum(result.search_seconds for result in results)
    candidates = sum(result.candidates for result in results)
    yield f"plausible          {sum(r.plausible for r in results)}/{len(results)}"
    if answered:
        yield f"exact              {sum(bool(r.exact) for r in answered)}/{len(answered)} that have an answer"
    yield f"false claims       {sum(r.false_claim for r in results)}"
    yield f"median seconds     {statistics.median(r.seconds for r in results):.1f} (whole command)"
    yield f"median search      {statistics.median(r.search_seconds for r in results):.1f} s"
    if searched:
        yield f"candidates/second  {candidates / searched:,.0f}"


def show(result: Result) -> None:
    exact = {True: "exact", False: "differs", None: ""}[result.exact]
    plausible = "plausible" if result.plausible else "-"
    claim = "  FALSE CLAIM" if result.false_claim else ""
    print(
        f"{result.case:<28} {result.status:<14} {plausible:<9} {exact:<7} {result.seconds:7.1f} s "
        f"{result.candidates:7,} tried{claim}",
        flush=True,
    )
    for line in result.diff.splitlines():
        if line[:1] in ("+", "-") and line[:3] not in ("+++", "---"):
            print(f"    {line}")
    if not result.plausible:
        print(f"    {result.note[:300]}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path, help="folder of repositories, one bug each")
    parser.add_argument("--answers", type=Path, help="folder of intended fixes: CASE.patch or CASE/")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these cases")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="S", help="seconds of search a case")
    parser.add_argument(
        "--tests-timeout",
        type=float,
        default=300.0,
        metavar="S",
        help="seconds for the tests of a judged patch",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write every result as JSON")
    arguments = parser.parse_args()
    cases = [path for path in sorted(arguments.cases.iterdir()) if path.is_dir() and path.name[0] not in "._"]
    cases = [path for path in cases if not arguments.only or path.name in arguments.only]
    if not cases:
        parser.error(f"there are no cases in {arguments.cases}")

    about = {
        "date": str(date.today()),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "timeout": arguments.timeout,
    }
    print("  ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    results = []
    with tempfile.TemporaryDirectory(prefix="grace-bench-home-") as home:
        options = Options(arguments.answers, Path(home), arguments.timeout, arguments.tests_timeout)
        for case in cases:
            results.append(measure(case, options))
            show(results[-1])
    print(*lines(results), sep="\n")
    if arguments.out:
        report = {**about, "results": [asdict(result) for result in results]}
        arguments.out.write_text(json.dumps(report, indent=2) + "\n")
    return 1 if any(result.false_claim for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
