"""Where tools keep a project's virtual environment, and which folders an interpreter lives in."""

import base64
import hashlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

from grace.errors import InputError

_CONDA_HOMES = ("miniconda3", "anaconda3", "mambaforge", "miniforge3", "micromamba", ".conda")


def candidates(repository: Path) -> Iterator[tuple[str, Path]]:
    """How it was found and the executable, for each environment there is, the likeliest first."""
    for name in (".venv", "venv", "env"):
        yield from _with_python(name, [repository / name])
    yield from _with_python("poetry", _poetry(repository))
    yield from _with_python("pipenv", _pipenv(repository))
    yield from _with_python("conda", _conda(repository))


def explicit_executable(path: str) -> Path:
    """The executable that `--python` names: itself, or that of a virtual environment's folder.

    A script that leads to an interpreter (a pyenv shim) is asked which one. Raises InputError.
    """
    given = Path(path).expanduser().absolute()
    if given.is_dir():
        executable = _python_of(given)
        if executable is None:
            raise InputError(f"--python {path}: no bin/python in that folder; name an environment or executable.")
        return executable
    if not given.is_file():
        raise InputError(f"--python {path}: there is no such file; name a Python executable or environment.")
    with given.open("rb") as file:
        is_script = file.read(2) == b"#!"
    if not is_script:
        return given
    asked = subprocess.run(
        [str(given), "-I", "-S", "-c", "import sys; print(sys.executable)"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    if asked.returncode or not Path(asked.stdout.strip()).is_file():
        raise InputError(f"--python {path}: the script does not lead to a Python; name the executable itself.")
    return Path(asked.stdout.strip())


def home_folders(executable: Path) -> tuple[Path, ...]:
    """The prefixes an executable needs before it can be asked: its own, its links', its base's."""
    found: list[Path] = []
    for hop in _hops(executable):
        prefix = hop.parent.parent
        found.append(prefix)
        configuration = prefix / "pyvenv.cfg"
        if configuration.is_file():
            text = configuration.read_text("utf-8", "replace")
            home = re.search(r"^home\s*=\s*(.+?)\s*$", text, re.MULTILINE)
            if home:
                found += [link.parent.parent for link in _hops(Path(home[1]) / "python3")]
    return tuple(dict.fromkeys(path for path in found if is_prefix(path)))


def is_prefix(path: Path) -> bool:
    """Whether a Python is installed there, so that showing the folder to the sandbox shows only that.

    A folder that holds the user's home does not count: a repository can bring an environment that claims it.
    """
    if Path.home().resolve().is_relative_to(path.resolve()):
        return False
    has_python = any((path / "bin").glob("python*"))
    return has_python and ((path / "pyvenv.cfg").is_file() or any(path.glob("lib*/python3*/os.py")))


def holds_python(path: Path) -> bool:
    """Whether a folder (or archive) is one to import from, and not one that holds the user's home."""
    if path.is_file():
        return path.suffix in (".zip", ".egg", ".whl")
    if not path.is_dir() or Path.home().resolve().is_relative_to(path.resolve()):
        return False
    children = list(path.iterdir())
    return any(c.suffix in (".py", ".so", ".dist-info") or (c / "__init__.py").is_file() for c in children)


def _with_python(found_as: str, folders: list[Path]) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        executable = _python_of(folder)
        if executable is not None:
            yield found_as, executable


def _python_of(folder: Path) -> Path | None:
    for name in ("python", "python3"):
        if (folder / "bin" / name).is_file():
            return folder / "bin" / name
    return None


def _hops(path: Path) -> list[Path]:
    """The path and every link on the way to the file, each as far as it is written."""
    hops = [path]
    while path.is_symlink() and len(hops) < 40:  # the kernel's own bound on links
        path = path.parent / path.readlink()
        hops.append(path)
    return [*hops, path.resolve()]


def _poetry(repository: Path) -> list[Path]:
    """As poetry names it: project name, hash of the folder, Python version (poetry.utils.env)."""
    name = _poetry_name(repository)
    if name is None:
        return []
    sanitised = re.sub(r'[ $`!*@"\\\r\n\t]', "_", name.lower())[:42]
    stem = f"{sanitised}-{_short_hash(str(repository))}-py*"
    return sorted((Path.home() / ".cache/pypoetry/virtualenvs").glob(stem), reverse=True)


def _poetry_name(repository: Path) -> str | None:
    try:
        project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None  # what cannot be read names nothing
    tables = (project.get("project"), project.get("tool", {}).get("poetry"))
    names = (table.get("name") for table in tables if isinstance(table, dict))
    return next((name for name in names if isinstance(name, str)), None)


def _pipenv(repository: Path) -> list[Path]:
    """As pipenv names it: folder name and hash of the Pipfile's path (pipenv.project)."""
    pipfile = repository / "Pipfile"
    if not pipfile.is_file():
        return []
    sanitised = re.sub(r'[ &$`!*@"()\[\]\\\r\n\t]', "_", repository.name)[:42]
    return [Path.home() / ".local/share/virtualenvs" / f"{sanitised}-{_short_hash(str(pipfile))}"]


def _conda(repository: Path) -> list[Path]:
    for file in (repository / "environment.yml", repository / "environment.yaml"):
        if file.is_file():
            name = re.search(r"^name:\s*[\"']?([\w.-]+)", file.read_text("utf-8", "replace"), re.MULTILINE)
            if name:
                return [Path.home() / home / "envs" / name[1] for home in _CONDA_HOMES]
    return []


def _short_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:8]
