import logging
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from grace.hunter.cache import ResultCache


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "scan-cache.db"


def test_what_was_put_is_there_for_the_next_process_and_only_on_its_shelf(path: Path) -> None:
    with ResultCache(path) as cache:
        cache.shelf("one").put_many({"a": b"1", "b": b""})
        cache.shelf("one").put_many({"a": b"2"})
    with ResultCache(path) as cache:
        assert cache.shelf("one").get_many(["a", "b", "c"]) == {"a": b"2", "b": b""}
        assert cache.shelf("two").get_many(["a"]) == {}


def test_many_keys_are_one_question(path: Path) -> None:
    values = {f"key {number}": b"%d" % number for number in range(30_000)}
    with ResultCache(path) as cache:
        cache.shelf("s").put_many(values)
        assert cache.shelf("s").get_many(values.keys()) == values


def test_without_a_file_results_live_as_long_as_the_object() -> None:
    cache = ResultCache()
    cache.shelf("s").put_many({"a": b"1"})
    assert cache.shelf("s").get_many(["a", "b"]) == {"a": b"1"}


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_made_anew_with_a_word(path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with ResultCache(path) as cache:
        cache.shelf("s").put_many({"a": b"1"})
    assert "thrown away" in caplog.text
    with ResultCache(path) as cache:
        assert cache.shelf("s").get_many(["a"]) == {"a": b"1"}


@pytest.mark.parametrize("change", ["PRAGMA user_version = 99", "DROP TABLE result"])
def test_a_file_of_another_version_is_made_anew(path: Path, change: str, caplog: pytest.LogCaptureFixture) -> None:
    with ResultCache(path) as cache:
        cache.shelf("s").put_many({"a": b"1"})
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.close()
    with ResultCache(path) as cache:
        assert cache.shelf("s").get_many(["a"]) == {}
        cache.shelf("s").put_many({"a": b"2"})
        assert cache.shelf("s").get_many(["a"]) == {"a": b"2"}
    assert "thrown away" in caplog.text


def test_damage_that_shows_while_reading_loses_the_results_and_nothing_else(path: Path) -> None:
    with ResultCache(path) as cache:
        cache.shelf("s").put_many({f"{number}": b"x" * 500 for number in range(2000)})
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with ResultCache(path) as cache:
        assert cache.shelf("s").get_many(["1"]) == {}
        cache.shelf("s").put_many({"1": b"y"})
        assert cache.shelf("s").get_many(["1"]) == {"1": b"y"}


@pytest.mark.parametrize("obstacle", ["a file where the folder should be", "a folder where the file should be"])
def test_where_no_file_can_be_made_results_are_kept_in_memory(
    path: Path, obstacle: str, caplog: pytest.LogCaptureFixture
) -> None:
    if obstacle.startswith("a file"):
        path.parent.write_text("in the way")
    else:
        path.mkdir(parents=True)
    with caplog.at_level(logging.INFO), ResultCache(path) as cache:
        cache.shelf("s").put_many({"a": b"1"})
        assert cache.shelf("s").get_many(["a"]) == {"a": b"1"}
    assert "not kept" in caplog.text
    assert [record.levelname for record in caplog.records] == ["INFO"]


def test_a_file_that_may_only_be_read_is_read(path: Path) -> None:
    with ResultCache(path) as cache:
        cache.shelf("s").put_many({"a": b"1"})
    with ResultCache(path) as cache:
        assert cache._connection is not None
        cache._connection.execute("PRAGMA query_only = ON")
        assert cache.shelf("s").get_many(["a"]) == {"a": b"1"}
        cache.shelf("s").put_many({"b": b"2"})
        assert cache.shelf("s").get_many(["b"]) == {"b": b"2"}


def test_the_oldest_results_make_room(path: Path) -> None:
    with ResultCache(path, most_bytes=400_000) as cache:
        for number in range(60):
            cache.shelf("s").put_many({f"{number}-{at}": b"x" * 2000 for at in range(10)})
        found = cache.shelf("s").get_many([f"{number}-1" for number in range(60)])
    assert "59-1" in found and "0-1" not in found
    assert path.stat().st_size < 1_000_000


def test_one_value_larger_than_all_room_does_no_harm(path: Path) -> None:
    with ResultCache(path, most_bytes=10_000) as cache:
        cache.shelf("s").put_many({"a": b"x" * 50_000})
        cache.shelf("s").put_many({"b": b"1"})
        assert cache.shelf("s").get_many(["b"]).get("b", b"1") == b"1"


def test_two_processes_write_at_once(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from grace.hunter.cache import ResultCache\n"
        "with ResultCache(Path(sys.argv[1])) as cache:\n"
        "    for n in range(100): cache.shelf('s').put_many({f'{sys.argv[2]} {n}': b'1'})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in "ab"]
    assert [process.wait(60) for process in running] == [0, 0]
    with ResultCache(path) as cache:
        assert len(cache.shelf("s").get_many([f"{name} {n}" for name in "ab" for n in range(100)])) == 200
