"""What commits say in their trailers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grace.git.command import run_git
from grace.git.place import locate


@dataclass(frozen=True)
class Trailers:
    """The trailers of one commit: for each name its value, several with spaces between, '' when it has none."""

    commit: str
    values: tuple[str, ...]


def branches(path: Path, prefix: str) -> tuple[str, ...]:
    """Names of the branches that begin with a folder such as `grace/`. Raises InputError: no repository there."""
    place = locate(path)
    listing = ("for-each-ref", "--format=%(refname:lstrip=2)", f"refs/heads/{prefix}")
    found = run_git((*place.options, *listing), cwd=place.root).stdout
    return tuple(found.decode("utf-8", "surrogateescape").splitlines())


def read_trailers(path: Path, prefix: str, names: Sequence[str]) -> tuple[Trailers, ...]:
    """Commits on the branches below a prefix that have the first of the trailers, newest first."""
    place = locate(path)
    fields = "%x00".join(f"%(trailers:key={name},valueonly,unfold,separator=%x20)" for name in names)
    # rev-list, for `log` may start the program that the repository's settings name for signatures.
    listing = (
        "rev-list",
        f"--glob=refs/heads/{prefix}",
        "--fixed-strings",
        f"--grep={names[0]}: ",
        f"--format={fields}",
    )
    options = (*place.options, "-c", "trailer.separators=:")
    lines = run_git((*options, *listing), cwd=place.root).stdout.decode("utf-8", "replace").split("\n")
    found = (
        Trailers(commit.removeprefix("commit "), tuple(values.split("\0")))
        for commit, values in zip(lines[::2], lines[1::2], strict=False)
    )
    return tuple(trailers for trailers in found if trailers.values[0])
