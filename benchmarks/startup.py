"""How long `grace --help` takes, and what a Python that does nothing takes here. Goal: under 0.3 s."""

import os
import platform
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

SAMPLES = 15


def seconds(command: list[str]) -> list[float]:
    """Wall seconds of each run; the first, which may read from a cold disk, is not counted."""
    taken = []
    for _ in range(SAMPLES + 1):
        began = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        taken.append(time.monotonic() - began)
    return taken[1:]


def main() -> None:
    print(f"{date.today()}  {platform.platform()}  Python {platform.python_version()}  {os.cpu_count()} CPUs")
    print(f"load {os.getloadavg()[0]:.1f}, {SAMPLES} runs each")
    grace = str(Path(sys.executable).with_name("grace"))
    commands = {"grace --help": [grace, "--help"], "python -c pass": [sys.executable, "-c", "pass"]}
    for name, command in commands.items():
        taken = seconds(command)
        print(f"{name:<16} min {min(taken):.3f} s  median {statistics.median(taken):.3f} s")


if __name__ == "__main__":
    main()
