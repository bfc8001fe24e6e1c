"""What a file is for, by the conventions that name it. Paths are relative to the repository."""

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

_DEPENDENCIES = (
    *("pyproject.toml", "setup.py", "setup.cfg", "requirements*.txt", "requirements*.in", "constraints*.txt"),
    *("Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "pylock*.toml", "environment.y*ml"),
    *(
        "conda-lock.yml",
        "package.json",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "go.mod",
        "go.sum",
    ),
    *("Cargo.toml", "Cargo.lock", "Gemfile", "Gemfile.lock", "pom.xml", "build.gradle", "build.gradle.kts"),
    ".gitmodules",
)
_CI_FILES = (
    *(".gitlab-ci.yml", ".travis.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", "Jenkinsfile"),
    *(
        "appveyor.yml",
        ".appveyor.yml",
        ".drone.yml",
        "cloudbuild.yaml",
        ".cirrus.yml",
        ".pre-commit-config.yaml",
    ),
    *("tox.ini", "noxfile.py", ".readthedocs.y*ml"),
)
_CI_FOLDERS = {".github", ".gitlab", ".circleci", ".buildkite", ".ci", ".woodpecker", ".forgejo", ".gitea"}
_TEST_FILE = re.compile(r"test_.*\.py|.*_tests?\.py|tests?\.py|conftest\.py")
_TEST_SETTINGS = ("conftest.py", "pytest.ini", ".pytest.ini", ".coveragerc")


def is_test(path: str) -> bool:
    """Python that pytest or unittest find as tests, or that only tests use."""
    pure = PurePosixPath(path.lower())
    return pure.suffix == ".py" and (_TEST_FILE.fullmatch(pure.name) is not None or _in_test_folder(pure))


def decides_tests(path: str) -> bool:
    """A test, its data, or settings that decide how tests run."""
    pure = PurePosixPath(path.lower())
    return is_test(path) or _in_test_folder(pure) or pure.name in _TEST_SETTINGS


def names_dependencies(path: str) -> bool:
    """A file that says which other software is installed."""
    pure = PurePosixPath(path)
    listed = any(fnmatchcase(pure.name, pattern) for pattern in _DEPENDENCIES)
    return listed or (pure.parent.name == "requirements" and pure.suffix in (".txt", ".in"))


def runs_in_ci(path: str) -> bool:
    """Configuration of what runs on a build server or on commit."""
    pure = PurePosixPath(path)
    return any(fnmatchcase(pure.name, pattern) for pattern in _CI_FILES) or bool(_CI_FOLDERS & set(pure.parts[:-1]))


def sets_policy(path: str) -> bool:
    """A file that says who may change what, or how GRACE decides."""
    pure = PurePosixPath(path)
    return pure.name in ("CODEOWNERS", "grace.toml", ".grace.toml") or ".grace" in pure.parts[:-1]


def _in_test_folder(path: PurePosixPath) -> bool:
    return bool({"tests", "test"} & set(path.parent.parts))
