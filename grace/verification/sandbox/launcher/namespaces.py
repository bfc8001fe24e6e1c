"""New namespaces and a root folder that holds nothing but what the command needs.

The way is bubblewrap's: a tmpfs, into which the folders needed are bound, becomes the root; the machine's
own root is unmounted. See user_namespaces(7), mount_namespaces(7) and pivot_root(2).
"""

import os

from . import kernel

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/os-release",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
)
DEVICES = ("null", "zero", "full", "random", "urandom")
HOME = "/home/grace"
_UNPRIVILEGED = 1000
_PLATFORM = "/tmp"  # noqa: S108  # any folder to stand on while the root is exchanged
_OLD, _NEW = "/old", "/new"
_NAMES = ("passwd", "group", "hosts", "services", "protocols")


def inside_ids() -> tuple[int, int]:
    """User and group the command sees itself as: the caller's own, but never root."""
    return os.getuid() or _UNPRIVILEGED, os.getgid() or _UNPRIVILEGED


def account_files() -> dict[str, str]:
    """Contents of the files below /etc that tell the command who and where it is."""
    user, group = inside_ids()
    return {
        "/etc/passwd": f"grace:x:{user}:{group}::{HOME}:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
        "/etc/group": f"grace:x:{group}:\nnogroup:x:65534:\n",
        "/etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
        "/etc/nsswitch.conf": "".join(f"{name}: files\n" for name in _NAMES),
    }


def unshare() -> None:
    """Enter new user, mount, process, network, IPC, UTS and cgroup namespaces.

    The next child is the first process of the new process namespace. Raises OSError.
    """
    outside_user, outside_group = os.getuid(), os.getgid()
    user, group = inside_ids()
    kernel.unshare(
        kernel.CLONE_NEWUSER
        | kernel.CLONE_NEWNS
        | kernel.CLONE_NEWPID
        | kernel.CLONE_NEWNET
        | kernel.CLONE_NEWIPC
        | kernel.CLONE_NEWUTS
        | kernel.CLONE_NEWCGROUP
    )
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {outside_user} 1")
    _write("/proc/self/gid_map", f"{group} {outside_group} 1")


def build_root(workspace: str, readable: list[str], scratch_bytes: int) -> None:
    """Replace the root folder. To be called by the first process of the namespaces. Raises OSError.

    The workspace and what is readable keep their paths. `scratch_bytes` bounds each of /tmp, /dev/shm and
    the home folder, which are new, empty and in memory.
    """
    links = {path: os.readlink(path) for path in SYSTEM if os.path.islink(path)}
    shown = [path for path in (*SYSTEM_FILES, *readable) if os.path.exists(path)]
    real_paths = {path: os.path.realpath(path) for path in (*shown, workspace)}
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("grace", _PLATFORM, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
    os.mkdir(_PLATFORM + _OLD)
    os.mkdir(_PLATFORM + _NEW)
    kernel.pivot_root(_PLATFORM, _PLATFORM + _OLD)
    os.chdir("/")
    kernel.mount("grace", _NEW, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=1m")

    for path in SYSTEM:
        if path in links:
            os.symlink(links[path], _NEW + path)
        elif os.path.isdir(_OLD + path):
            _bind(path, read_only=True)
    for path, content in account_files().items():
        os.makedirs(os.path.dirname(_NEW + path), exist_ok=True)
        _write(_NEW + path, content)
    _devices(scratch_bytes)
    _processes()
    _scratch("/tmp", scratch_bytes, "1777")  # noqa: S108  # inside
    _scratch(HOME, scratch_bytes, "755")
    for path, real in sorted(real_paths.items(), key=lambda item: item[1]):  # parents come first
        _bind(real, read_only=path != workspace)
    for path, real in real_paths.items():
        if path != real:
            _link(path, real)

    kernel.unmount(_OLD)
    os.chdir(_NEW)
    kernel.pivot_root(".", ".")
    kernel.unmount(".")
    os.chdir("/")
    kernel.mount_attributes("/", kernel.MOUNT_ATTR_RDONLY, recursive=False)
    kernel.set_host_name("sandbox")
    kernel.loopback_up()


def _bind(path: str, *, read_only: bool) -> None:
    target = _NEW + path
    if not os.path.exists(target):
        folder = target if os.path.isdir(_OLD + path) else os.path.dirname(target)
        os.makedirs(folder, exist_ok=True)
        if folder != target:
            _write(target, "")
    kernel.mount(_OLD + path, target, flags=kernel.MS_BIND | kernel.MS_REC)
    attributes = kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV
    attributes |= kernel.MOUNT_ATTR_RDONLY if read_only else 0
    kernel.mount_attributes(target, attributes, recursive=True)


def _link(path: str, real: str) -> None:
    if not os.path.lexists(_NEW + path):
        os.makedirs(os.path.dirname(_NEW + path), exist_ok=True)
        os.symlink(real, _NEW + path)


def _scratch(path: str, size: int, mode: str) -> None:
    os.makedirs(_NEW + path, exist_ok=True)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("grace", _NEW + path, "tmpfs", flags, f"mode={mode},size={size}")


def _devices(scratch_bytes: int) -> None:
    os.mkdir(_NEW + "/dev")
    for name in DEVICES:
        _write(f"{_NEW}/dev/{name}", "")
        kernel.mount(f"{_OLD}/dev/{name}", f"{_NEW}/dev/{name}", flags=kernel.MS_BIND)
    for name, target in (("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(f"/proc/self/{target}", f"{_NEW}/dev/{name}")
    _scratch("/dev/shm", scratch_bytes, "1777")  # noqa: S108  # inside
    os.mkdir(_NEW + "/dev/pts")
    flags = kernel.MS_NOSUID | kernel.MS_NOEXEC
    kernel.mount("devpts", _NEW + "/dev/pts", "devpts", flags, "newinstance,ptmxmode=0666,mode=620")
    os.symlink("pts/ptmx", _NEW + "/dev/ptmx")


def _processes() -> None:
    os.mkdir(_NEW + "/proc")
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount("proc", _NEW + "/proc", "proc", flags)
    # a caller who is root owns /proc/sys even without capabilities: core_pattern would be a way out
    kernel.mount_attributes(_NEW + "/proc", kernel.MOUNT_ATTR_RDONLY, recursive=True)


def _write(path: str, content: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        os.write(handle, content.encode())
    finally:
        os.close(handle)
