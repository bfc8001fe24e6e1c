"""The walls between the rooms: what import-linter keeps, and what it cannot say."""

import ast
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

Modules = dict[str, ast.Module]

LONGEST = 400

ENVIRONMENT = (
    "grace/settings.py",
    "grace/places.py",  # what settings rest on, for commands that must answer at once
    "grace/verification/report_plugin.py",  # runs in the target's process, which is told where to report
)
STARTS_PROCESSES = (
    "deployments/supervisor.py",  # the services of `grace up`
    "grace/git/command.py",  # the git command
    "grace/memory/reading_process.py",  # reads source files on every core
    "grace/verification/environments.py",  # asks poetry and conda where environments are
    "grace/verification/sandbox/",  # the one place that runs other people's code
)
FORKS = (
    "grace/verification/sandbox/launcher/",  # becomes the confined process
    "grace/generation/repair/zygote/",  # lives inside the sandbox, one fork for each candidate
)
SPEAKS_SQL = (
    "grace/store/",
    "grace/memory/tables.py",
    "grace/memory/database.py",  # speaks to the driver: a search takes less time than importing SQLAlchemy
    "grace/memory/migrations/",
    "grace/hunter/cache.py",  # results that may be lost, in a file of its own
    "grace/hunter/dependencies/database.py",  # advisories, in a file of its own
    "grace/cli/doctor.py",  # shows a database URL without its password
)


def test_imports_only_go_down(root: Path) -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_settings_know_the_environment(modules: Modules) -> None:
    names = ("os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv")
    assert not list(outside(ENVIRONMENT, modules, names))


def test_processes_are_started_in_few_places(modules: Modules) -> None:
    names = (
        "subprocess",
        "multiprocessing",
        "concurrent.futures.ProcessPoolExecutor",
        "asyncio.create_subprocess_exec",
        "asyncio.create_subprocess_shell",
        "os.system",
        "os.popen",
        "os.startfile",
        "pty",
    )
    assert not list(outside(STARTS_PROCESSES, modules, names))


def test_processes_are_forked_only_where_other_peoples_code_runs(modules: Modules) -> None:
    calls = (
        "fork",
        "forkpty",
        "posix_spawn",
        "posix_spawnp",
        "execv",
        "execve",
        "execvp",
        "execvpe",
        "execl",
    )
    assert not list(outside(FORKS, modules, tuple(f"os.{call}" for call in calls)))


def test_no_command_goes_through_a_shell(modules: Modules) -> None:
    shells = [
        f"{path}:{node.lineno}"
        for path, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "shell"
    ]
    assert not shells


def test_only_the_store_speaks_sql(modules: Modules) -> None:
    assert not list(outside(SPEAKS_SQL, modules, ("sqlmodel", "sqlalchemy", "sqlite3", "alembic", "psycopg")))


def test_broad_handlers_do_not_swallow(root: Path, modules: Modules) -> None:
    """`except Exception: pass` needs a `noqa: S110` with its reason on the line."""
    silent = []
    for path, tree in modules.items():
        lines = (root / path).read_text().splitlines()
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and is_broad(node.type) and does_nothing(node.body):
                exempted = re.search(r"noqa: .*\bS11[02]\b", lines[node.lineno - 1])
                silent += [] if exempted else [f"{path}:{node.lineno}"]
    assert not silent


def test_files_are_rooms(root: Path, modules: Modules) -> None:
    """Too long is a warning: split by concept, not by size."""
    lengths = {path: len((root / path).read_text().splitlines()) for path in modules}
    for path, length in lengths.items():
        if length > LONGEST:
            warnings.warn(f"{path} has {length} lines: more than one concept?", stacklevel=1)
    assert lengths, "no files were found"


def test_the_finders_of_this_test_find() -> None:
    """A wall that sees nothing would always stand."""
    source = (
        "import os, subprocess as sp\nfrom os import getenv\nfrom sqlalchemy.orm import Session\n"
        "def f():\n    os.environ['A']; os.fork()\n    try: f()\n    except (ValueError, Exception): ...\n"
    )
    tree = ast.parse(source)
    found = set(outside((), {"a.py": tree}, ("os.environ", "os.getenv", "os.fork", "subprocess", "sqlalchemy")))
    assert found == {
        "a.py:1 subprocess",
        "a.py:2 os.getenv",
        "a.py:3 sqlalchemy",
        "a.py:5 os.environ",
        "a.py:5 os.fork",
    }
    handler = next(node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))
    assert is_broad(handler.type)
    assert does_nothing(handler.body)


def outside(places: tuple[str, ...], modules: Modules, names: tuple[str, ...]) -> Iterator[str]:
    """Uses of the names in modules that are in none of the places (files, or folders ending in `/`)."""
    for path, tree in modules.items():
        if any(path == place or (place.endswith("/") and path.startswith(place)) for place in places):
            continue
        for line, used in uses(tree):
            for name in names:
                if used == name or used.startswith(f"{name}."):
                    yield f"{path}:{line} {name}"


def uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Dotted names that a module imports or reads from what it imported, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield node.lineno, f"{node.value.id}.{node.attr}"


def is_broad(caught: ast.expr | None) -> bool:
    """Whether a handler catches everything."""
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(
        name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException")) for name in names
    )


def does_nothing(body: list[ast.stmt]) -> bool:
    """Whether a body only passes, or goes on with a loop."""
    return all(
        isinstance(statement, ast.Pass | ast.Continue)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in body
    )
