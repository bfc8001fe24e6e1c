"""The judge of repairs judges rightly: here it is given answers whose worth is known."""

import difflib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parents[3] / "benchmarks" / "repair.py"
CODE = "def half(n):\n    return n // 3  # a part\n"
TEST = "from half import half\n\n\ndef test_half():\n    assert half(8) == 4\n"
FIXED = CODE.replace("3", "2")


def diff(path: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(True), after.splitlines(True), f"a/{path}", f"b/{path}")
    return "".join(lines)


@pytest.fixture(scope="module")
def judge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("repair_benchmark", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "cases" / "halves"
    folder.mkdir(parents=True)
    (folder / "half.py").write_text(CODE)
    (folder / "test_half.py").write_text(TEST)
    answers = tmp_path / "answers"
    answers.mkdir()
    (answers / "halves.patch").write_text(diff("half.py", CODE, FIXED))
    return folder


@pytest.mark.parametrize(
    ("path", "before", "after", "plausible", "exact", "false_claim"),
    [
        ("half.py", CODE, FIXED, True, True, False),
        ("half.py", CODE, "def half(n):\n    return n // 2\n", True, True, False),
        ("half.py", CODE, CODE.replace("n // 3", "n >> 1"), True, False, False),
        ("half.py", CODE, CODE.replace("3", "4"), False, False, True),
        ("test_half.py", TEST, TEST.replace("4", "2"), True, False, True),
        ("half.py", "other\n", "text\n", False, None, True),
    ],
    ids=[
        "as intended",
        "without its comment",
        "in another way",
        "wrong",
        "the test edited",
        "does not apply",
    ],
)
def test_answers_are_judged(
    judge: ModuleType,
    case: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    before: str,
    after: str,
    plausible: bool,
    exact: bool | None,
    false_claim: bool,
) -> None:
    answer = {"status": "fixed", "diff": diff(path, before, after), "candidates_tried": 7}
    monkeypatch.setattr(judge, "fix", lambda _repository, _options: (answer, ""))
    options = judge.Options(case.parents[1] / "answers", case.parents[1], timeout=5, tests_timeout=60)
    result = judge.measure(case, options)
    assert (result.plausible, result.exact, result.false_claim) == (plausible, exact, false_claim)
    assert result.candidates == 7


def test_saying_no_is_no_false_claim(judge: ModuleType, case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "fix", lambda _repository, _options: ({"status": "not_fixed", "diff": ""}, ""))
    result = judge.measure(case, judge.Options(None, case.parent, timeout=5, tests_timeout=60))
    assert (result.plausible, result.exact, result.false_claim) == (False, None, False)


def test_the_summary_counts(judge: ModuleType, case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {
        "status": "fixed",
        "diff": diff("half.py", CODE, FIXED),
        "candidates_tried": 50,
        "search_seconds": 0.5,
    }
    monkeypatch.setattr(judge, "fix", lambda _repository, _options: (answer, ""))
    options = judge.Options(case.parents[1] / "answers", case.parents[1], timeout=5, tests_timeout=60)
    said = "\n".join(judge.lines([judge.measure(case, options)]))
    assert "plausible          1/1" in said
    assert "exact              1/1" in said
    assert "false claims       0" in said
    assert "candidates/second  100" in said
