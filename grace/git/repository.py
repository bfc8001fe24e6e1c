"""A git repository as `ports.VersionControl`.

Commands that need no configuration at all (diffs, checkouts) run in a throwaway git folder that borrows the
repository's objects, so that its settings and attributes cannot change what they produce. Nothing but `apply`
writes to the user's checkout, and nothing at all to the user's index.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath

from grace.contracts import FileEdit
from grace.errors import EnvironmentLacking, GraceError, InputError, IntegrityError
from grace.git.command import IDENTITY, identity, run_git, text
from grace.git.edits import REGULAR, Entry, apply_patch, refusal, refuse_special_modes, remember, restore
from grace.git.place import Place, borrowing_git_dir, locate
from grace.git.workspaces import unwritable, workspace

_BYTES_AS_COMMITTED = "* -text -ident -filter -working-tree-encoding\n"
_log = logging.getLogger(__name__)


class GitRepository:
    """A git repository on this machine; implements `ports.VersionControl`.

    Paths are strings relative to the top level, `/` between components; in names that are not UTF-8 the other
    bytes show as `\\xff`, and such files are read but not edited. Symbolic links and submodules are not files
    here: neither listed, read nor edited.
    """

    def __init__(self, place: Place, workspaces: Path | None = None) -> None:
        self.root = place.root
        self._place = place
        self._workspaces = workspaces
        self._trees: dict[str, dict[str, Entry]] = {}

    @classmethod
    def open(cls, path: Path, *, workspaces: Path | None = None) -> "GitRepository":
        """The repository that path lies in; temporary checkouts go below `workspaces`.

        Raises InputError when path is not there, is no repository or has no commits.
        """
        repository = cls(locate(path), workspaces)
        if repository.find("HEAD") is None:
            raise InputError(f"{repository.root} has no commits on its current branch: commit first.")
        return repository

    @property
    def bare(self) -> bool:
        """Whether there is no checkout: such a repository is worked for, but nothing can be applied to it."""
        return self._place.bare

    def resolve(self, revision: str) -> str:
        """Full commit id. Raises InputError when there is none."""
        if revision in self._trees:
            return revision
        if commit := self.find(revision):
            return commit
        raise InputError(f"There is no commit {revision!r} in {self.root}.")

    def find(self, revision: str) -> str | None:
        """Full commit id, None when there is none."""
        verify = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        if "\0" in revision:
            return None
        found = run_git((*self._place.options, *verify), cwd=self.root, accept=(0, 1, 128))
        return None if found.returncode else found.stdout.decode().strip()

    def branch(self, revision: str) -> str:
        """The local branch that a name stands for, or that HEAD is on; "" when it is none."""
        name = ("rev-parse", "--symbolic-full-name", "--verify", "--quiet", "--end-of-options", revision)
        found = run_git((*self._place.options, *name), cwd=self.root, accept=(0, 1, 128)).stdout.decode().strip()
        return found.removeprefix("refs/heads/") if found.startswith("refs/heads/") else ""

    def parent(self, branch: str, mark: str) -> str | None:
        """What the last commit of a branch is made on, None unless a line of its message is `mark`."""
        if (commit := self.find(f"refs/heads/{branch}")) is None:
            return None
        message = self._git("log", "--max-count=1", "--format=%B", commit).decode("utf-8", "replace")
        return self.find(f"{commit}~1") if mark in message.splitlines() else None

    def merge(self, ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
        """Both changes to a file's content, None when they touch the same lines or it is binary."""
        with workspace(self._workspaces) as scratch:
            names = ("ours", "base", "theirs")
            for name, content in zip(names, (ours, base, theirs), strict=True):
                (scratch / name).write_bytes(content)
            # The status counts conflicts, up to 127; 255 is a file that is not text.
            merged = run_git(("merge-file", "--stdout", *names), cwd=scratch, accept=range(256))
        return None if merged.returncode else merged.stdout

    def uncommitted(self) -> tuple[str, ...]:
        """Paths that differ from HEAD, untracked ones included (ignored ones not)."""
        return self._status("--untracked-files=all")

    def snapshot(self) -> str:
        """A commit of HEAD plus everything uncommitted, referenced by nothing; HEAD when there is nothing."""
        head = self.resolve("HEAD")
        if not self.uncommitted():
            return head
        with workspace(self._workspaces) as scratch:
            index = {"GIT_INDEX_FILE": str(scratch / "index")}
            if (own := self._place.git_dir / "index").exists():  # its cached stats save reading every file
                shutil.copy2(own, scratch / "index")  # with its date: git distrusts stats that are not older
            else:
                self._git("read-tree", head, environment=index)
            self._git("add", "--all", environment=index)
            tree = self._git("write-tree", environment=index).decode().strip()
        when = self._git("rev-list", "--timestamp", "--max-count=1", head).split()[0].decode()
        dated = identity(IDENTITY, f"@{when} +0000")
        return self._commit_tree(tree, head, "Uncommitted changes, as GRACE found them\n", dated)

    def files(self, revision: str) -> tuple[str, ...]:
        """Tracked regular files of a revision."""
        return tuple(path for path, entry in self._tree(revision).items() if entry.mode in REGULAR)

    def blobs(self, revision: str) -> dict[str, str]:
        """Path -> blob id of the regular files of a revision."""
        return {path: entry.blob for path, entry in self._tree(revision).items() if entry.mode in REGULAR}

    def read(self, revision: str, path: str) -> bytes | None:
        """Content of a file at a revision, None when it is not there."""
        return self.read_many(revision, (path,)).get(path)

    def read_many(self, revision: str, paths: Sequence[str]) -> dict[str, bytes]:
        """Contents of files at a revision, by one process; those that are not there are left out."""
        tree = self._tree(revision)
        return self._contents({path: tree[path].blob for path in paths if path in tree and tree[path].mode in REGULAR})

    def left_out(self, revision: str) -> tuple[str, ...]:
        """What a checkout of a revision does not have, said for people: submodules, links that lead outside."""
        tree = self._tree(revision)
        said = [f"The submodule {path} is not populated." for path, entry in tree.items() if entry.mode == "160000"]
        links = {path: entry.blob for path, entry in tree.items() if entry.mode == "120000"}
        for path, target in self._contents(links).items():
            place = os.path.normpath(PurePosixPath(path).parent / os.fsdecode(target))
            if place.startswith(("/", "..")):
                said.append(f"The link {path} leads out of the repository: it is left out.")
        return tuple(said)

    @contextmanager
    def checkout(self, revision: str, *, patch: str = "") -> Iterator[Path]:
        """A throwaway clone at a revision, with only the patch applied; removed on leaving.

        Files hold the bytes that were committed: no line-end conversion, no filters (Git LFS pointers stay
        pointers), no submodules. Symbolic links that lead out of the clone are left out; a warning is logged.
        Raises IntegrityError when the patch does not apply.
        """
        commit = self.resolve(revision)
        with workspace(self._workspaces) as folder:
            tree = folder / (self.root.name.removesuffix(".git") or "checkout")
            borrowing_git_dir(self._place.objects, tree / ".git", head=commit, attributes=_BYTES_AS_COMMITTED)
            run_git(("read-tree", commit), cwd=tree)
            if patch:  # to the index first: applied to files, git would read all of them again
                refuse_special_modes(patch)
                apply_patch(patch, tree, "--cached", error=IntegrityError)
            run_git(("checkout-index", "--all", "-u"), cwd=tree)
            self._drop_outward_links(tree, commit)
            yield tree

    def patch(self, base: str, edits: Sequence[FileEdit]) -> str:
        """The edits as text `git apply` reads, whatever the encoding of the files.

        Files that are not UTF-8 appear as git's binary patches. Writes nothing to the repository.
        Raises IntegrityError for edits that base contradicts or that leave the repository.
        """
        base = self.resolve(base)
        opaque = {edit.path for edit in edits if not _utf8(edit.after)} | {
            path for path, content in self._replaced(base, edits).items() if not _utf8(content)
        }
        readable = [edit.path for edit in edits if edit.path not in opaque]
        with workspace(self._workspaces) as scratch:
            git_dir = borrowing_git_dir(self._place.objects, scratch / "git", head=base, attributes="", bare=True)
            tree = self._write_tree(base, edits, scratch, (f"--git-dir={git_dir}",))
            diff = ("diff-tree", "-r", "-p", "--binary", "--full-index", "--no-renames", base, tree, "--")
            parts = []
            for paths, attributes in ((readable, ""), (sorted(opaque), "* -diff\n")):
                if paths:
                    (git_dir / "info" / "attributes").write_text(attributes)
                    parts.append(run_git((*diff, *paths), cwd=git_dir).stdout)
        # Only a hunk's heading, which `git apply` ignores, can be cut within a character.
        return b"".join(parts).decode("utf-8", "replace")

    def commit(self, base: str, edits: Sequence[FileEdit], message: str, author: str, when: datetime) -> str:
        """Write a commit on top of base, on no branch. Same arguments, same commit id.

        `author` reads `Name <address>`; the instant is written as UTC. Raises IntegrityError for edits that
        base contradicts, and EnvironmentLacking when the disk is full: git would leave half an object there.
        """
        base = self.resolve(base)
        self._replaced(base, edits)
        if shutil.disk_usage(self._place.objects).free < sum(len(edit.after or b"") for edit in edits) + 2**20:
            raise EnvironmentLacking(f"No space left on the disk of {self.root}: free some and run again.")
        with workspace(self._workspaces) as scratch:
            tree = self._write_tree(base, edits, scratch, self._place.options)
        dated = identity(author, f"@{int(when.timestamp())} +0000")
        return self._commit_tree(tree, base, message, dated)

    def create_branch(self, name: str, commit: str) -> bool:
        """Point a new branch at commit. False when it already does; IntegrityError when it is elsewhere."""
        ref, commit = f"refs/heads/{name}", self.resolve(commit)
        if run_git(("check-ref-format", ref), cwd=self.root, accept=(0, 1)).returncode:
            raise InputError(f"{name!r} cannot be the name of a branch.")
        if (there := self.find(ref)) is None:
            absent = "0" * len(commit)
            create = ("update-ref", "-m", "grace: deliver", "--end-of-options", ref, commit, absent)
            try:
                self._git(*create)
                return True
            except GraceError as error:  # another run may have been first
                if (there := self.find(ref)) is None:
                    if "; cannot create" in str(error):
                        raise InputError(f"A branch is in the way of {name}: rename it. ({error})") from error
                    raise
        if there == commit:
            return False
        raise IntegrityError(
            f"The branch {name} exists and holds {there[:12]}, not {commit[:12]}: "
            f"somebody changed it. Rename or delete it (`git branch -D {name}`) and run again."
        )

    def apply(self, patch: str) -> None:
        """Apply to the user's checkout, all or nothing; the index stays as it is.

        Untracked files may be there. Raises InputError when tracked files have changes, when the patch does
        not fit, or when there is no checkout.
        """
        if self.bare:
            raise InputError(f"{self.root} is a bare repository: there is no checkout to apply to.")
        if dirty := self._status("--untracked-files=no"):
            raise InputError(f"The checkout is not clean ({', '.join(dirty[:3])}): commit or stash, then apply.")
        refuse_special_modes(patch)
        numstat = (*self._place.options, "apply", "--numstat", "-z", "-")
        names = run_git(numstat, cwd=self.root, stdin=patch.encode(), accept=(0, 1, 128)).stdout.split(b"\0")
        touched = [self.root / os.fsdecode(line.split(b"\t", 2)[2]) for line in names if line]
        before = remember(touched)
        try:
            apply_patch(patch, self.root, error=InputError, options=self._place.options)
        except BaseException:  # git checks first, but a full disk or Ctrl-C can stop it half-way
            restore(before)
            raise

    # ── inside ──────────────────────────────────────────────────────────────────────────────────

    def _git(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        return run_git((*self._place.options, *arguments), cwd=self.root, stdin=stdin, environment=environment).stdout

    def _contents(self, blobs: Mapping[str, str]) -> dict[str, bytes]:
        """Contents of blobs, given by path."""
        if not blobs:
            return {}
        answer = self._git("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs.values()).encode())
        contents, at = {}, 0
        for path, blob in blobs.items():
            line_end = answer.index(b"\n", at)
            header = answer[at:line_end].split()
            if header[1:2] != [b"blob"]:
                raise IntegrityError(f"{self.root} lacks the object {blob} of {path}: run `git fsck`, or fetch it.")
            at = line_end + 1 + int(header[2]) + 1
            contents[path] = answer[line_end + 1 : at - 1]
        return contents

    def _commit_tree(self, tree: str, parent: str, message: str, dated: Mapping[str, str]) -> str:
        arguments = ("commit-tree", tree, "-p", parent)
        return self._git(*arguments, stdin=message.encode(), environment=dated).decode().strip()

    def _status(self, *options: str) -> tuple[str, ...]:
        if self.bare:
            return ()
        status = ("status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=dirty", *options)
        return tuple(text(line[3:]) for line in self._git(*status).split(b"\0") if line)

    def _tree(self, revision: str) -> dict[str, "Entry"]:
        commit = self.resolve(revision)
        if commit not in self._trees:
            while len(self._trees) >= 4:
                self._trees.pop(next(iter(self._trees)), None)
            listing = self._git("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0")
            rows = (line.split(b"\t", 1) for line in listing if line)
            self._trees[commit] = {text(name): Entry(name, *head.decode().split()) for head, name in rows}
        return self._trees[commit]

    def _replaced(self, base: str, edits: Sequence[FileEdit]) -> dict[str, bytes]:
        """What the edits replace, after checking every edit against base."""
        tree = self._tree(base)
        folders = {str(parent) for path in tree for parent in PurePosixPath(path).parents}
        made = {edit.path for edit in edits}
        before = self.read_many(base, sorted(made))
        for edit in edits:
            if reason := refusal(edit.path, tree, folders, made):
                raise IntegrityError(f"Refusing to edit {edit.path!r}: {reason}.")
            old = before.get(edit.path)
            if (None if old is None else hashlib.sha256(old).hexdigest()) != edit.before_hash:
                raise IntegrityError(f"{edit.path} at {base[:12]} is not what the edit was made for: start again.")
            if old is None and edit.after is None:
                raise IntegrityError(f"Refusing to delete {edit.path!r}: it is not in {base[:12]}.")
        if len(made) < len(edits):
            raise IntegrityError("Two edits name the same file: merge them.")
        return before

    def _write_tree(self, base: str, edits: Sequence[FileEdit], scratch: Path, options: tuple[str, ...]) -> str:
        """The tree of base with the edits, written to the objects of the git folder that options name."""

        def git(*arguments: str, stdin: bytes = b"") -> bytes:
            index = {"GIT_INDEX_FILE": str(scratch / "index")}
            return run_git((*options, *arguments), cwd=self.root, stdin=stdin, environment=index).stdout

        git("read-tree", base)
        written = [edit for edit in edits if edit.after is not None]
        try:
            for number, edit in enumerate(written):
                (scratch / str(number)).write_bytes(edit.after or b"")
        except OSError as error:
            raise unwritable(error, "a temporary file") from error
        names = "".join(f"{scratch / str(number)}\n" for number in range(len(written))).encode()
        blobs = git("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=names).decode().split()
        tree = self._tree(base)
        rows = [f"0 {'0' * len(base)}\t{edit.path}\0" for edit in edits if edit.after is None]
        for edit, blob in zip(written, blobs, strict=True):
            mode = tree[edit.path].mode if edit.path in tree else "100644"
            rows.append(f"{mode} {blob}\t{edit.path}\0")
        git("update-index", "-z", "--index-info", stdin="".join(rows).encode())
        return git("write-tree").decode().strip()

    def _drop_outward_links(self, checkout: Path, commit: str) -> None:
        top = os.path.realpath(checkout) + os.sep
        entries = self._tree(commit).values()
        links = [checkout / os.fsdecode(entry.name) for entry in entries if entry.mode == "120000"]
        for link in [link for link in links if not (os.path.realpath(link) + os.sep).startswith(top)]:
            link.unlink()
            name = text(os.fsencode(link.relative_to(checkout)))
            _log.warning("The link %s leads out of the repository: left out of the checkout.", name)


def _utf8(content: bytes | None) -> bool:
    try:
        (content or b"").decode()
    except UnicodeDecodeError:
        return False
    return True
