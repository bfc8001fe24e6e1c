"""Find the Python that a repository's tests are meant to run with, and what running it needs.

Only conventions on disk are read. The interpreter found is asked about itself inside the sandbox: a
virtual environment may belong to the repository, and then its start-up files are the repository's code.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict

from grace.contracts import Interpreter
from grace.errors import EnvironmentLacking, InputError
from grace.git.workspaces import workspace
from grace.ports import CommandRunner, Confinement, Limits
from grace.verification import environments, pytest_loan
from grace.verification.declared import missing_dependencies
from grace.verification.sandbox import best_runner

_PROBE = Path(__file__).with_name("interpreter_probe.py")
_OURS = Path(__file__).parents[2]
"""GRACE's own code, where it is an editable install: not the target's business."""
_PROBE_LIMITS = Limits(wall_seconds=30, cpu_seconds=30, output_bytes=2**22)
_SYSTEM = tuple(map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/nix/store", "/gnu/store")))


class _Answer(TypedDict):
    version: tuple[int, int, int]
    prefixes: list[str]
    path: list[str]
    standard_library: str
    editable: list[str]
    pytest: bool
    distributions: list[str]


def find_interpreter(repository: Path, explicit: str | None, *, runner: CommandRunner | None = None) -> Interpreter:
    """The interpreter named explicitly, else the repository's environment, else GRACE's own.

    `explicit` is an executable or the folder of a virtual environment. An environment that is there but
    does not run is passed over, and `found_as` says so. Raises InputError when the explicit one does not
    run, EnvironmentLacking when not even GRACE's own does.
    """
    repository = repository.resolve()
    runner = runner or best_runner()
    if explicit is not None:
        executable = environments.explicit_executable(explicit)
        try:
            return _describe(executable, "--python", repository, runner)
        except EnvironmentLacking as error:
            raise InputError(f"--python {explicit}: {error}") from error
    broken: list[str] = []
    for found_as, executable in environments.candidates(repository):
        try:
            return _describe(executable, found_as, repository, runner)
        except EnvironmentLacking as error:
            broken.append(f"{found_as} does not run: {error}")
    note = f" ({'; '.join(broken)})" if broken else ""
    return _describe(Path(sys.executable), f"own{note}", repository, runner)


def target_environment(interpreter: Interpreter, workspace: Path, *, also: Iterable[Path] = ()) -> dict[str, str]:
    """Environment variables under which the interpreter imports the repository from `workspace`.

    An editable install in the user's environment leads to the user's checkout; the same folders of the
    workspace come before it. `also` comes last: a loan of pytest, a plug-in.
    """
    folder = Path(interpreter.executable).parent
    search = [workspace / root for root in interpreter.source_roots] + list(also)
    environment = {"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin"}
    if search:
        environment["PYTHONPATH"] = ":".join(map(str, search))
    if (folder.parent / "pyvenv.cfg").is_file():
        environment["VIRTUAL_ENV"] = str(folder.parent)
    return environment


def _describe(executable: Path, found_as: str, repository: Path, runner: CommandRunner) -> Interpreter:
    homes = environments.home_folders(executable)
    answer = _ask(executable, homes, runner)
    lends = not answer["pytest"] and pytest_loan.possible(answer["version"])
    loan = pytest_loan.sources(answer["version"]) if lends else ()
    own_prefix = Path(answer["prefixes"][0])
    mentioned = [Path(entry) for entry in (*answer["path"], *answer["editable"])]
    # folders of the user's checkout other than its environment: the workspace has them, at this commit
    inside = [path for path in mentioned if _below(path, [repository]) and not _below(path, [own_prefix])]
    outside = [path for path in mentioned if path not in (*inside, _OURS) and environments.holds_python(path)]
    prefixes = [Path(path) for path in answer["prefixes"] if environments.is_prefix(Path(path))]
    standard_library = Path(answer["standard_library"])
    return Interpreter(
        executable=str(executable),
        version=answer["version"],
        found_as=found_as,
        readable=_folders([*homes, *prefixes, standard_library, *outside, *loan]),
        lends_pytest=lends,
        missing=missing_dependencies(repository, answer["distributions"], answer["version"]),
        source_roots=tuple(dict.fromkeys(_source_roots(repository, inside))),
    )


def _ask(executable: Path, homes: Iterable[Path], runner: CommandRunner) -> _Answer:
    with workspace() as folder:
        probe = folder / _PROBE.name
        probe.write_bytes(_PROBE.read_bytes())
        confinement = Confinement(workspace=folder, readable=tuple(homes))
        result = runner.run([str(executable), "-I", str(probe)], confinement, _PROBE_LIMITS)
    try:
        answer: _Answer = json.loads(result.output.strip().rpartition("\n")[2])
        major, minor, micro = answer["version"]
        answer["version"] = (major, minor, micro)
    except (ValueError, KeyError, TypeError) as error:
        last = result.output.strip().rpartition("\n")[2] or "no output"
        raise EnvironmentLacking(
            f"{executable} does not start in the sandbox (exit code {result.exit_code}: {last}). "
            "Make its environment anew, or name another interpreter with --python."
        ) from error
    return answer


def _source_roots(repository: Path, inside: Iterable[Path]) -> Iterator[str]:
    for path in inside:
        if path.is_dir():
            yield str(path.resolve().relative_to(repository))
    source = repository / "src"
    # a copy installed into the environment must not hide the workspace's own code
    if source.is_dir() and not (source / "__init__.py").exists() and environments.holds_python(source):
        yield "src"


def _folders(paths: Iterable[Path]) -> tuple[str, ...]:
    """Existing ones outside the system's, without those below another."""
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda p: len(p.parts)):
        if path.exists() and not _below(path, [*_SYSTEM, *kept]):
            kept.append(path)
    return tuple(map(str, kept))


def _below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
