"""A warm test process, forked for every judgement. Runs in the sandbox under the target's interpreter.

The package is loaded by path, depends on nothing but the standard library and pytest, and keeps to syntax that
Python 3.8 reads. It imports project and tests once (pytest's own collection), then serves orders that arrive as
JSON lines. Whatever runs project code after collection does so in a forked child.
"""

from __future__ import annotations

import os
import sys
import traceback

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
    sys.setswitchinterval(1.0)  # candidates run single-threaded; fewer switches, steadier timing

    import pytest

    from .serving import Server

    server = Server(channel, root)
    try:
        code = int(pytest.main(_arguments(order["arguments"]), plugins=[server]))
    except BaseException:  # noqa: BLE001 - reported to the other side, which decides
        channel.send({"fatal": traceback.format_exc(limit=-8)})
        return
    if not server.served:
        channel.send({"fatal": "pytest ended before collecting tests", "exit": code})


def _arguments(wanted: list[str]) -> list[str]:
    """The project's own options stay, but nothing may distribute, measure or reorder the tests."""
    from importlib.util import find_spec

    arguments = ["-p", "no:cacheprovider", "--capture=no", "-q"]
    if find_spec("xdist"):
        arguments += ["-n0"]
    if find_spec("pytest_cov"):
        arguments += ["--no-cov"]
    if find_spec("pytest_randomly"):
        arguments += ["-p", "no:randomly"]
    if find_spec("pytest_timeout"):
        arguments += ["-p", "no:timeout", "-o", "timeout=0"]
    return arguments + wanted
