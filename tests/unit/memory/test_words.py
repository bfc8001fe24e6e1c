import pytest

from grace.memory.words import MOST_WORDS, count_words, name_words, stem


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parse_config", ("pars", "config")),
        ("parseConfig", ("pars", "config")),
        ("HTTPServerError", ("http", "server", "error")),
        ("parseURLs", ("pars", "url")),
        ("utf8_decode", ("utf", "decod")),
        ("to_json", ("to", "json")),
        ("__init__", ("init",)),
        ("größe_naïve", ("größe", "naïve")),
        ("日本語", ("日本語",)),
        ("_", ()),
    ],
)
def test_a_name_is_split_where_a_reader_sees_words(name: str, words: tuple[str, ...]) -> None:
    assert name_words(name) == words


@pytest.mark.parametrize(
    "forms",
    [
        ("parse", "parses", "parsed", "parsing"),
        ("stop", "stopped", "stopping"),
        ("query", "queries"),
        ("class", "classes"),
    ],
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len(set(map(stem, forms))) == 1


@pytest.mark.parametrize(("one", "other"), [("status", "state"), ("string", "str"), ("bus", "bu"), ("thing", "th")])
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert stem(one) != stem(other)


def test_words_are_counted_however_they_are_written() -> None:
    text = "def load_config(self, path):\n    return parse(self.config, configPath)  # the config"
    assert count_words(text) == {"load": 1, "config": 4, "path": 2, "pars": 1}


def test_what_every_file_has_is_not_counted() -> None:
    assert count_words("for i in x: if not self: return None") == {}


def test_a_long_text_keeps_its_most_frequent_words() -> None:
    rare = " ".join(
        f"rare{letter}{other}word" for letter in "abcdefghijklmnopqrstuvwxyz" for other in "bcdfghjklmnpqrtvwx"
    )
    words = count_words(rare + " frequent frequent")
    assert len(words) == MOST_WORDS
    assert words["frequent"] == 2


def test_data_is_no_word() -> None:
    assert count_words("x" * 100) == {}
