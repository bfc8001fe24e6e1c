"""Which files decide whether tests pass, and are therefore never edited to get there."""

import re
from pathlib import PurePosixPath

_TEST_FOLDERS = {"test", "tests", "__tests__"}
_TEST_FILE = re.compile(r"test_.*\.py|.*_tests?\.py|tests?\.py|conftest\.py")
_CONFIGURATION = re.compile(
    r"""\.?pytest\.(ini|toml) | tox\.(ini|toml) | setup\.(cfg|py) | pyproject\.toml | noxfile\.py
      | \.coveragerc | hatch\.toml | pixi\.(toml|lock) | makefile | justfile | taskfile\.ya?ml | dockerfile
      | requirements.*\.(txt|in) | constraints.*\.txt | pipfile(\.lock)? | (poetry|uv|pdm)\.lock
      | environment\.ya?ml | sitecustomize\.py | usercustomize\.py | .*\.pth | \.python-version
      | \.gitlab-ci\.yml | \.travis\.yml | azure-pipelines\.yml""",
    re.VERBOSE,
)
_CONFIGURATION_FOLDERS = {".github", ".circleci", ".git", ".venv", "venv"}


def is_test_or_configuration(path: str) -> bool:
    """Whether a path, relative to the repository, is a test, or steers how tests are found and run."""
    *folders, name = (part.lower() for part in PurePosixPath(path).parts)
    return (
        not _TEST_FOLDERS.isdisjoint(folders)
        or not _CONFIGURATION_FOLDERS.isdisjoint(folders)
        or _TEST_FILE.fullmatch(name) is not None
        or _CONFIGURATION.fullmatch(name) is not None
    )
