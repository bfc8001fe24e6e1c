import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import Interpreter
from grace.errors import InputError
from grace.ports import Confinement, Limits
from grace.verification import environments, pytest_loan
from grace.verification.declared import missing_dependencies
from grace.verification.interpreter import find_interpreter, target_environment
from grace.verification.protected_files import is_test_or_configuration
from grace.verification.sandbox import best_runner


def make_venv(folder: Path) -> Path:
    venv.create(folder, symlinks=True, with_pip=False)
    return folder


def site_packages(environment: Path) -> Path:
    return next(environment.glob("lib/python3*/site-packages"))


def run(interpreter: Interpreter, workspace: Path, *words: str, loan: Path | None = None) -> str:
    also = (loan,) if loan else ()
    variables = target_environment(interpreter, workspace, also=also)
    readable = (*map(Path, interpreter.readable), *also)
    argv = [interpreter.executable, *words]
    result = best_runner().run(argv, Confinement(workspace, readable, variables), Limits(wall_seconds=30))
    assert result.exit_code == 0, result
    return result.output


def test_without_an_environment_it_is_our_own(tmp_path: Path) -> None:
    found = find_interpreter(tmp_path, None)
    assert (found.executable, found.found_as) == (sys.executable, "own")
    assert found.version == sys.version_info[:3]
    assert not found.lends_pytest


@pytest.mark.parametrize("name", [".venv", "venv", "env"])
def test_the_repositorys_own_environment_is_found_and_runs(tmp_path: Path, name: str) -> None:
    make_venv(tmp_path / name)
    found = find_interpreter(tmp_path, None)
    assert (found.found_as, found.executable) == (name, str(tmp_path / name / "bin" / "python"))
    workspace = tmp_path / "elsewhere"
    workspace.mkdir()
    assert run(found, workspace, "-c", "import sys; print(sys.prefix)").strip() == str(tmp_path / name)


def test_an_explicit_environment_or_executable_goes_first(tmp_path: Path) -> None:
    make_venv(tmp_path / ".venv")
    other = make_venv(tmp_path / "other")
    for explicit in (other, other / "bin" / "python"):
        found = find_interpreter(tmp_path, str(explicit))
        assert (found.found_as, found.executable) == ("--python", str(other / "bin" / "python"))


def test_an_explicit_script_leads_to_its_interpreter(tmp_path: Path) -> None:
    shim = tmp_path / "shim"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    shim.chmod(0o755)
    assert find_interpreter(tmp_path, str(shim)).executable == sys.executable


