import os
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import Isolation
from grace.errors import EnvironmentLacking, InputError
from grace.ports import CommandResult, Confinement, Limits
from grace.verification.interpreter import find_interpreter
from grace.verification.sandbox import best_runner, runner_for, tiers
from grace.verification.sandbox.output import Capture
from grace.verification.sandbox.terminal import plain_text

AVAILABLE = [tier.isolation for tier in tiers() if tier.available]
every_tier = pytest.mark.parametrize("isolation", AVAILABLE)


def shell(isolation: Isolation, workspace: Path, script: str, limits: Limits | None = None) -> CommandResult:
    confinement = Confinement(workspace, environment={"GIVEN": "yes"})
    return runner_for(isolation).run(["sh", "-c", script], confinement, limits or Limits(wall_seconds=20))


@every_tier
def test_both_outputs_come_in_the_order_written(isolation: Isolation, tmp_path: Path) -> None:
    result = shell(isolation, tmp_path, "echo one; echo two >&2; echo three; exit 7")
    assert (result.output, result.exit_code, result.timed_out) == ("one\ntwo\nthree\n", 7, False)


@every_tier
def test_the_workspace_keeps_its_path_and_what_is_written_there_stays(isolation: Isolation, tmp_path: Path) -> None:
    assert shell(isolation, tmp_path, "pwd; echo kept > file").output == f"{tmp_path}\n"
    assert (tmp_path / "file").read_text() == "kept\n"


