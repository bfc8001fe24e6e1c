"""`make demo`: a repository with a planted bug, and one command that finds, repairs, proves and delivers.

Everything it writes lies in one temporary folder: the repository, GRACE's own records, and nothing in the
user's home.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent / "ticketing"
GRACE = Path(sys.executable).with_name("grace")


def main() -> int:
    """Run the demonstration. Gives the exit code of `grace fix`."""
    folder = Path(tempfile.mkdtemp(prefix="grace-demo-"))
    repository = make_repository(folder / "ticketing")
    places = {"GRACE_HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache")}
    environment = {**os.environ, **places}
    environment.pop("PREFECT_API_URL", None)  # alone, whatever servers this machine has
    environment.pop("GRACE_DATABASE_URL", None)

    say(f"{repository} has a bug: three tests fail, but none says where. One command:", "")
    say(f"$ grace fix {repository}", "")
    try:
        code = subprocess.run([GRACE, "fix", repository], cwd=folder, env=environment, check=False).returncode
    except KeyboardInterrupt:
        code = 130
    say("")
    if code == 0:
        say(f"Look around in {repository}: the checkout is as it was, the repair is a branch.")
        say(f"What was recorded:  GRACE_HOME={folder / 'home'} {shown(GRACE)} runs")
        say(f"Your turn:          {shown(GRACE)} fix A-REPOSITORY-WITH-A-FAILING-TEST")
    say(f"Nothing was written anywhere else: rm -r {folder} removes it all.")
    return code


def make_repository(place: Path) -> Path:
    """A git repository with the example as its only commit; the user's git settings do not matter."""
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    identity = ("-c", "user.name=Demo", "-c", "user.email=demo@localhost", "-c", "commit.gpgsign=false")
    for arguments in (
        ("init", "--quiet"),
        ("add", "--all"),
        ("commit", "--quiet", "--no-verify", "--message=The box office"),
    ):
        subprocess.run(["git", *identity, *arguments], cwd=place, check=True)
    return place


def shown(command: Path) -> Path:
    """The command as short as it can be typed from here."""
    return command.relative_to(Path.cwd()) if command.is_relative_to(Path.cwd()) else command


def say(*lines: str) -> None:
    """Print at once, so that the order stays right beside the output of other processes."""
    print(*lines, sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
