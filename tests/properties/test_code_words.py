"""Whatever a text says, its words are words, and the same ones whichever way a name is written."""

from hypothesis import given
from hypothesis import strategies as st

from grace.memory.query import understand
from grace.memory.words import MOST_WORDS, STOP_WORDS, count_words, name_words, stem

text = st.text(max_size=300)
part = st.from_regex(r"[a-z]{2,12}", fullmatch=True)
parts = st.lists(part, min_size=1, max_size=5)


@given(text)
def test_words_are_lower_case_letters_and_few(source: str) -> None:
    counts = count_words(source)
    assert len(counts) <= MOST_WORDS
    assert all(count > 0 for count in counts.values())
    for word in counts:
        assert word.replace("_", "").isalpha() or not word.isascii()
        assert not set(word) & {"=", "~", "\x00", " "}


@given(parts)
def test_snake_case_and_camel_case_are_the_same_words(name: list[str]) -> None:
    snake, camel = "_".join(name), "".join(each.title() for each in name)
    assert name_words(snake) == name_words(camel) == tuple(map(stem, name))
    assert count_words(snake) == count_words(camel)


@given(parts)
def test_a_name_has_the_words_of_prose(name: list[str]) -> None:
    assert count_words("_".join(name)) == count_words(" ".join(name))
    assert set(count_words("_".join(name))) == {stem(each) for each in name if each not in STOP_WORDS}


@given(text, text)
def test_counts_of_two_lines_add_up(one: str, other: str) -> None:
    both, first, second = count_words(f"{one}\n{other}"), count_words(one), count_words(other)
    assert both == {word: first.get(word, 0) + second.get(word, 0) for word in first.keys() | second.keys()}


@given(text)
def test_any_text_is_understood(query: str) -> None:
    asked = understand(query)
    assert all(0 < weight <= 1 for weight in (*asked.words.values(), *asked.in_names.values()))
    assert not asked.words.keys() & asked.in_names.keys()
