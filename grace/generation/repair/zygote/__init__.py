"""A warm test process, forked for every judgement. Runs in the sandbox under the target's interpreter.

The package is loaded by path, depends on nothing but the standard library and pytest, and keeps to syntax that
Python 3.8 reads. It imports project and tests once (pytest's own collection), then serves orders that arrive as
JSON lines. Whatever runs project code after collection does so in a forked child.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback

from . import clock
from .channel import Channel


def main() -> None:
    """Collect the tests, then serve orders until the channel closes."""
    channel = Channel.take_over_standard_streams()
    order = channel.receive()
    if order is None:
        return
    root = order["root"]
    os.chdir(root)
    sys.path.insert(0, root)  # what `python -m pytest` does
    sys.path.extend(order["lent"])  # last: anything of the target's own comes first

    import pytest

    from .serving import Server

    server = Server(channel, root)
    clock.install()
    try:
        clock.arm(order["collecting_seconds"])
        code = int(pytest.main(_arguments(order["arguments"], root), plugins=[server]))
    except BaseException:  # noqa: BLE001 - reported to the other side, which decides
        channel.send({"fatal": traceback.format_exc(limit=-8)})
        return
    finally:
        clock.disarm()
    if not server.served:
        sys.stdout.flush()  # what pytest said is the reason; the other side need not wait for our end
        sys.stderr.flush()
        known = [f"\n{name}: {error}: {message}" for name, error, message, _, _ in server.uncollected]
        channel.send({"fatal": "pytest ended before collecting tests" + "".join(known), "exit": code})


def _arguments(wanted: list[str], root: str) -> list[str]:
    """The project's own options stay, but nothing may stop early, distribute, measure or reorder the tests.

    A plug-in whose options the project's configuration may name is told to do nothing rather than left out:
    without it those options would be errors. Test ids are paths below `root`, wherever a configuration file lies.
    """
    from importlib.util import find_spec

    arguments = ["--capture=no", "-q", "--maxfail=0", "-o", "cache_dir=" + tempfile.mkdtemp(prefix="cache-")]
    if find_spec("xdist"):
        arguments += ["-n0"]
    if find_spec("pytest_cov"):
        arguments += ["--no-cov"]
    if find_spec("pytest_randomly"):
        arguments += ["-p", "no:randomly"]
    if find_spec("pytest_timeout"):
        arguments += ["--timeout=0"]
    if not any(word.startswith("--rootdir") for word in wanted):
        arguments += ["--rootdir=" + root]
    return arguments + wanted
