"""Errors that need no test to show, as ruff finds them: https://docs.astral.sh/ruff/rules.

GRACE's own ruff runs in the sandbox, with the project's configuration where it has one. A project that selects no
rules gets `RULES`: ruff's own selection grows from version to version.
"""

import json
import sysconfig
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from grace.contracts import Interpreter
from grace.errors import EnvironmentLacking, InputError
from grace.ports import CommandResult, CommandRunner, Confinement, Limits
from grace.verification.protected_files import is_test_or_configuration

RULES = ("E9", "F401", "F811", "F821", "F822", "F823", "F841", "F632", "F702", "F706")
SYNTAX = "invalid-syntax"
RAISING = frozenset([SYNTAX, "F821", "F822", "F823", "F701", "F702", "F704", "F706", "F707"])
"""What raises when the line is compiled or run; everything else counts as an error when ruff has a safe fix."""
UNREADABLE = "E902"

_LIMITS = Limits(wall_seconds=120, cpu_seconds=240, output_bytes=64 * 2**20)
_OLDEST, _NEWEST = 7, 14
"""Minor versions of Python 3 that every supported ruff knows."""
_MOST_ARGUMENTS = 500
_CONFIGURATIONS = ("ruff.toml", ".ruff.toml", "pyproject.toml")


class TextEdit(NamedTuple):
    """What a fix puts in a place: lines and columns in characters, from 1, the end left out."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


class Violation(NamedTuple):
    """One finding."""

    code: str
    path: str
    start: tuple[int, int]
    end: tuple[int, int]
    message: str
    fix: tuple[TextEdit, ...]
    """The safe fix, empty when there is none."""

    @property
    def is_error(self) -> bool:
        """Whether it can be told apart from a matter of taste: it raises, or ruff has a safe fix."""
        return self.code in RAISING or bool(self.fix)

    @property
    def title(self) -> str:
        """Tool, rule and place."""
        rule = "syntax" if self.code == SYNTAX else self.code
        return f"ruff {rule} {self.path}:{self.start[0]}"


@dataclass(frozen=True)
class Ruff:
    """ruff with the rules of one project."""

    executable: Path
    runner: CommandRunner
    options: tuple[str, ...]

    @property
    def command(self) -> tuple[str, ...]:
        """As it is run, without paths."""
        always = ("--no-cache", "--quiet", "--force-exclude", "--no-unsafe-fixes", "--extend-exclude=*.ipynb")
        return (str(self.executable), "check", *always, *self.options)

    def check(self, root: Path, paths: Sequence[str] = (".",)) -> tuple[Violation, ...]:
        """What ruff finds in a checkout. Raises InputError when it cannot use the project's configuration."""
        result = self._run(root, ("--no-fix", "--output-format=json-lines", "--", *paths))
        return tuple(_violations(result.output, root))

    def fix(self, root: Path, paths: Sequence[str]) -> None:
        """Write the safe fixes into files of a checkout in which no code of the project runs."""
        for start in range(0, len(paths), _MOST_ARGUMENTS):
            self._run(root, ("--fix-only", "--", *paths[start : start + _MOST_ARGUMENTS]))

    def _run(self, root: Path, words: Sequence[str]) -> CommandResult:
        confinement = Confinement(workspace=root, readable=(self.executable,))
        result = self.runner.run((*self.command, *words), confinement, _LIMITS)
        if result.exit_code in (0, 1) and not result.dropped_bytes:
            return result
        said = " ".join(result.output[-1000:].split()) or f"exit code {result.exit_code}"
        if result.exit_code == 2:
            raise InputError(f"ruff cannot check this project: {said}. Mend its ruff configuration and run again.")
        raise EnvironmentLacking(f"{self.executable} did not check {root.name} to the end: {said}.")


def ruff_for(root: Path, *, runner: CommandRunner, interpreter: Interpreter) -> Ruff:
    """ruff as the project in a checkout wants it. Raises EnvironmentLacking when there is no ruff."""
    executable = Path(sysconfig.get_path("scripts")) / "ruff"
    if not executable.is_file():
        raise EnvironmentLacking(f"There is no {executable}: install GRACE with its dependencies (`make setup`).")
    return Ruff(executable, runner, _options(root, interpreter))


def editable(paths: Iterable[str]) -> frozenset[str]:
    """Python files that a repair of errors may edit, among the tracked ones."""
    return frozenset(p for p in paths if p.endswith((".py", ".pyi")) and not is_test_or_configuration(p))


def brought_in(before: Iterable[Violation], after: Iterable[Violation]) -> list[Violation]:
    """What was found after but not before, per file and rule, lines aside.

    What stands in a file that did not parse before was there already, only not to be seen.
    """
    before = list(before)
    unparsed = {violation.path for violation in before if violation.code == SYNTAX}
    known = Counter((violation.path, violation.code) for violation in before)
    new = []
    for violation in after:
        if known[violation.path, violation.code]:
            known[violation.path, violation.code] -= 1
        elif violation.path not in unparsed:
            new.append(violation)
    return new


def _options(root: Path, interpreter: Interpreter) -> tuple[str, ...]:
    tables = [table for path in _configurations(root) if (table := _ruff_table(path)) is not None]
    minor = min(max(interpreter.version[1], _OLDEST), _NEWEST)
    version = f"--target-version=py3{minor}"
    if not tables:
        return ("--isolated", version, f"--select={','.join(RULES)}")
    target = () if _requires_python(root) or any(_says(table, "target-version") for table in tables) else (version,)
    if any(_says(table, "select") or "extend" in table for table in tables):
        return target
    ignored = tuple(code for table in tables for code in (*_said(table, "ignore"), *_said(table, "extend-ignore")))
    selected = [rule for rule in RULES if not rule.startswith(ignored)]
    return (*target, f"--select={','.join(selected)}") if selected else target


def _configurations(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*.toml")):
        if path.name in _CONFIGURATIONS and not path.is_symlink() and path.is_file():
            yield path


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {"tool": {"ruff": {}}}  # ruff itself will say what is wrong with it


def _ruff_table(path: Path) -> dict[str, Any] | None:
    content = _toml(path)
    if path.name != "pyproject.toml":
        return content
    tool = content.get("tool")
    table = tool.get("ruff") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _requires_python(root: Path) -> bool:
    project = _toml(root / "pyproject.toml").get("project") if (root / "pyproject.toml").is_file() else None
    return isinstance(project, dict) and "requires-python" in project


def _says(table: dict[str, Any], key: str) -> bool:
    lint = table.get("lint")
    return key in table or (isinstance(lint, dict) and key in lint)


def _said(table: dict[str, Any], key: str) -> list[str]:
    lint = table.get("lint")
    values = [table.get(key), lint.get(key) if isinstance(lint, dict) else None]
    return [word for value in values if isinstance(value, list) for word in value if isinstance(word, str)]


def _violations(output: str, root: Path) -> Iterator[Violation]:
    for line in output.splitlines():
        if line.startswith("{"):
            said = json.loads(line)
            fix = said["fix"] or {}
            safe = fix["edits"] if fix.get("applicability") == "safe" else ()
            yield Violation(
                code=said["code"] or SYNTAX,
                path=_relative(Path(said["filename"]), root),
                start=_place(said["location"]),
                end=_place(said["end_location"]),
                message=said["message"],
                fix=tuple(TextEdit(_place(e["location"]), _place(e["end_location"]), e["content"]) for e in safe),
            )


def _place(at: dict[str, int]) -> tuple[int, int]:
    return at["row"], at["column"]


def _relative(path: Path, root: Path) -> str:
    for base in (root.absolute(), root.resolve()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return path.as_posix()
