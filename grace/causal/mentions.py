"""Which code names a file that is no code: data, templates, settings."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from grace.causal.seed import Region, Seed, Span
from grace.git.command import run_git, text

_SUFFIXES = (".py", ".pyi", ".js", ".ts", ".jsx", ".tsx")
_MOST_NAMES = 50
_MOST_LINES = 500


def mentioning(root: Path, paths: Sequence[str]) -> Seed:
    """The lines of tracked code that name any of the paths by its last part; one start of git when there are paths."""
    names = sorted({PurePosixPath(path).name for path in paths})[:_MOST_NAMES]
    if not names or not (root / ".git").exists():
        return Seed()
    patterns = [part for name in names for part in ("-e", name)]
    options = ("--null", "--line-number", "--no-color", "--fixed-strings", "-I", "--full-name")
    found = run_git(("grep", *options, *patterns, "--"), cwd=root, accept=(0, 1, 128)).stdout
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    for hit in found.split(b"\n")[:_MOST_LINES]:
        path, _, rest = hit.partition(b"\0")
        number = rest.partition(b"\0")[0]
        if number.isdigit() and path.endswith(tuple(suffix.encode() for suffix in _SUFFIXES)):
            spans[text(path)].append(Span(int(number), int(number)))
    return Seed(tuple(Region(path, tuple(lines)) for path, lines in sorted(spans.items()) if path not in paths))
