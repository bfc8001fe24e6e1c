"""Which paths a line of `.gitignore` would name: how people write folders and files."""

from collections.abc import Sequence
from fnmatch import fnmatchcase


def matches(glob: str, path: str) -> bool:
    """Whether the glob names the path or a folder that it lies in, as git reads a line of `.gitignore`.

    `*`, `?` and `[...]` stay within one name and `**` crosses folders. A glob with a `/` before its end starts at
    the top of the repository, one without is found at any depth; one that ends in `/` names folders only.
    """
    names = glob.replace("[^", "[!").strip("/").split("/")  # fnmatch knows only one of the two ways to say "not"
    if "/" not in glob.rstrip("/"):
        names.insert(0, "**")
    if glob.endswith("/"):
        names.append("**")
    return _starts_with(path.split("/"), names)


def _starts_with(parts: Sequence[str], names: Sequence[str]) -> bool:
    """Whether the parts begin as the names say; a `**` at the end needs something that it stands for."""
    if not names:
        return True
    if names[0] == "**":
        return any(_starts_with(parts[skipped:], names[1:]) for skipped in range(len(parts)))
    return bool(parts) and fnmatchcase(parts[0], names[0]) and _starts_with(parts[1:], names[1:])
