import subprocess

import pytest

from grace.governance.globs import matches

PATHS = (
    *("payments", "payments/a.py", "payments/deep/b.py", "src/payments/c.py", "payments.py", "src/a.py", "a.py"),
    *(
        "docs/readme.md",
        "docs/deep/more.md",
        "src/docs/x.md",
        "src/a/b/z.py",
        "src/z.py",
        "src/A.py",
        ".grace/policy.toml",
    ),
)
GLOBS = (
    *("payments/**", "payments/", "payments", "/payments", "payments/*", "**/payments", "**/payments/**", "pay*"),
    *("*.py", "/*.py", "src/*.py", "src/**/*.py", "src/**/z.py", "**", "/**", "*", "?.py", "[ab].py", "[!a].py"),
    *("[^a].py", "docs/**/*.md", "docs/deep", "deep/", ".grace/**", "src/a**", "a/b", "src/**/b/", "**/docs/*.md"),
)


@pytest.mark.parametrize("glob", GLOBS)
def test_a_glob_names_what_git_would_ignore(make_repository, glob):
    repository = make_repository({".gitignore": f"{glob}\n"})
    command = ["git", "-c", "core.ignoreCase=false", "check-ignore", "--no-index", "--stdin"]
    answer = subprocess.run(
        command, cwd=repository.root, input="\n".join(PATHS), capture_output=True, text=True, timeout=60
    )
    assert answer.returncode in (0, 1), answer.stderr
    assert [path for path in PATHS if matches(glob, path)] == answer.stdout.split()
