"""Linux system calls that the standard library lacks, checked: a failure raises OSError naming the call."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2

MOUNT_ATTR_RDONLY = 0x1
MOUNT_ATTR_NOSUID = 0x2
MOUNT_ATTR_NODEV = 0x4

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47

_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_CLOSE_RANGE_CLOEXEC = 4
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CLOSE_RANGE = 436
_MOUNT_SETATTR = 442


def syscall(name: str, number: int, *arguments: object) -> int:
    """Call the kernel by number. Raises OSError; its text starts with `name`."""
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return _checked(name, int(_libc.syscall(ctypes.c_long(number), *words)))


def unshare(flags: int) -> None:
    """Move into new namespaces. See unshare(2)."""
    _checked("unshare", _libc.unshare(flags))


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount. See mount(2)."""
    _checked(
        f"mount {source} on {target}",
        _libc.mount(
            os.fsencode(source),
            os.fsencode(target),
            kind.encode() or None,
            ctypes.c_ulong(flags),
            data.encode() or None,
        ),
    )


def mount_attributes(target: str, attributes: int, *, recursive: bool) -> None:
    """Add attributes to a mount and, if recursive, to all below it. See mount_setattr(2), Linux 5.12."""
    request = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    syscall(
        f"mount_setattr {target}",
        _MOUNT_SETATTR,
        _AT_FDCWD,
        ctypes.c_char_p(os.fsencode(target)),
        _AT_RECURSIVE if recursive else 0,
        ctypes.byref(request),
        ctypes.sizeof(request),
    )


def unmount(target: str) -> None:
    """Detach a mount and all below it."""
    _checked(f"umount {target}", _libc.umount2(os.fsencode(target), MNT_DETACH))


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root and put the old root at `old`. See pivot_root(2)."""
    new_bytes, old_bytes = ctypes.c_char_p(os.fsencode(new)), ctypes.c_char_p(os.fsencode(old))
    syscall("pivot_root", _PIVOT_ROOT[platform_name()], new_bytes, old_bytes)


def prctl(option: int, argument: object = 0, second: object = 0) -> None:
    """Change what the process may do. See prctl(2)."""
    words = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in (argument, second, 0, 0)]
    _checked(f"prctl {option}", _libc.prctl(option, *words))


def set_host_name(name: str) -> None:
    """Name this UTS namespace."""
    _checked("sethostname", _libc.sethostname(name.encode(), len(name)))


def loopback_up() -> None:
    """Bring up `lo` of this network namespace. See netdevice(7)."""
    af_inet, sock_dgram, siocsifflags, iff_up = 2, 2, 0x8914, 1
    handle = _checked("socket", _libc.socket(af_inet, sock_dgram, 0))
    request = b"lo".ljust(16, b"\0") + iff_up.to_bytes(2, "little") + bytes(22)
    try:
        _checked("ioctl lo up", _libc.ioctl(handle, ctypes.c_ulong(siocsifflags), request))
    finally:
        os.close(handle)


def close_on_exec_from(descriptor: int) -> None:
    """Let no descriptor from this one on survive exec. See close_range(2), Linux 5.11."""
    try:
        syscall("close_range", _CLOSE_RANGE, descriptor, 0x7FFFFFFF, _CLOSE_RANGE_CLOEXEC)
    except OSError:
        for name in os.listdir("/proc/self/fd"):
            if int(name) >= descriptor:
                try:
                    os.set_inheritable(int(name), False)
                except OSError:
                    continue  # the descriptor of the listing itself, closed by now


def drop_capabilities() -> None:
    """Give up every capability for good: bounding, ambient, permitted, effective, inheritable."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break  # past the last capability of this kernel, or nothing to drop: capset below decides
    clear_all_ambient = 4
    prctl(PR_CAP_AMBIENT, clear_all_ambient)
    version_3 = 0x20080522
    header = (ctypes.c_uint32 * 2)(version_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked("capset", _libc.capset(ctypes.byref(header), ctypes.byref(nothing)))


def platform_name() -> str:
    """The machine's architecture as the kernel calls it. Raises OSError where we have no tables for it."""
    machine = os.uname().machine
    if machine not in _PIVOT_ROOT:
        raise OSError(f"system call tables are there for {', '.join(_PIVOT_ROOT)}, not for {machine}")
    return machine


def _checked(what: str, result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result
