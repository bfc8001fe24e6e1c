"""What a repository's own configuration may say."""

import pytest

from grace.errors import InputError
from grace.project_config import OnPush, ProjectConfig, parse_config


def test_without_a_word_nothing_happens_on_a_push() -> None:
    assert parse_config(b"") == ProjectConfig()
    assert not ProjectConfig().on_push.fix_bug


def test_all_that_can_be_said() -> None:
    config = parse_config(
        b'\xef\xbb\xbf[on_push]\nfix_bug = true\nbranches = ["main", "release/*"]\ntest_command = "make \'a b\'"\n'
    )
    assert config.on_push == OnPush(fix_bug=True, branches=("main", "release/*"), test_command="make 'a b'")


@pytest.mark.parametrize(
    ("branch", "covered"), [("main", True), ("release/1", True), ("release/1/2", True), ("Main", False), ("x", False)]
)
def test_which_branches_are_meant(branch: str, covered: bool) -> None:
    assert OnPush(branches=("main", "release/*")).covers(branch) is covered


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"[on_push]\nfix_bugs = true\n", "on_push.fix_bugs"),
        (b"[onpush]\n", "onpush"),
        (b'[on_push]\nfix_bug = "yes"\n', "on_push.fix_bug"),
        (b"[on_push]\nfix_bug = 1\n", "on_push.fix_bug"),
        (b'[on_push]\nbranches = "main"\n', "on_push.branches"),
        (b'[on_push]\nbranches = [""]\n', "on_push.branches.0"),
        (b'[on_push]\ntest_command = "make \'a"\n', "on_push.test_command"),
        (b"[on_push", "end of"),
        (b"\xff", "utf-8"),
        (b"a = " + b"[" * 100_000, ""),
        (b"a = 1" + b"0" * 10_000, ""),
    ],
    ids=range(11),
)
def test_what_cannot_be_read_is_said(text: bytes, named: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_config(text)
    assert str(caught.value).startswith(".grace/config.toml cannot be used: ")
    assert named in str(caught.value)