@pytest.mark.parametrize("what", ["absent", "folder", "file"])
def test_an_explicit_one_that_is_none_is_refused(tmp_path: Path, what: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("text")
    with pytest.raises(InputError, match="--python"):
        find_interpreter(tmp_path, str(tmp_path / what))


def test_a_broken_environment_is_passed_over_and_said(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/no/such/python\n")
    python.chmod(0o755)
    found = find_interpreter(tmp_path, None)
    assert found.executable == sys.executable
    assert ".venv does not run" in found.found_as


def test_the_environments_start_up_code_runs_confined(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    environment = make_venv(repository / ".venv")
    mark = tmp_path / "escaped"
    (site_packages(environment) / "start.pth").write_text(f"import os; open({str(mark)!r}, 'w')\n")
    find_interpreter(repository, None)
    assert not mark.exists()


def test_poetry_pipenv_and_conda_environments_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    repository = tmp_path / "some project"
    repository.mkdir()
    (repository / "pyproject.toml").write_text('[tool.poetry]\nname = "My Thing"\n')
    (repository / "Pipfile").touch()
    (repository / "environment.yml").write_text("name: thing\ndependencies: []\n")
    # the short hashes are what poetry and pipenv make of these paths
    folders = {
        "poetry": f".cache/pypoetry/virtualenvs/my_thing-{environments._short_hash(str(repository))}-py3.11",
        "pipenv": ".local/share/virtualenvs/some_project-" + environments._short_hash(str(repository / "Pipfile")),
        "conda": "miniconda3/envs/thing",
    }
    for folder in folders.values():
        (tmp_path / "home" / folder / "bin").mkdir(parents=True)
        (tmp_path / "home" / folder / "bin" / "python").touch()
    found = dict(environments.candidates(repository))
    assert found == {how: tmp_path / "home" / folder / "bin/python" for how, folder in folders.items()}


def test_the_workspace_hides_an_editable_install_of_the_checkout(tmp_path: Path) -> None:
    repository, workspace = tmp_path / "repository", tmp_path / "workspace"
    environment = make_venv(repository / ".venv")
    for root, word in ((repository, "checkout"), (workspace, "workspace")):
        (root / "lib").mkdir(parents=True)
        (root / "lib" / "thing.py").write_text(f"print({word!r})\n")
    (site_packages(environment) / "thing.pth").write_text(f"{repository / 'lib'}\n")
    found = find_interpreter(repository, None)
    assert found.source_roots == ("lib",)
    assert str(repository / "lib") not in found.readable
    assert run(found, workspace, "-c", "import thing") == "workspace\n"


def test_an_editable_install_from_elsewhere_can_be_read(tmp_path: Path) -> None:
    environment = make_venv(tmp_path / "repository" / ".venv")
    (tmp_path / "sibling").mkdir()
    (tmp_path / "sibling" / "helper.py").write_text("print('here')\n")
    (site_packages(environment) / "helper.pth").write_text(f"{tmp_path / 'sibling'}\n")
    found = find_interpreter(tmp_path / "repository", None)
    (tmp_path / "workspace").mkdir()
    assert run(found, tmp_path / "workspace", "-c", "import helper") == "here\n"


def test_an_environment_cannot_show_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / "bin").mkdir()
    (home / "bin" / "python3").touch()
    monkeypatch.setenv("HOME", str(home))
    environment = make_venv(tmp_path / "repository" / ".venv")
    (site_packages(environment) / "evil.pth").write_text(f"{home}\n{home / '.ssh'}\n/etc\n")
    readable = find_interpreter(tmp_path / "repository", None).readable
    assert not {str(home), str(home / ".ssh"), "/etc"} & set(readable)


def test_pytest_is_lent_without_touching_the_environment(tmp_path: Path) -> None:
    environment = make_venv(tmp_path / ".venv")
    before = sorted(environment.rglob("*"))
    found = find_interpreter(tmp_path, None)
    assert found.lends_pytest
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "test_it.py").write_text("def test():\n    assert 1\n")
    loan = pytest_loan.pytest_loan(found, tmp_path / "loan")
    assert "1 passed" in run(found, workspace, "-m", "pytest", "-q", loan=loan)
    assert sorted(environment.rglob("*")) == before


def test_nothing_is_lent_to_one_that_has_pytest(tmp_path: Path) -> None:
    own = find_interpreter(tmp_path, None)
    assert list(pytest_loan.pytest_loan(own, tmp_path / "loan").iterdir()) == []


def test_pytest_is_not_lent_to_a_python_too_old_for_it() -> None:
    assert not pytest_loan.possible((3, 6, 0))
    assert pytest_loan.possible(sys.version_info[:3])


def test_missing_dependencies_are_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\n'
        'dependencies = ["Absent.One>=1", "here", "old; python_version < \'3\'", "not valid at all !"]\n'
        '[tool.poetry.dependencies]\npython = "*"\nabsent-two = "^1"\n'
        'maybe = {version = "1", optional = true}\n'
    )
    (tmp_path / "requirements-dev.txt").write_text(
        "# comment\n-r other.txt\nabsent_three[extra]==1.0  # why\nHere\n--hash=sha256:1\n./local\n"
    )
    assert missing_dependencies(tmp_path, ["HERE"], (3, 11, 0)) == (
        "Absent.One",
        "absent-two",
        "absent_three",
    )


@given(st.binary())
def test_unreadable_declarations_declare_nothing(junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pyproject.toml").write_bytes(b"\xff[" + junk)
        assert missing_dependencies(Path(folder), [], (3, 11, 0)) == ()


@pytest.mark.parametrize(
    "path",
    [
        *(
            "tests/test_a.py",
            "tests/data/x.json",
            "pkg/tests/helper.py",
            "test_a.py",
            "a_test.py",
            "src/conftest.py",
        ),
        *(
            "pytest.ini",
            "tox.ini",
            "setup.cfg",
            "pyproject.toml",
            "setup.py",
            "sub/.coveragerc",
            "noxfile.py",
        ),
        *("requirements.txt", "uv.lock", "sitecustomize.py", "x.pth", ".github/workflows/ci.yml", "Makefile"),
    ],
)
def test_files_that_decide_about_tests_are_protected(path: str) -> None:
    assert is_test_or_configuration(path)


@pytest.mark.parametrize(
    "path", ["src/calc.py", "testing.py", "pkg/contest.py", "latest.py", "pkg/attest/a.py", "pkg/config.py"]
)
def test_code_is_not_protected(path: str) -> None:
    assert not is_test_or_configuration(path)


def test_the_probe_runs_in_the_interpreter_alone() -> None:
    probe = Path(environments.__file__).with_name("interpreter_probe.py")
    words = [sys.executable, "-I", "-S", str(probe)]
    assert subprocess.run(words, capture_output=True, check=True).stdout.startswith(b"{")
