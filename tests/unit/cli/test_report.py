from hypothesis import given
from hypothesis import strategies as st

from grace.cli.report import plain, progress_line
from grace.progress import Progress


def test_text_from_elsewhere_cannot_move_the_cursor() -> None:
    assert plain("\x1b[2Jgone\r\x9b1m") == "�[2Jgone��1m"


@given(st.text())
def test_plain_text_has_no_control_characters_but_line_ends_and_tabs(text: str) -> None:
    controls = {chr(n) for n in (*range(0x20), *range(0x7F, 0xA0))} - {"\n", "\t"}
    assert not controls & set(plain(text))


def test_progress_says_how_much_how_fast_and_where() -> None:
    line = progress_line(Progress("search", "judging", tried=1234, per_second=987.6, best="a.py:3"))
    assert line.plain == "search  judging  1,234 candidates  988/s  at a.py:3"


def test_progress_leaves_out_what_is_not_known() -> None:
    assert progress_line(Progress("parse")).plain == "parse"
