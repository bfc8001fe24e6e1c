"""Hostile code in every tier of isolation. The best two block everything; the others what they promise."""

import ast
import os
import secrets
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grace.contracts import Isolation
from grace.ports import CommandResult, Confinement, Limits
from grace.verification.interpreter import find_interpreter
from grace.verification.sandbox import best_runner, runner, runner_for, tiers

HOSTILE = Path(__file__).with_name("hostile.py")
LIMITS = Limits(wall_seconds=20, cpu_seconds=10, processes=64, memory_bytes=2**30, file_bytes=4 * 2**20)

FULL = (Isolation.BUBBLEWRAP, Isolation.NAMESPACES)
CONFINING = (*FULL, Isolation.LANDLOCK)
EVERY = tuple(Isolation)


def tier(isolations: tuple[Isolation, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("isolation", isolations, indirect=True)


@pytest.fixture
def isolation(request: pytest.FixtureRequest) -> Isolation:
    wanted: Isolation = request.param
    found = next(tier for tier in tiers() if tier.isolation is wanted)
    if not found.available:
        pytest.skip(f"{wanted}: {found.reason}")
    return wanted


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    (folder / ".ssh").mkdir(parents=True)
    (folder / ".ssh" / "id_ed25519").write_text("private")
    return folder


@pytest.fixture
def victim() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the same user outside; it ends by itself on SIGUSR1, else when its input closes."""
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, env={"SECRET": "private"}) as process:
        yield process


@pytest.fixture(scope="session")
def readable(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    interpreter = find_interpreter(tmp_path_factory.mktemp("none"), sys.executable)
    return (*map(Path, interpreter.readable), HOSTILE)


def python(
    isolation: Isolation, workspace: Path, readable: tuple[Path, ...], *words: str, limits: Limits = LIMITS
) -> CommandResult:
    confinement = Confinement(workspace, readable)
    return runner_for(isolation).run([sys.executable, "-I", *words], confinement, limits)


def attack(isolation: Isolation, workspace: Path, readable: tuple[Path, ...], name: str, target: object = "") -> str:
    result = python(isolation, workspace, readable, str(HOSTILE), name, str(target))
    verdict = result.output.strip()
    assert "escaped" in verdict or "blocked" in verdict, result
    return verdict


def processes_with(marker: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if marker.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


@tier(CONFINING)
@pytest.mark.parametrize("how", ["read_file", "read_through_link", "hard_link"])
def test_files_outside_cannot_be_read(
    isolation: Isolation, workspace: Path, outside: Path, readable: tuple[Path, ...], how: str
) -> None:
    verdict = attack(isolation, workspace, readable, how, outside / ".ssh" / "id_ed25519")
    assert verdict.startswith("blocked")
    assert "private" not in verdict


@tier(CONFINING)
def test_the_users_home_cannot_be_listed(isolation: Isolation, workspace: Path, readable: tuple[Path, ...]) -> None:
    home = Path.home()
    verdict = attack(isolation, workspace, readable, "list_folder", home)
    shown = {path.relative_to(home).parts[0] for path in readable if path.is_relative_to(home)}
    assert verdict.startswith("blocked") or set(ast.literal_eval(verdict.partition("\n")[0])) <= shown
    assert attack(isolation, workspace, readable, "list_folder", home / ".ssh").startswith("blocked")


@tier(CONFINING)
@pytest.mark.parametrize("how", ["write_file", "write_through_link", "move_out"])
def test_nothing_outside_can_be_written(
    isolation: Isolation, workspace: Path, outside: Path, readable: tuple[Path, ...], how: str
) -> None:
    assert attack(isolation, workspace, readable, how, outside / "new").startswith("blocked")
    assert not (outside / "new").exists()


@tier(CONFINING)
def test_what_is_readable_cannot_be_written(
    isolation: Isolation, workspace: Path, outside: Path, readable: tuple[Path, ...]
) -> None:
    verdict = attack(isolation, workspace, (*readable, outside), "write_file", outside / "new")
    assert verdict.startswith("blocked")
    assert attack(isolation, workspace, readable, "write_file", "/usr/new").startswith("blocked")


@tier(CONFINING)
@pytest.mark.parametrize("how", ["tcp", "tcp_fast_open"])
def test_listeners_of_this_machine_cannot_be_reached(
    isolation: Isolation, workspace: Path, readable: tuple[Path, ...], how: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        verdict = attack(isolation, workspace, readable, how, listener.getsockname()[1])
        assert verdict.startswith("blocked")
        with pytest.raises(BlockingIOError):
            listener.accept()


@tier(CONFINING)
def test_datagrams_do_not_arrive(isolation: Isolation, workspace: Path, readable: tuple[Path, ...]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setblocking(False)
        assert attack(isolation, workspace, readable, "udp", receiver.getsockname()[1]).startswith("blocked")
        with pytest.raises(BlockingIOError):
            receiver.recv(16)


@tier(CONFINING)
@pytest.mark.parametrize("abstract", [True, False], ids=["abstract", "path"])
def test_unix_sockets_outside_cannot_be_reached(
    isolation: Isolation, workspace: Path, outside: Path, readable: tuple[Path, ...], abstract: bool
) -> None:
    name = f"@grace-{secrets.token_hex(8)}" if abstract else str(outside / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name.replace("@", "\0"))
        listener.listen()
        assert attack(isolation, workspace, readable, "unix_socket", name).startswith("blocked")


@tier(CONFINING)
def test_the_hypervisor_cannot_be_reached(isolation: Isolation, workspace: Path, readable: tuple[Path, ...]) -> None:
    assert attack(isolation, workspace, readable, "virtual_machine_socket", 9999).startswith("blocked")


@tier(CONFINING)
@pytest.mark.parametrize(
    "how", ["signal_process", "trace_process", "read_environment", "through_another_root", "limit_another"]
)
def test_processes_outside_cannot_be_touched(
    isolation: Isolation,
    workspace: Path,
    readable: tuple[Path, ...],
    victim: subprocess.Popen[bytes],
    how: str,
) -> None:
    # inside a process namespace, numbers as small as the victim's could be somebody else's
    verdict = attack(isolation, workspace, readable, how, victim.pid)
    assert verdict.startswith("blocked")
    assert "private" not in verdict
    assert victim.poll() is None


@tier(CONFINING)
def test_the_parent_survives_a_signal(isolation: Isolation, workspace: Path, readable: tuple[Path, ...]) -> None:
    result = python(isolation, workspace, readable, str(HOSTILE), "signal_parent", "")
    assert result.exit_code == 0, result


@tier(CONFINING)
@pytest.mark.parametrize(
    "how, target",
    [
        ("mount", "/tmp"),
        ("new_user_namespace", ""),
        ("make_device", ""),
        ("set_kernel_option", "/proc/sys/kernel/core_pattern"),
        ("set_kernel_option", "/proc/sysrq-trigger"),
    ],
)
def test_the_kernel_refuses_privileged_calls(
    isolation: Isolation, workspace: Path, readable: tuple[Path, ...], how: str, target: str
) -> None:
    assert attack(isolation, workspace, readable, how, target).startswith("blocked")


@tier(EVERY)
def test_a_fork_bomb_is_ended_and_leaves_nothing(
    isolation: Isolation, workspace: Path, readable: tuple[Path, ...]
) -> None:
    marker = f"marker-{secrets.token_hex(8)}"
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    limits = Limits(wall_seconds=5, processes=40)
    result = python(isolation, workspace, readable, "-c", bomb, marker, limits=limits)
    assert result.exit_code == -9
    assert processes_with(marker) == []


@tier(EVERY)
def test_a_memory_bomb_fails_by_itself(isolation: Isolation, workspace: Path, readable: tuple[Path, ...]) -> None:
    result = python(isolation, workspace, readable, "-c", "bytearray(3 * 2**30)")
    assert result.exit_code == 1
    assert "MemoryError" in result.output


@tier(EVERY)
def test_one_file_cannot_fill_the_disk(isolation: Isolation, workspace: Path, readable: tuple[Path, ...]) -> None:
    fill = "with open('big', 'wb') as f:\n    while True: f.write(bytes(2**20))"
    result = python(isolation, workspace, readable, "-c", fill)
    assert "File too large" in result.output
    assert (workspace / "big").stat().st_size == LIMITS.file_bytes


@tier(FULL)
@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm", "~"])
def test_temporary_folders_are_of_limited_size(
    isolation: Isolation,
    workspace: Path,
    readable: tuple[Path, ...],
    folder: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "SCRATCH_BYTES", 8 * 2**20)
    fill = (
        "import os, sys\nos.chdir(os.path.expanduser(sys.argv[1]))\n"
        "for n in range(9):\n    with open(str(n), 'wb') as f: f.write(bytes(2**20))"
    )
    result = python(isolation, workspace, readable, "-c", fill, folder)
    assert "No space left" in result.output


@tier(EVERY)
def test_a_daemon_does_not_outlive_the_command(
    isolation: Isolation, workspace: Path, readable: tuple[Path, ...]
) -> None:
    marker = f"marker-{secrets.token_hex(8)}"
    daemon = (
        "import os, signal, time\n"
        "if os.fork(): os.wait(); os._exit(0)\n"
        "os.setsid()\n"
        "if os.fork(): os._exit(0)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open('alive', 'w').close()\n"
        "time.sleep(60)"
    )
    result = python(isolation, workspace, readable, "-c", daemon, marker)
    assert result.exit_code == 0
    assert processes_with(marker) == []


@tier(EVERY)
def test_everything_ends_when_grace_is_killed(
    isolation: Isolation, workspace: Path, readable: tuple[Path, ...]
) -> None:
    marker = f"marker-{secrets.token_hex(8)}"
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from grace.contracts import Isolation\nfrom grace.ports import Confinement, Limits\n"
        "from grace.verification.sandbox import runner_for\n"
        "isolation, workspace, python, marker, *readable = sys.argv[1:]\n"
        "confinement = Confinement(Path(workspace), tuple(map(Path, readable)))\n"
        "argv = [python, '-I', '-c', 'print(flush=True); import time; time.sleep(60)', marker]\n"
        "with runner_for(Isolation(isolation)).start(argv, confinement, Limits()) as running:\n"
        "    running.stdout.readline()\n    print('up', flush=True)\n    sys.stdin.read()\n"
    )
    words = [sys.executable, "-c", script, isolation, workspace, sys.executable, marker, *readable]
    variables = {"PYTHONPATH": str(Path(runner.__file__).parents[3]), "TMPDIR": str(workspace.parent)}
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=variables,
    ) as grace:
        assert grace.stdout is not None
        assert grace.stdout.readline() == b"up\n"
        inside = [pid for pid in processes_with(marker) if pid != grace.pid]
        assert inside
        handles = [os.pidfd_open(pid) for pid in inside]
        grace.kill()
    for handle in handles:
        assert _ends(handle), "a process outlived GRACE"


def _ends(handle: int) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    ended = bool(poll.poll(10_000))
    os.close(handle)
    return ended


def test_the_best_runner_is_the_first_tier_that_works() -> None:
    assert best_runner().isolation is next(tier.isolation for tier in tiers() if tier.available)
    assert [tier.isolation for tier in tiers()] == list(Isolation)
    assert all(tier.reason for tier in tiers())
