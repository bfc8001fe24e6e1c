"""A filter of system calls, in classic BPF. See seccomp(2) and the kernel's `seccomp_filter.rst`.

Denied are calls that no test suite needs and that reach the kernel's less guarded parts, other processes,
or the network. A denied call fails with EPERM, so programs can say what went wrong.
"""

import ctypes
import struct

from . import kernel

# name: (x86_64, aarch64); None where the architecture does not have the call
_DENIED: dict[str, tuple[int | None, int]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "unshare": (272, 97),
    "setns": (308, 268),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "adjtimex": (159, 171),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
}
_DENIED_ON_X86 = {"modify_ldt": 154, "iopl": 172, "ioperm": 173}
_DENIED_OUTSIDE_NAMESPACES: dict[str, tuple[int, int]] = {
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
}
_CLONE, _CLONE3, _SOCKET, _IOCTL, _PRLIMIT = (56, 220), (435, 435), (41, 198), (16, 29), (302, 261)
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32_BIT = 0x40000000

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_ALLOW, _KILL_PROCESS, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS, _EAFNOSUPPORT = 1, 38, 97

_NEW_NAMESPACE = (
    kernel.CLONE_NEWNS
    | kernel.CLONE_NEWCGROUP
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUSER
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
)
_TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK, _NETLINK_ROUTE = 1, 2, 10, 16, 0

Instruction = tuple[int, int, int, int]


def program(*, own_network: bool, own_processes: bool) -> bytes:
    """The filter as the kernel and bubblewrap read it: an array of `struct sock_filter`.

    With a network namespace of its own the command may use unix and internet sockets, which lead nowhere
    but to itself. Without one no socket can be made except by socketpair: the address that a unix socket
    connects to cannot be seen by a filter, and the ones outside (a container engine's, a desktop's) are
    doors. Without a process namespace of its own the command may set limits for itself only, and shares
    no System V or POSIX message memory with the machine.
    """
    column, architecture = _ARCHITECTURES[kernel.platform_name()]
    steps: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER),
    ]
    denied = [number for numbers in _DENIED.values() if (number := numbers[column]) is not None]
    if column == 0:
        steps += [(_JUMP_AT_LEAST, 0, 1, _X32_BIT), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
        denied += _DENIED_ON_X86.values()
    if not own_processes:
        denied += [numbers[column] for numbers in _DENIED_OUTSIDE_NAMESPACES.values()]
        steps += _when(_PRLIMIT[column], [_argument(0), (_JUMP_EQUAL, 1, 0, 0), _fail(_EPERM)])
    for number in denied:
        steps += [(_JUMP_EQUAL, 0, 1, number), _fail(_EPERM)]
    # its flags are in memory, which a filter cannot read; glibc falls back to clone
    steps += [(_JUMP_EQUAL, 0, 1, _CLONE3[column]), _fail(_ENOSYS)]
    steps += _when(_CLONE[column], [_argument(0), (_JUMP_SET, 0, 1, _NEW_NAMESPACE), _fail(_EPERM)])
    steps += _when(
        _IOCTL[column],
        [
            _argument(1),
            *((_JUMP_EQUAL, 1 - i, i, code) for i, code in enumerate(_TERMINAL_INJECTION)),
            _fail(_EPERM),
        ],
    )
    steps += _when(_SOCKET[column], _own_sockets() if own_network else [_fail(_EPERM)])
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def install(filter_program: bytes) -> None:
    """Put the filter on this process and all it starts. no_new_privs must be set. Raises OSError."""
    count = len(filter_program) // 8
    buffer = ctypes.create_string_buffer(filter_program, len(filter_program))
    header = ctypes.create_string_buffer(struct.pack("@HP", count, ctypes.addressof(buffer)))
    filter_mode = 2
    kernel.prctl(kernel.PR_SET_SECCOMP, filter_mode, ctypes.byref(header))


def _own_sockets() -> list[Instruction]:
    return [
        _argument(0),
        (_JUMP_EQUAL, 5, 0, _AF_UNIX),
        (_JUMP_EQUAL, 4, 0, _AF_INET),
        (_JUMP_EQUAL, 3, 0, _AF_INET6),
        (_JUMP_EQUAL, 0, 3, _AF_NETLINK),
        _argument(2),
        (_JUMP_EQUAL, 0, 1, _NETLINK_ROUTE),
        (_RETURN, 0, 0, _ALLOW),
        _fail(_EAFNOSUPPORT),
    ]


def _when(number: int, body: list[Instruction]) -> list[Instruction]:
    """Run body, then allow, if the call is `number`; fall through with the number loaded otherwise."""
    return [(_JUMP_EQUAL, 0, len(body) + 1, number), *body, (_RETURN, 0, 0, _ALLOW)]


def _argument(index: int) -> Instruction:
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * index)


def _fail(code: int) -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | code)
