"""Request -> Intent: what the words of a request point at in the repository.

The workflow is the one that was asked for; the text is read for what can be recognised without guessing:
paths, test ids, traceback frames, identifiers in backticks.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from grace.contracts import Intent, Request, SymbolRef, WorkflowKind

_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)')
_TEST_ID = re.compile(r"([\w./-]+\.py)((?:::[\w.-]+)+(?:\[[^\]\n]*\])?)")
_PATH = re.compile(r"[\w./-]+\.\w+")
_QUOTED = re.compile(r"`([A-Za-z_][\w.]*)(?:\(\))?`")
_SUMMARY_CHARACTERS = 200

_SUMMARY = {
    WorkflowKind.FIX_BUG: "Fix the bug that the failing tests show",
    WorkflowKind.ADD_TESTS: "Add tests",
    WorkflowKind.REFACTOR: "Refactor",
    WorkflowKind.CREATE_FEATURE: "Create a feature",
    WorkflowKind.IMPLEMENT_API: "Implement an API",
}
_ACCEPTANCE = {
    WorkflowKind.FIX_BUG: (
        "the tests that fail at the base revision pass",
        "no test that passed before fails",
        "tests and configuration are as they were",
    ),
    WorkflowKind.ADD_TESTS: ("the new tests pass", "no file but tests is changed"),
    WorkflowKind.REFACTOR: ("every test passes as before", "behaviour is unchanged"),
    WorkflowKind.CREATE_FEATURE: ("the new tests pass", "no test that passed before fails"),
    WorkflowKind.IMPLEMENT_API: ("the new tests pass", "no test that passed before fails"),
}


_ERRORS_SUMMARY = "Repair the errors that need no test to show"
_ERRORS_ACCEPTANCE = (
    "ruff finds none of these errors, and no new one",
    "no test that passed before fails",
    "tests and configuration are as they were",
)


def understand_request(request: Request, files: tuple[str, ...]) -> Intent:
    """What the request means; `files` are the tracked paths of its base revision.

    A file that is mentioned but cannot be told apart, or is not there, becomes an open question.
    """
    mentioned = "\n".join((request.text, *request.options.tests))
    found, questions = _entities(mentioned, files)
    paths = dict.fromkeys(path for path in found if path in files)
    return Intent(
        kind=request.kind,
        confidence=1.0,  # it was said, not guessed
        summary=_summary(request),
        entities=found,
        actions=("fix_errors",) if request.options.errors else (request.kind.value,),
        targets=tuple(_module(path) for path in paths if path.endswith(".py")),
        acceptance=_ERRORS_ACCEPTANCE if request.options.errors else _ACCEPTANCE[request.kind],
        open_questions=questions,
    )


def _summary(request: Request) -> str:
    first = next((line.strip() for line in request.text.splitlines() if line.strip()), "")
    if len(first) > _SUMMARY_CHARACTERS:
        first = f"{first[: _SUMMARY_CHARACTERS - 4]} ..."
    return first or (_ERRORS_SUMMARY if request.options.errors else _SUMMARY[request.kind])


def _entities(text: str, files: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the text names, each once in the order of its first mention, and what it leaves open."""
    known = set(files)
    found: dict[str, None] = {}
    questions: dict[str, None] = {}
    for _, name, rest in sorted(_mentions(text)):
        meant = _meant(name, known) if _PATH.fullmatch(name) else []
        if len(meant) == 1:
            found.setdefault(meant[0])
            if rest:
                found.setdefault(meant[0] + rest)
        elif len(meant) > 1:
            questions.setdefault(f"Which {name} is meant: {', '.join(meant)}?")
        elif rest.startswith("::") or (not rest and name.endswith(".py")):
            questions.setdefault(f"{name} is mentioned, but is not in the repository.")
    found |= dict.fromkeys(match[1] for match in _QUOTED.finditer(text) if match[1] not in known)
    return tuple(found), tuple(questions)


def _mentions(text: str) -> Iterator[tuple[int, str, str]]:
    """Position, file name, and what is said of it: `:line` of a frame, `::test` of a test id, or nothing."""
    taken: set[int] = set()
    for match in _FRAME.finditer(text):
        taken.update(range(*match.span()))
        yield match.start(), match[1], f":{match[2]}"
    for match in _TEST_ID.finditer(text):
        taken.update(range(*match.span()))
        yield match.start(), match[1], match[2]
    for match in _PATH.finditer(text):
        if match.start() not in taken:
            yield match.start(), match[0].strip("."), ""


def _meant(name: str, files: set[str]) -> list[str]:
    """The files a path as written can mean: itself, the file it ends with, or the files that end with it."""
    parts = PurePosixPath(name).parts
    for start in range(len(parts)):
        if (tail := "/".join(parts[start:])) in files:
            return [tail]
    return sorted(file for file in files if file.endswith("/" + name.removeprefix("./")))


def _module(path: str) -> SymbolRef:
    parts = PurePosixPath(path).with_suffix("").parts
    inner = parts[1:] if parts[0] == "src" and len(parts) > 1 else parts
    name = ".".join(inner[:-1] if inner[-1] == "__init__" and len(inner) > 1 else inner)
    return SymbolRef(path=path, qualified_name=name, kind="module")
