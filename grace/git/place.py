"""Where a repository keeps things, and throwaway git folders beside it."""

import os
from dataclasses import dataclass
from pathlib import Path

from grace.errors import InputError
from grace.git.command import run_git
from grace.git.workspaces import unwritable


@dataclass(frozen=True)
class Place:
    """Where a repository keeps things."""

    root: Path
    """Top level of the checkout; of a bare repository, its folder."""
    git_dir: Path
    objects: Path
    bare: bool
    options: tuple[str, ...]
    """What makes git work there without searching, and without running filters that its settings name."""


def locate(path: Path) -> Place:
    """The repository that path lies in. Raises InputError when there is none."""
    try:
        path = path.resolve(strict=True)
        if not path.is_dir():
            raise NotADirectoryError("it is not a folder")
    except (OSError, ValueError, RuntimeError) as error:  # missing, not permitted, malformed, a loop of links
        raise InputError(f"{path} cannot be opened: give the path of a git repository. ({error})") from error
    question = (
        "rev-parse",
        "--path-format=absolute",
        "--is-bare-repository",
        "--git-dir",
        "--git-path",
        "objects",
    )
    answer = run_git(question, cwd=path, accept=(0, 128))
    if answer.returncode:
        raise InputError(f"{path} is not a git repository: give another path, or run `git init` and commit.")
    lines = os.fsdecode(answer.stdout).split("\n")
    if len(lines) != 4:
        raise InputError(f"{path} lies in a folder whose name has a line break: move it.")
    is_bare, git_dir, objects, _ = lines
    options: tuple[str, ...] = (f"--git-dir={git_dir}",)
    options += _without_filters(path, options)
    if is_bare == "true":
        return Place(Path(git_dir), Path(git_dir), Path(objects), bare=True, options=options)
    top = run_git(("rev-parse", "--path-format=absolute", "--show-toplevel"), cwd=path, accept=(0, 128))
    if top.returncode:
        raise InputError(f"{path} is inside git's own folder: give the path of the checkout.")
    root = os.fsdecode(top.stdout).rstrip("\n")
    options += (f"--work-tree={root}",)
    return Place(Path(root), Path(git_dir), Path(objects), bare=False, options=options)


def _without_filters(path: Path, options: tuple[str, ...]) -> tuple[str, ...]:
    """Options that switch a repository's filters off: they are commands, and `git status` would run them."""
    listing = (*options, "config", "--null", "--name-only", "--get-regexp", r"^filter\.")
    keys = run_git(listing, cwd=path, accept=(0, 1)).stdout.split(b"\0")
    drivers = sorted({os.fsdecode(key).rpartition(".")[0] for key in keys if key})
    off = ("clean=", "smudge=", "process=", "required=false")
    return tuple(part for driver in drivers for setting in off for part in ("-c", f"{driver}.{setting}"))


def borrowing_git_dir(objects: Path, git_dir: Path, *, head: str, attributes: str, bare: bool = False) -> Path:
    """A new git folder with no configuration of its own that also reads the objects given.

    Raises EnvironmentLacking when it cannot be written.
    """
    sha256 = "[extensions]\nobjectformat = sha256\n" if len(head) == 64 else ""
    core = f"[core]\nrepositoryformatversion = {1 if sha256 else 0}\nbare = {str(bare).lower()}\n"
    try:
        for folder in ("objects/info", "refs", "info"):
            (git_dir / folder).mkdir(parents=True)
        (git_dir / "HEAD").write_text(f"{head}\n")
        (git_dir / "config").write_text(core + sha256)
        (git_dir / "objects/info/alternates").write_bytes(os.fsencode(f"{objects}\n"))
        (git_dir / "info/attributes").write_text(attributes)
    except OSError as error:
        raise unwritable(error, "a temporary checkout") from error
    return git_dir
