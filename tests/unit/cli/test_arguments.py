import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from grace.cli.main import VALUED, app, expand_tests


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("fix .", "fix ."),
        ("fix . --tests a", "fix . --tests a"),
        ("fix . --tests a b c --json", "fix . --tests a --tests b --tests c --json"),
        ("fix . --tests a --tests b c", "fix . --tests a --tests b --tests c"),
        ("fix --tests a b . --json", "fix --tests a --tests b . --json"),
        ("fix --tests a . --tests b", "fix --tests a . --tests b"),
        ("fix --json --tests a b --timeout 9 .", "fix --json --tests a --tests b --timeout 9 ."),
        ("fix --timeout 9 --tests a .", "fix --timeout 9 --tests a ."),
        ("fix --tests a", "fix --tests a"),
        ("fix . --tests", "fix . --tests"),
        ("fix . --tests --json", "fix . --tests --json"),
        ("fix --tests a b -- .", "fix --tests a --tests b -- ."),
        ("fix . --tests=a --apply", "fix . --tests=a --apply"),
        ("fix . --description --tests --python x", "fix . --description --tests --python x"),
        ("runs --tests a b", "runs --tests a b"),
        ("", ""),
    ],
)
def test_several_paths_behind_one_flag_are_as_good_as_several_flags(typed: str, meant: str) -> None:
    assert expand_tests(typed.split()) == meant.split()


def test_node_ids_are_words_like_any_other() -> None:
    ids = ["tests/test_a.py::TestIt::test_b[1-x y]", "test_c.py::test_d[--tests]"]
    assert expand_tests(["fix", ".", "--tests", *ids]) == ["fix", ".", "--tests", ids[0], "--tests", ids[1]]


@given(st.lists(st.sampled_from(["--tests", "--json", "--timeout", "a", "b", "--", "."])))
def test_no_word_is_lost_or_changed_but_the_flag(words: list[str]) -> None:
    def others(some: list[str]) -> list[str]:
        return [word for word in some if word != "--tests"]

    assert others(expand_tests(["fix", *words])) == others(["fix", *words])


@given(st.lists(st.sampled_from(["--tests", "--json", "--timeout", "a", "b", "--", "."])))
def test_what_is_expanded_stays_as_it_is(words: list[str]) -> None:
    once = expand_tests(["fix", *words])
    assert expand_tests(once) == once


def test_the_options_with_a_value_are_those_of_the_command() -> None:
    fix = get_command(app).commands["fix"]  # type: ignore[attr-defined]  # a group of commands has them
    valued = {p.opts[0] for p in fix.params if p.param_type_name == "option" and not p.is_flag}
    assert valued == {*VALUED, "--tests"}
