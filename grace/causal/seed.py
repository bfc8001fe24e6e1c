"""Where a change begins: files, the lines of them that differ, and symbols by name.

Lines are those of the version that the index describes. A stretch of text that was only added has no lines there;
its span ends before it begins: `Span(8, 7)` lies between lines 7 and 8.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from grace.contracts import Change
from grace.git.command import run_git, text
from grace.git.place import locate

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_DEFINES = re.compile(r"\s*(?:@|class\b|def\b|async\s+def\b)")
_SAYS_NOTHING = re.compile(r"\s*(?:#.*)?$")


class Span(NamedTuple):
    """Lines that differ, first to last."""

    first: int
    last: int
    indent: int = 0
    """Of added text: how far its first line is indented, which tells what it belongs to."""
    defines: bool = False
    """Of added text: it begins a new function or class, which nobody can use yet."""


class Region(NamedTuple):
    """What changes in one file."""

    path: str
    spans: tuple[Span, ...] | None = None
    """None: all of it. Empty: nothing that runs, as in a comment."""


class Seed(NamedTuple):
    """Where a change begins."""

    regions: tuple[Region, ...] = ()
    symbols: tuple[str, ...] = ()
    """Names such as `function`, `Class.method`, `package.module.Class` or `path.py::Class.method`."""
    digest: str = ""
    """Of the change, when it is one."""

    @property
    def paths(self) -> tuple[str, ...]:
        """Files that change."""
        return tuple(region.path for region in self.regions)


def seed_of_files(*paths: str) -> Seed:
    """Files of which anything may change."""
    return Seed(tuple(Region(path) for path in sorted(set(paths))))


def seed_of_change(change: Change) -> Seed:
    """A change that is not applied: the lines of its base revision."""
    regions = {region.path: region for region in seed_of_diff(change.patch).regions}
    whole = (edit.path for edit in change.edits if edit.path not in regions)
    regions |= {path: Region(path) for path in whole}
    return Seed(tuple(regions[path] for path in sorted(regions)), digest=change.digest)


def seed_of_work(root: Path, base: str = "HEAD") -> Seed:
    """How the files in a checkout differ from a revision; untracked files count as new. Lines as they are now."""
    options = ("--no-ext-diff", "--no-textconv", "--no-color", "--unified=0", "-M", "--relative")
    prefixes = ("--src-prefix=a/", "--dst-prefix=b/")
    without_filters = locate(root).options
    diff = run_git((*without_filters, "diff", *options, *prefixes, "--end-of-options", base, "--"), cwd=root).stdout
    listed = run_git(("ls-files", "--others", "--exclude-standard", "-z"), cwd=root).stdout
    regions = seed_of_diff(text(diff), applied=True).regions
    return Seed((*regions, *(Region(text(path)) for path in listed.split(b"\0") if path)))


def seed_of_diff(diff: str, *, applied: bool = False) -> Seed:
    """A unified diff; `applied` says that the index describes what it leads to."""
    regions: dict[str, Region] = {}
    for path, whole, hunks in _files(diff.split("\n")):
        spans = [span for hunk in hunks for span in _spans(hunk, applied, path.endswith((".py", ".pyi")))]
        before = regions.get(path)
        known = before.spans or () if before else ()
        regions[path] = Region(path, None if whole else (*known, *spans))
    return Seed(tuple(regions.values()))


class _Hunk(NamedTuple):
    old: int
    new: int
    lines: list[str]


def _files(lines: list[str]) -> Iterator[tuple[str, bool, list[_Hunk]]]:
    """Path, whether all of it counts (new, gone, renamed or binary), and what differs; a rename gives both paths."""
    path, other, whole = "", "", False
    hunks: list[_Hunk] = []
    left_old = left_new = 0
    for line in lines:
        if left_old > 0 or left_new > 0:
            sign = line[:1] or " "
            left_old -= sign in " -"
            left_new -= sign in " +"
            hunks[-1].lines.append(line or " ")
        elif found := _HUNK.match(line):
            old, old_size, new, new_size = found.groups()
            left_old, left_new = int(old_size or 1), int(new_size or 1)
            # An empty side is numbered by the line before it.
            hunks.append(_Hunk(int(old) + (left_old == 0), int(new) + (left_new == 0), []))
        elif line.startswith("diff --git ") or (line.startswith("--- ") and hunks):
            yield from _finished(path, other, whole, hunks)
            path = other = _second(line) if line.startswith("diff") else ""
            whole, hunks = False, []
            if line.startswith("--- "):
                other = _name(line[4:])
        elif line.startswith("--- "):
            other = _name(line[4:])
        elif line.startswith("+++ "):
            path = _name(line[4:]) or other
            whole = whole or not _name(line[4:]) or not other
        elif line.startswith(("rename from ", "rename to ")):
            whole = True
            name = _unquoted(line.split(" ", 2)[2])
            path, other = (path, name) if line.startswith("rename from") else (name, other)
        elif line.startswith(("Binary files ", "GIT binary patch", "new file ", "deleted file ")):
            whole = True
    yield from _finished(path, other, whole, hunks)


def _finished(path: str, other: str, whole: bool, hunks: list[_Hunk]) -> Iterator[tuple[str, bool, list[_Hunk]]]:
    if path:
        yield path, whole, hunks
    if path and other and other != path:
        yield other, True, []


def _second(line: str) -> str:
    """`diff --git a/x b/x` -> x, when both names are the same, as they are without a rename."""
    names = line.removeprefix("diff --git ")
    if names.startswith('"'):
        return _name(names.partition('" ')[2])
    half = len(names) // 2
    return _name(names[half + 1 :]) if names[2:half] == names[half + 3 :] else ""


def _name(said: str) -> str:
    path = _unquoted(said.split("\t")[0].rstrip("\r"))
    if path == "/dev/null":
        return ""
    return path[2:] if path.startswith(("a/", "b/", "i/", "w/", "c/", "o/")) else path


def _unquoted(path: str) -> str:
    """git quotes unusual names the way C does, with the bytes of UTF-8 in octal."""
    if not (path.startswith('"') and path.endswith('"')):
        return path
    raw = path[1:-1].encode().decode("unicode_escape").encode("latin-1", "replace")
    return text(raw)


def _spans(hunk: _Hunk, applied: bool, python: bool) -> Iterator[Span]:
    """Runs of changed lines of a hunk, by the lines of the side that the index describes."""
    gone, come = ("+", "-") if applied else ("-", "+")
    line = hunk.new if applied else hunk.old
    run: list[str] = []
    added: list[str] = []
    for said in (*hunk.lines, " "):
        if said.startswith(gone):
            run.append(said[1:])
        elif said.startswith(come):
            added.append(said[1:])
        elif not said.startswith("\\"):
            if (run or added) and not (python and all(map(_SAYS_NOTHING.match, (*run, *added)))):
                yield _span(line, run, added)
            line += len(run) + 1
            run, added = [], []


def _span(line: int, run: list[str], added: list[str]) -> Span:
    if run:
        return Span(line, line + len(run) - 1)
    first = next((text for text in added if text.strip()), "")
    return Span(line, line - 1, len(first) - len(first.lstrip()), _DEFINES.match(first) is not None)
