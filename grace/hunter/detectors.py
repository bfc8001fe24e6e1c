"""Which detectors there are, which files each wants, and what their answers follow from."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from grace.errors import EnvironmentLacking
from grace.hunter.detection import Detection

PYTHON = frozenset({".py", ".pyi", ".pyw"})
JAVASCRIPT = frozenset({".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"})
TEMPLATES = frozenset({".html", ".htm", ".xhtml", ".jinja", ".jinja2", ".j2", ".djhtml"})
ANALYSED = PYTHON | JAVASCRIPT | TEMPLATES
"""Suffixes of the languages whose code is looked at, not only the secrets in it."""
NOT_ANALYSED = frozenset(
    {".go", ".rb", ".java", ".kt", ".scala", ".php", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".rs", ".swift", ".m"}
    | {".sh", ".bash", ".ps1", ".pl", ".lua", ".ex", ".exs", ".erl", ".clj", ".hs", ".dart", ".groovy", ".sql"}
    | {".vue", ".svelte", ".ipynb"}
)
"""Suffixes of languages whose code nobody looks at."""
_SHARED = ("detection.py", "fingerprint.py", "python_source.py", "downlevel.py", "catalogue.py", "file_scan.py")
"""What the answers of every detector follow from, beside its own folder."""


@dataclass(frozen=True)
class FileDetector:
    """A detector whose answer about a file follows from its path and content alone."""

    name: str
    wants: Callable[[str], bool]
    """Whether a path may be one that it analyses."""
    detect: Callable[[str, bytes], Detection]
    version: Callable[[], str]
    """Of the detector, for people."""
    shelf: Callable[[], str | None]
    """Name of all that its answers follow from beside the file; None: they are not to be kept."""


def suffix(path: str) -> str:
    """How a file's name ends, in small letters."""
    return PurePosixPath(path).suffix.lower()


def may_be_python(path: str) -> bool:
    """A name that says Python, or nothing: scripts have none."""
    return suffix(path) in PYTHON or "." not in path.rpartition("/")[2]


def code_detectors() -> Sequence[FileDetector]:
    """Those that look for weaknesses of code."""
    return (
        FileDetector("bandit", may_be_python, _bandit, _bandit_version, lambda: _shelf("bandit")),
        FileDetector(
            "javascript", lambda path: suffix(path) in JAVASCRIPT, _javascript, _own, lambda: _shelf("javascript")
        ),
        FileDetector(
            "templates", lambda path: suffix(path) in TEMPLATES, _templates, _own, lambda: _shelf("templates")
        ),
    )


def secrets_detector() -> FileDetector:
    """The one that looks for secrets in text of any kind."""
    return FileDetector("secrets", lambda _: True, _secrets, _own, _secrets_shelf)


def suppressions_detector() -> FileDetector:
    """The one that looks for comments that silence security rules."""
    from grace.hunter.suppressions import detect

    return FileDetector("suppressions", lambda path: suffix(path) in ANALYSED, detect, _own, lambda: None)


@cache
def digest(*names: str) -> str:
    """What the code and rules of detectors are, and what they run on: 32 hexadecimal digits.

    `names` are folders below `grace/hunter`, with rules of the same name.
    """
    hunter = files("grace.hunter")
    found = blake2b(repr(sys.version_info[:2]).encode(), digest_size=16)
    for part in (*(hunter / name for name in _SHARED), *(hunter / name for name in names)):
        _add(part, found)
    for name in names:
        _add(hunter / "rules" / name, found)
    return found.hexdigest()


def _add(part: Traversable, found: "blake2b") -> None:
    if part.is_dir():
        for each in sorted(part.iterdir(), key=lambda each: each.name):
            if each.name != "__pycache__":
                _add(each, found)
    elif part.is_file():
        found.update(f"\0{part.name}\0".encode() + part.read_bytes())


def _shelf(name: str) -> str:
    version = f" {_bandit_version()}" if name == "bandit" else ""
    return f"{name}{version} {digest(name)}"


def _secrets_shelf() -> str | None:
    """What is found is told apart by its hash, and that follows from the salt, too."""
    from grace.hunter.secrets import installation_salt

    try:
        salt = installation_salt()
    except EnvironmentLacking:
        return None
    return f"secrets {digest('secrets')} {blake2b(b'shelf', key=salt[:64], digest_size=16).hexdigest()}"


def _bandit(path: str, content: bytes) -> Detection:
    from grace.hunter.bandit import detect
    from grace.hunter.python_source import is_python

    return detect(path, content) if is_python(path, content) else Detection()


def _bandit_version() -> str:
    from grace.hunter.bandit import version

    return version()


def _javascript(path: str, content: bytes) -> Detection:
    from grace.hunter.javascript import detect

    return detect(path, content)


def _templates(path: str, content: bytes) -> Detection:
    from grace.hunter.templates import detect

    return detect(path, content)


def _secrets(path: str, content: bytes) -> Detection:
    from grace.hunter.secrets import detect

    return detect(path, content)


def _own() -> str:
    """GRACE's own detectors have its version."""
    from importlib.metadata import version

    return version("grace")
