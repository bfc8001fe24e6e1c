"""Landlock: what the process may open, connect to and signal. See landlock(7)."""

import ctypes
import os
import stat

from . import kernel

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE, _IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_MAKE_CHARACTER, _MAKE_BLOCK = 1 << 6, 1 << 11
_ALL_FIRST = (1 << 13) - 1
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_TCP_BIND_AND_CONNECT = 0b11
_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11


def version() -> int:
    """The interface version of this kernel; 0 when it has no Landlock or it is switched off."""
    try:
        return kernel.syscall("landlock_create_ruleset", _CREATE, ctypes.c_void_p(None), 0, _VERSION)
    except OSError:
        return 0


def restrict(readable: list[str], writable: list[str], *, own_network: bool) -> None:
    """Confine this process and all it starts. no_new_privs must be set.

    Folders and files that are not below one of the given paths can be neither opened nor changed; paths
    that do not exist are left out. Without a network of its own, TCP is denied (version 4 on). Abstract
    unix sockets and processes outside cannot be reached (version 6 on). Raises OSError.
    """
    abi = version()
    handled = _ALL_FIRST
    handled |= _REFER if abi >= 2 else 0
    handled |= _TRUNCATE if abi >= 3 else 0
    handled |= _IOCTL_DEVICE if abi >= 5 else 0
    fields = [handled]
    if abi >= 4:
        fields.append(0 if own_network else _TCP_BIND_AND_CONNECT)
    if abi >= 6:
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    request = (ctypes.c_uint64 * len(fields))(*fields)
    rules = kernel.syscall("landlock_create_ruleset", _CREATE, ctypes.byref(request), ctypes.sizeof(request), 0)
    for path in readable:
        _allow(rules, path, _READ & handled)
    for path in writable:
        _allow(rules, path, handled & ~(_MAKE_CHARACTER | _MAKE_BLOCK))
    kernel.syscall("landlock_restrict_self", _RESTRICT, rules, 0)
    os.close(rules)


def _allow(rules: int, path: str, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            access &= _OF_FILES
        rule = access.to_bytes(8, "little") + handle.to_bytes(4, "little", signed=True)  # packed
        kernel.syscall("landlock_add_rule", _ADD_RULE, rules, _PATH_BENEATH, ctypes.c_char_p(rule), 0)
    finally:
        os.close(handle)
