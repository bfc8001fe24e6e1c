"""Importing does nothing, and the command line starts light."""

import json
import subprocess
import sys
from pathlib import Path

HEAVY = (
    "prefect",
    "sqlmodel",
    "sqlalchemy",
    "pydantic",
    "fastapi",
    "libcst",
    "bandit",
    "httpx",
    "rich.console",
)

IMPORT_EVERYTHING = r"""
import ast, importlib, io, json, os, sys
from pathlib import Path

root, packages = Path(sys.argv[1]), sys.argv[2:]
files = sorted(f for package in packages for f in (root / package).rglob("*.py"))
# Alembic runs its environment and its versions; they are not imported.
files = [f for f in files if "migrations" not in f.parts]
ours = tuple(str(root / package) + os.sep for package in packages)


def at_import(tree):
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


for file in files:  # what libraries do when they are imported is not ours to judge
    for name in at_import(ast.parse(file.read_bytes())):
        if name.partition(".")[0] not in packages:
            try:
                importlib.import_module(name)
            except ImportError:
                pass  # a name in a module, not a module


def caused_by_us():
    frame, us = sys._getframe(2), ""
    while frame and not us:
        us = frame.f_code.co_filename if frame.f_code.co_filename.startswith(ours) else ""
        frame = frame.f_back
    return us and os.path.relpath(us, root)


done, watching = [], True
CHANGES = (
    "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.putenv", "os.unsetenv", "os.chdir", "os.fork",
    "os.exec", "os.system", "os.posix_spawn", "subprocess.Popen", "socket.connect", "socket.bind",
    "socket.getaddrinfo", "sqlite3.connect", "shutil.", "tempfile.", "signal.",
)


def watch(event, arguments):
    if not watching:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) if isinstance(flags, int) else 0
        if not writes or "__pycache__" in str(path):
            return
    elif not event.startswith(CHANGES):
        return
    if us := caused_by_us():
        done.append(f"{us}: {event} {arguments!r:.100}")


class Watched(type(os.environ)):
    def __getitem__(self, key):
        frame = sys._getframe(1)  # the reader itself: a library may look something up for its own decorators
        while frame and frame.f_globals.get("__name__") in ("os", "_collections_abc", "collections.abc"):
            frame = frame.f_back
        if watching and frame and frame.f_code.co_filename.startswith(ours):
            done.append(f"{os.path.relpath(frame.f_code.co_filename, root)}: reads {key} of the environment")
        return super().__getitem__(key)


os.environ.__class__ = Watched
sys.addaudithook(watch)
sys.stdout, sys.stderr, real = io.StringIO(), io.StringIO(), sys.stdout
names = []
for file in files:
    parts = file.relative_to(root).with_suffix("").parts
    names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    importlib.import_module(names[-1])
    if said := sys.stdout.getvalue() + sys.stderr.getvalue():
        done.append(f"{names[-1]}: prints {said!r:.100}")
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
watching = False
print(json.dumps({"imported": len(names), "done": done}), file=real)
"""


def python(*arguments: str, cwd: Path) -> str:
    command = [sys.executable, "-P", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_does_nothing(root: Path, packages: tuple[str, ...], tmp_path: Path) -> None:
    answer = json.loads(python("-c", IMPORT_EVERYTHING, str(root), *packages, cwd=tmp_path))
    assert answer["imported"] > 50
    assert answer["done"] == []
    assert list(tmp_path.iterdir()) == []


def test_the_watcher_of_this_test_sees(tmp_path: Path) -> None:
    """A watcher that sees nothing would always be content."""
    package = tmp_path / "checkout" / "busy"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "import os\nfrom pathlib import Path\n"
        "print('hello')\nos.environ.get('HOME')\nPath('left.txt').write_text('x')\n"
    )
    runner = f"import sys; sys.path.insert(0, {str(package.parent)!r})\n{IMPORT_EVERYTHING}"
    answer = json.loads(python("-c", runner, str(package.parent), "busy", cwd=tmp_path))
    said = " ".join(answer["done"])
    assert "prints 'hello" in said
    assert "reads HOME" in said
    assert "open ('left.txt'" in said


def test_the_command_line_starts_light(tmp_path: Path) -> None:
    loaded = python("-c", "import grace.cli.main, sys; print(*sys.modules)", cwd=tmp_path).split()
    assert "grace.cli.main" in loaded
    assert [name for name in HEAVY if name in loaded] == []
