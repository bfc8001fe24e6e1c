"""Run by the target's interpreter: says, as one line of JSON, what that interpreter is. Any Python 3.6 on."""

import importlib.util
import json
import os
import sys
import sysconfig


def _distributions() -> "list[str]":
    try:
        from importlib.metadata import distributions
    except ImportError:  # before Python 3.8
        return []
    names = set()
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name:
            names.add(name)
    return sorted(names)


def _path_files() -> "list[str]":
    """Folders named in .pth files; sys.path lacks those that the sandbox does not show yet."""
    folders = []
    for site in sys.path:
        for name in sorted(os.listdir(site)) if os.path.isdir(site) else []:
            if name.endswith(".pth"):
                with open(os.path.join(site, name), encoding="utf-8", errors="replace") as file:
                    lines = [line.strip() for line in file]
                named = [line for line in lines if line and not line.startswith(("#", "import"))]
                folders += [os.path.normpath(os.path.join(site, line)) for line in named]
    return folders


def _finders() -> "list[str]":
    """Folders that setuptools' editable finders lead to."""
    folders = []
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            folders += [os.path.dirname(target) for target in getattr(module, "MAPPING", {}).values()]
            for targets in getattr(module, "NAMESPACES", {}).values():
                folders += [os.path.dirname(target) for target in targets]
    return folders


def _report() -> "dict[str, object]":
    """What this interpreter is and has."""
    return {
        "version": list(sys.version_info[:3]),
        "prefixes": [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix],
        "path": [entry for entry in sys.path if entry],
        "standard_library": sysconfig.get_path("stdlib"),
        "editable": _path_files() + _finders(),
        "pytest": importlib.util.find_spec("pytest") is not None,
        "distributions": _distributions(),
    }


if __name__ == "__main__":
    print(json.dumps(_report()))
