"""The command line under which bubblewrap builds the same sandbox. See bwrap(1)."""

import os

from . import namespaces


def command(
    program: str,
    argv: list[str],
    *,
    workspace: str,
    readable: list[str],
    environment: dict[str, str],
    scratch_bytes: int,
    filter_program: bytes,
    status_file: int,
) -> list[str]:
    """bubblewrap, its options and the command. Leaves open the descriptors that bubblewrap uses."""
    if not program:
        raise OSError("bubblewrap (bwrap) is not installed")
    os.set_inheritable(status_file, True)
    user, group = namespaces.inside_ids()
    size = str(scratch_bytes)
    options = [
        *("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--uid", str(user), "--gid", str(group), "--hostname", "sandbox"),
        *("--json-status-fd", str(status_file), "--seccomp", str(_readable(filter_program))),
        "--clearenv",
    ]
    for name, value in environment.items():
        options += ["--setenv", name, value]
    for path in namespaces.SYSTEM:
        if os.path.islink(path):
            options += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            options += ["--ro-bind", path, path]
    for path, content in namespaces.account_files().items():
        options += ["--perms", "0644", "--ro-bind-data", str(_readable(content.encode())), path]
    # a caller who is root owns /proc/sys even without capabilities: core_pattern would be a way out
    options += ["--dev", "/dev", "--proc", "/proc", "--remount-ro", "/proc"]
    for path in ("/tmp", "/dev/shm", namespaces.HOME):  # noqa: S108  # inside
        options += ["--perms", "1777", "--size", size, "--tmpfs", path]
    shown = {path: os.path.realpath(path) for path in (*namespaces.SYSTEM_FILES, *readable, workspace)}
    for path, real in sorted(shown.items(), key=lambda item: item[1]):  # parents come first
        if os.path.exists(real):
            options += ["--bind" if path == workspace else "--ro-bind", real, real]
    for path, real in shown.items():
        if path != real and os.path.lexists(path) and not _below_shown(path, shown):
            options += ["--symlink", real, path]
    return [program, *options, "--remount-ro", "/", "--chdir", workspace, "--", *argv]


def verdict(status_file: int) -> str:
    """How the command ended, from what bubblewrap wrote; an error when it never got that far."""
    status = os.pread(status_file, 65536, 0)
    _, found, code = status.partition(b'"exit-code":')
    if not found:
        return "error bubblewrap failed before it started the command"
    number = int(code.strip(b" }\n"))
    # a signal is told as a shell tells it
    return f"signaled {number - 128}" if 128 < number <= 128 + 64 else f"exited {number}"


def _below_shown(path: str, shown: dict[str, str]) -> bool:
    """Whether the link itself already appears, as part of a folder that is shown."""
    holder = os.path.realpath(os.path.dirname(path)) + "/"
    return any(holder.startswith(real + "/") for real in (*shown.values(), *namespaces.SYSTEM))


def _readable(content: bytes) -> int:
    """A descriptor, to be inherited, from which the content can be read."""
    descriptor = os.memfd_create("grace", 0)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
