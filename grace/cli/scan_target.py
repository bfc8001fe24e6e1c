"""What a path that `grace scan` is given means."""

from pathlib import Path
from typing import NamedTuple

from grace.errors import InputError
from grace.hunter.tree import Tree
from grace.hunter.trees import checkout_tree, file_tree, folder_tree, revision_tree, within


class Target(NamedTuple):
    """What is scanned."""

    root: Path
    """What the paths of findings are relative to."""
    prefix: str
    """The part of it that was named, "" for all."""
    tree: Tree
    in_git: bool


def find_target(path: Path) -> Target:
    """The tree that a path means: of a repository its checkout, of a part of one that part, else what is there.

    Raises InputError when there is nothing, or neither file nor folder.
    """
    from grace.memory.source_tree import find_root

    try:
        full = path.resolve(strict=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"{path} cannot be opened: give the path of a repository, folder or file. ({error})"
        ) from error
    if not full.is_dir() and not full.is_file():
        raise InputError(f"{path} is neither a file nor a folder.")
    root, in_git = find_root(full if full.is_dir() else full.parent)
    if in_git and not (root / ".git").exists():
        return Target(root, "", _of_bare(root), True)
    if in_git:
        prefix = "" if full == root else full.relative_to(root).as_posix()
        tree = checkout_tree(root)
        tree = within(tree, prefix) if prefix else tree
        if tree.keys or full.is_dir():
            return Target(root, prefix, tree, True)
    if full.is_dir():
        return Target(full, "", folder_tree(full), False)
    return Target(full.parent, full.name, file_tree(full), False)


def base_of(target: Target, revision: str) -> Tree:
    """The same part of a revision. Raises InputError when there is none."""
    from grace.git import GitRepository

    if not target.in_git:
        raise InputError(f"{target.root} is in no git repository: there is no {revision!r} to compare with.")
    tree = revision_tree(GitRepository.open(target.root), revision)
    return within(tree, target.prefix) if target.prefix else tree


def _of_bare(root: Path) -> Tree:
    """Of a repository without a checkout, what its HEAD has."""
    from grace.git import GitRepository

    return revision_tree(GitRepository.open(root), "HEAD")
