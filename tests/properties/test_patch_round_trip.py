"""What `patch` writes, `git apply` turns into exactly the bytes that were meant."""

import hashlib
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from grace.contracts import FileEdit
from grace.git import GitRepository, run_git

NAMES = (
    "plain.py",
    "with space.py",
    'quo"te.py',
    "ünï.py",
    "d/tab\there.py",
    "d/é/*[x]?.py",
    "run.sh",
    "nul.bin",
    "-rf",
)
LINES = st.lists(
    st.sampled_from([b"a", b"b\r", b"\xc3\xa4", b"\xff", b"\0", b" ", b"", b"@@ -1 +1 @@", b"-- "]),
    max_size=6,
)
CONTENT = st.one_of(LINES.map(b"\n".join), st.binary(max_size=40))
FILES = st.dictionaries(st.sampled_from(NAMES), CONTENT)
EDITS = st.dictionaries(st.sampled_from(NAMES), st.none() | CONTENT)


def commit_all(root: Path, files: dict[str, bytes]) -> GitRepository:
    run_git(("init", "-q"), cwd=root)
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
        (root / path).chmod(0o755 if path == "run.sh" else 0o644)
    run_git(("add", "-A"), cwd=root)
    run_git(("commit", "-q", "--allow-empty", "-m", "base"), cwd=root)
    return GitRepository.open(root)


@settings(max_examples=40, deadline=None)
@given(files=FILES, wanted=EDITS)
def test_a_patch_applies_to_exactly_the_edits(files: dict[str, bytes], wanted: dict[str, bytes | None]) -> None:
    edits = [
        FileEdit(
            path=path,
            before_hash=hashlib.sha256(files[path]).hexdigest() if path in files else None,
            after=after,
        )
        for path, after in wanted.items()
        if path in files or after is not None
    ]
    after = {**files, **{edit.path: edit.after for edit in edits}}
    expected = {path: content for path, content in after.items() if content is not None}
    with tempfile.TemporaryDirectory() as folder:
        repository = commit_all(Path(folder), files)
        patch = repository.patch("HEAD", edits)
        assert patch.encode().decode() == patch
        with repository.checkout("HEAD", patch=patch) as tree:
            assert contents(tree) == expected
            if "run.sh" in files and "run.sh" in expected:
                assert (tree / "run.sh").stat().st_mode & 0o100
        if patch:
            repository.apply(patch)
        assert contents(repository.root) == expected


def contents(root: Path) -> dict[str, bytes]:
    paths = [path for path in root.rglob("*") if path.is_file() and path.relative_to(root).parts[0] != ".git"]
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}
