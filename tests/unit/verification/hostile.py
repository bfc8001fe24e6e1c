# ruff: noqa: PTH104, PTH119, PTH120, PTH123, PTH208, PTH211, T201  # attacks call the system as attackers do
"""What hostile code tries. Run inside a sandbox: `hostile.py ATTACK TARGET`; prints "escaped" or "blocked".

Standard library only. Nothing here destroys: an attack that succeeds leaves a mark or prints.
"""

import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable


def read_file(target: str) -> None:
    with open(target) as file:
        print(file.read())


def list_folder(target: str) -> None:
    print(os.listdir(target))


def write_file(target: str) -> None:
    with open(target, "a") as file:
        file.write("escaped")


def read_through_link(target: str) -> None:
    os.symlink(target, "way-out")
    read_file("way-out")


def write_through_link(target: str) -> None:
    os.symlink(os.path.dirname(target), "way-out")
    write_file("way-out/" + os.path.basename(target))


def move_out(target: str) -> None:
    write_file("inside")
    os.rename("inside", target)


def hard_link(target: str) -> None:
    os.link(target, "way-out")
    read_file("way-out")


def tcp(target: str) -> None:
    socket.create_connection(("127.0.0.1", int(target)), timeout=2)


def tcp_fast_open(target: str) -> None:
    with socket.socket() as connection:
        connection.sendto(b"escaped", socket.MSG_FASTOPEN, ("127.0.0.1", int(target)))


def udp(target: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", int(target)))
        sender.send(b"escaped")
        sender.settimeout(0.5)
        sender.recv(16)


def unix_socket(target: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\0" + target[1:] if target.startswith("@") else target)


def virtual_machine_socket(target: str) -> None:
    socket.socket(socket.AF_VSOCK).bind((socket.VMADDR_CID_ANY, int(target)))


def signal_process(target: str) -> None:
    os.kill(int(target), signal.SIGUSR1)


def signal_parent(_: str) -> None:
    os.kill(os.getppid(), signal.SIGTERM)


def trace_process(target: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    attach = 16
    if libc.ptrace(attach, int(target), None, None) < 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def read_environment(target: str) -> None:
    read_file(f"/proc/{target}/environ")


def through_another_root(target: str) -> None:
    print(os.listdir(f"/proc/{target}/root/etc"))


def set_kernel_option(target: str) -> None:
    os.close(os.open(target, os.O_WRONLY))  # opening is enough to know


def mount(target: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", target.encode(), b"tmpfs", 0, None) < 0:
        raise OSError(ctypes.get_errno(), "mount")


def new_user_namespace(_: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) < 0:
        raise OSError(ctypes.get_errno(), "unshare")


def make_device(_: str) -> None:
    os.mknod("disk", 0o600 | 0o060000, os.makedev(254, 0))


def limit_another(target: str) -> None:
    import resource

    resource.prlimit(int(target), resource.RLIMIT_NOFILE, (64, 64))


def main() -> None:
    attacks: dict[str, Callable[[str], None]] = {n: f for n, f in globals().items() if callable(f)}
    name, target = sys.argv[1:3]
    try:
        attacks[name](target)
    except OSError as error:
        print(f"blocked: {error}")
    else:
        print("escaped")


if __name__ == "__main__":
    main()