@every_tier
def test_a_workspace_behind_a_link_keeps_its_path(isolation: Isolation, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    result = shell(isolation, tmp_path / "link", f"echo kept > {tmp_path}/link/file")
    assert result.exit_code == 0, result
    assert (tmp_path / "real" / "file").read_text() == "kept\n"


@every_tier
def test_folders_and_files_to_read_keep_their_paths(isolation: Isolation, tmp_path: Path) -> None:
    for name in ("workspace", "folder"):
        (tmp_path / name).mkdir()
    (tmp_path / "folder" / "a").write_text("in a folder\n")
    (tmp_path / "b").write_text("a file\n")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    confinement = Confinement(tmp_path / "workspace", (tmp_path / "link", tmp_path / "b"))
    words = ["cat", str(tmp_path / "link" / "a"), str(tmp_path / "b")]
    assert runner_for(isolation).run(words, confinement, Limits()).output == "in a folder\na file\n"


@every_tier
def test_the_environment_is_an_allow_list(
    isolation: Isolation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    lines = shell(isolation, tmp_path, "env").output.splitlines()
    names = {line.partition("=")[0] for line in lines}
    assert names - {"PWD", "SHLVL", "_"} == {
        *("GIVEN", "HOME", "LANG", "PATH"),
        *("PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "TMPDIR"),
    }


@every_tier
def test_home_and_temporary_folder_are_empty_and_writable(isolation: Isolation, tmp_path: Path) -> None:
    script = 'ls -A "$HOME" "$TMPDIR" | grep -v : ; echo x > "$HOME/x" && mktemp >&2 && test "$HOME" != ~root'
    lines = shell(isolation, tmp_path, script).output.split()
    assert len(lines) <= 2  # the name that mktemp gave, and where the workspace is below /tmp, that folder


@every_tier
def test_no_descriptor_is_inherited(isolation: Isolation, tmp_path: Path) -> None:
    handle = os.open("/etc/passwd", os.O_RDONLY)
    os.set_inheritable(handle, True)
    try:
        listing = shell(isolation, tmp_path, "exec ls -l /proc/self/fd").output
    finally:
        os.close(handle)
    open_there = {line.rpartition(" -> ")[2].rstrip("/0123456789[]") for line in listing.splitlines()[1:]}
    assert open_there <= {
        "/dev/null",
        "pipe:",
        listing.rpartition(" -> ")[2].strip(),
    }  # and the listing's own
    assert len(listing.splitlines()) == 5


@every_tier
def test_a_signal_is_a_negative_exit_code(isolation: Isolation, tmp_path: Path) -> None:
    assert shell(isolation, tmp_path, "kill -SEGV $$").exit_code == -11


@every_tier
def test_a_missing_command_is_127_or_named(isolation: Isolation, tmp_path: Path) -> None:
    result = runner_for(isolation).run(["no-such-command"], Confinement(tmp_path), Limits())
    assert result.exit_code == 127
    assert "no-such-command" in result.output


@every_tier
def test_the_wall_clock_limit_ends_it(isolation: Isolation, tmp_path: Path) -> None:
    result = shell(isolation, tmp_path, "echo started; sleep 60", Limits(wall_seconds=0.3))
    assert result.timed_out
    assert result.exit_code < 0
    assert result.output.startswith("started\n")
    assert "longer than 0.3 s" in result.output


@every_tier
def test_the_cpu_limit_ends_it(isolation: Isolation, tmp_path: Path) -> None:
    result = shell(isolation, tmp_path, "while :; do :; done", Limits(cpu_seconds=1, wall_seconds=20))
    assert result.exit_code in (-24, -9)
    assert not result.timed_out


@every_tier
def test_endless_output_is_capped_and_counted(isolation: Isolation, tmp_path: Path) -> None:
    limits = Limits(output_bytes=1000, wall_seconds=20)
    result = shell(isolation, tmp_path, "echo first; seq 100000; echo last", limits)
    assert result.output.startswith("first\n")
    assert result.output.endswith("last\n")
    assert len(result.output) < 1100
    assert result.dropped_bytes > 500_000


@every_tier
def test_a_running_command_is_talked_to_and_gone_afterwards(isolation: Isolation, tmp_path: Path) -> None:
    script = "echo $$ ready >&2; read line; echo got $line; sleep 60"
    with runner_for(isolation).start(["sh", "-c", script], Confinement(tmp_path), Limits()) as running:
        running.stdin.write(b"word\n")
        running.stdin.flush()
        assert running.stdout.readline() == b"got word\n"
        said = running.stop()
        assert running.stdout.read() == b""
    assert "ready" in said


@every_tier
def test_a_running_command_is_bound_by_the_wall_clock(isolation: Isolation, tmp_path: Path) -> None:
    limits = Limits(wall_seconds=0.2)
    with runner_for(isolation).start(["sleep", "60"], Confinement(tmp_path), limits) as running:
        assert running.stdout.read() == b""
        assert "limit time" in running.stop()


def test_a_running_command_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    context = best_runner().start(["cat"], Confinement(tmp_path), Limits())
    opened = []
    thread = threading.Thread(target=lambda: opened.append(context.__enter__()))
    thread.start()
    thread.join()
    opened[0].stdin.write(b"still here\n")
    opened[0].stdin.flush()
    assert opened[0].stdout.readline() == b"still here\n"
    context.__exit__(None, None, None)


def test_a_suite_may_talk_to_itself_over_the_loopback(tmp_path: Path) -> None:
    if best_runner().isolation not in (Isolation.BUBBLEWRAP, Isolation.NAMESPACES):
        pytest.skip("needs a network namespace")
    interpreter = find_interpreter(tmp_path, sys.executable)
    script = (
        "import socket, multiprocessing\n"
        "s = socket.create_server(('localhost', 0))\n"
        "socket.create_connection(s.getsockname())\n"
        "multiprocessing.Lock()\n"
        "import pty; pty.openpty()\n"
        "import getpass; print(getpass.getuser())\n"
    )
    confinement = Confinement(tmp_path, tuple(map(Path, interpreter.readable)))
    result = best_runner().run([sys.executable, "-c", script], confinement, Limits())
    assert (result.exit_code, result.output) == (0, "grace\n")


def test_a_workspace_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        best_runner().run(["true"], Confinement(tmp_path / "absent"), Limits())


def test_a_sandbox_that_cannot_be_built_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(EnvironmentLacking, match="not installed"):
        runner_for(Isolation.BUBBLEWRAP).run(["true"], Confinement(tmp_path), Limits())


@given(st.lists(st.binary(max_size=50)), st.integers(min_value=2, max_value=60))
def test_capture_keeps_both_ends_and_counts_the_rest(pieces: list[bytes], limit: int) -> None:
    capture = Capture(limit)
    for piece in pieces:
        capture.add(piece)
    whole, content = b"".join(pieces), capture.content()
    if len(whole) <= limit:
        assert (content, capture.dropped) == (whole, 0)
    else:
        assert capture.dropped == len(whole) - limit
        assert content.startswith(whole[: limit // 2])
        assert content.endswith(whole[len(whole) - (limit - limit // 2) :])


@given(st.binary())
def test_plain_text_has_no_control_characters(output: bytes) -> None:
    text = plain_text(output)
    assert not [c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]


@pytest.mark.parametrize(
    "raw, plain",
    [
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b]0;title\x07text", "text"),
        (b"\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"a\r\nb\rc", "a\nb\nc"),
        (b"\x1b(B\x1b=text\x08", "text"),
        ("\u202egnirts".encode(), "gnirts"),
        (b"caf\xe9", "caf\ufffd"),
    ],
)
def test_plain_text_takes_out_what_steers_a_terminal(raw: bytes, plain: str) -> None:
    assert plain_text(raw) == plain
