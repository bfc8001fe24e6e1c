import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grace.memory.database import Connection, Database, open_memory
from grace.memory.payload import SymbolKind
from grace.memory.postings import Document, write_segment
from grace.memory.query import QueryKind, understand
from grace.memory.search import deep_search, write_history_words
from grace.memory.words import count_words

SOURCES = {
    1: ("app/loader.py", "Loader", SymbolKind.CLASS, "class Loader: reads settings from files"),
    2: ("app/loader.py", "Loader.read_config", SymbolKind.METHOD, "def read_config(self, path): return parse(path)"),
    3: ("app/loader.py", "Loader.__init__", SymbolKind.METHOD, "def __init__(self, path): self.path = path"),
    4: ("app/cache.py", "evict", SymbolKind.FUNCTION, "def evict(size): drop the oldest entries until size fits"),
    5: ("app/cache.py", "fetch", SymbolKind.FUNCTION, "def fetch(key): get the value or load it, in seconds"),
    6: ("tests/test_cache.py", "test_evict_oldest_entries", SymbolKind.FUNCTION, "evict(3) drops the oldest entries"),
    7: ("app/cache.py", "MAX_SIZE", SymbolKind.VARIABLE, ""),
    8: ("app/cache.py", "evict_all", SymbolKind.FUNCTION, "def evict_all(): clear everything"),
    9: ("app/net.py", "connect", SymbolKind.FUNCTION, "def connect(host): open a socket, wait seconds for an answer"),
}  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_memory(f"sqlite:///{tmp_path}/memory.db")
    yield database
    database.close()


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    with database.writing() as connection:
        fill(connection)
        yield connection


def fill(connection: Connection, repo_id: int = 1, first: int = 0) -> None:
    paths = sorted({path for path, *_ in SOURCES.values()})
    files = {path: first + number for number, path in enumerate(paths, 1)}
    connection.insert(
        "code_files",
        ("id", "repo_id", "path", "mtime_ns", "size", "inode", "language", "lines", "unresolved"),
        [(number, repo_id, path, 0, 0, 0, "python", 1, 0) for path, number in files.items()],
    )
    connection.insert(
        "code_symbols",
        (
            *("id", "repo_id", "file_id", "parent_id", "name", "qualname", "kind", "line", "first_line", "end_line"),
            *("complexity", "fan_in"),
        ),
        [
            (
                first + number,
                repo_id,
                files[path],
                0,
                name.rpartition(".")[2],
                name,
                int(kind),
                number,
                number,
                number,
                1,
                0,
            )
            for number, (path, name, kind, _) in SOURCES.items()
        ],
    )
    write_segment(
        connection,
        repo_id,
        [
            Document(
                first + number,
                files[path],
                kind,
                name.rpartition(".")[2],
                name,
                path,
                count_words(text),
                path.startswith("tests/"),
            )
            for number, (path, name, kind, text) in SOURCES.items()
            if kind is not SymbolKind.VARIABLE
        ],
    )


def names(connection: Connection, query: str, **options: object) -> list[str]:
    return [hit.qualname for hit in deep_search(connection, query, **options)]  # type: ignore[arg-type]  # options as a mapping


def test_code_is_found_by_what_it_does(connection: Connection) -> None:
    assert names(connection, "drop old entries from the cache")[0] == "evict"
    assert names(connection, "How is the configuration read?")[0] == "Loader.read_config"


def test_abbreviations_and_other_words_for_the_same_are_found_in_names(connection: Connection) -> None:
    assert "Loader.read_config" in names(connection, "reading of configurations")


def test_a_name_finds_what_is_called_so_then_what_begins_so(connection: Connection) -> None:
    assert names(connection, "evict")[:2] == ["evict", "evict_all"]
    assert names(connection, "MAX_SIZE")[0] == "MAX_SIZE"
    assert names(connection, "Loader()")[0] == "Loader"


@pytest.mark.parametrize(
    "query", ["Loader.__init__", "app.loader.Loader.__init__", "loader.Loader.__init__", "Loader::__init__"]
)
def test_a_dotted_name_says_which_one(connection: Connection, query: str) -> None:
    assert names(connection, query, k=1) == ["Loader.__init__"]


def test_a_name_in_prose_is_found(connection: Connection) -> None:
    assert "MAX_SIZE" in names(connection, "why does `MAX_SIZE` decide what is dropped")


def test_tests_come_after_what_they_test_unless_they_are_asked_for(connection: Connection) -> None:
    plain = names(connection, "evict the oldest entries")
    assert plain.index("evict") < plain.index("test_evict_oldest_entries")
    assert names(connection, "test that the oldest entries are evicted")[0] == "test_evict_oldest_entries"


def test_kinds_are_held_to(connection: Connection) -> None:
    found = deep_search(connection, "read the config of the loader", kinds={SymbolKind.CLASS})
    assert {hit.kind for hit in found} == {SymbolKind.CLASS}


def test_scores_fall_and_are_shares(connection: Connection) -> None:
    for query in ("drop old entries", "evict", "fix the config loader", "Loader.read_config reads what"):
        scores = [hit.score for hit in deep_search(connection, query)]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score <= 1 for score in scores)


def test_a_hit_says_where_it_is(connection: Connection) -> None:
    (hit,) = deep_search(connection, "read_config", k=1)
    assert (hit.symbol_id, hit.repo_id, hit.path, hit.line, hit.name) == (2, 1, "app/loader.py", 2, "read_config")
    assert hit.kind is SymbolKind.METHOD


@pytest.mark.parametrize(
    "query", ["", "  ", "?!", "'; DROP TABLE code_symbols; --", "%", "\x00", "zzzqqq", "日本語", "a" * 5000]
)
def test_any_text_is_answered(connection: Connection, query: str) -> None:
    deep_search(connection, query)
    assert connection.rows("SELECT COUNT(*) FROM code_symbols") == [(len(SOURCES),)]


def test_no_hits_are_asked_for(connection: Connection) -> None:
    assert deep_search(connection, "evict", k=0) == ()


def test_symbols_that_are_gone_leave_no_gap(connection: Connection) -> None:
    assert names(connection, "drop the oldest entries", k=1) == ["evict"]
    connection.run("DELETE FROM code_symbols WHERE id = 4")
    assert names(connection, "drop the oldest entries", k=1) == ["test_evict_oldest_entries"]


def test_one_repository_or_all(connection: Connection) -> None:
    fill(connection, repo_id=2, first=100)
    assert {hit.repo_id for hit in deep_search(connection, "drop old entries")} == {1, 2}
    assert {hit.repo_id for hit in deep_search(connection, "drop old entries", repo_id=2)} == {2}
    assert {hit.repo_id for hit in deep_search(connection, "evict", repo_id=2)} == {2}


def test_another_database_with_the_same_numbers_is_not_mixed_up(connection: Connection, tmp_path: Path) -> None:
    names(connection, "drop old entries")
    other = open_memory(f"sqlite:///{tmp_path}/other.db")
    with other.writing() as another:
        fill(another, first=500)
        assert {hit.symbol_id > 500 for hit in deep_search(another, "drop old entries")} == {True}
    other.close()


def test_an_empty_database_has_no_hits(database: Database) -> None:
    with database.reading() as connection:
        assert deep_search(connection, "fix the loader") == deep_search(connection, "evict") == ()


def commit(connection: Connection, number: int, subject: str, *paths: str) -> None:
    connection.run(
        "INSERT INTO code_commits (id, repo_id, sha, author, committed_at, subject, is_fix, reverted, files)"
        " VALUES (?, 1, ?, 'ann', ?, ?, 0, 0, ?)",
        (number, str(number), number, subject, len(paths)),
    )
    for path in paths:
        connection.run(
            "INSERT INTO code_paths (id, repo_id, path) SELECT COALESCE(MAX(id), 0) + 1, 1, ? FROM code_paths"
            " WHERE true ON CONFLICT DO NOTHING",
            (path,),
        )
        connection.run(
            "INSERT INTO code_commit_paths (commit_id, path_id, added, removed)"
            " SELECT ?, id, 1, 1 FROM code_paths WHERE path = ?",
            (number, path),
        )


def test_past_changes_say_which_file_a_change_is_about(connection: Connection) -> None:
    query = "Fix timeouts counted in seconds"
    assert names(connection, query)[0] == "fetch"
    commit(connection, 1, "Longer timeouts for slow hosts", "app/net.py")
    commit(connection, 2, "Say which timeouts there are", "app/net.py")
    commit(connection, 3, "Reformat", "app/cache.py", "app/loader.py")
    write_history_words(connection, 1)
    assert names(connection, query)[0] == "connect"


def test_new_commits_are_added_and_a_history_read_anew_takes_the_place_of_the_old(connection: Connection) -> None:
    commit(connection, 1, "Longer timeouts", "app/net.py")
    write_history_words(connection, 1)
    write_history_words(connection, 1)
    commit(connection, 2, "Shorter timeouts", "app/net.py")
    write_history_words(connection, 1)
    count = "SELECT SUM(df) FROM code_postings WHERE word = ?"
    assert connection.rows(count, ("~timeout",)) == [(2,)]
    connection.run("DELETE FROM code_commits WHERE id = 1")
    commit(connection, 3, "No timeouts", "app/net.py")
    write_history_words(connection, 1)
    assert connection.rows(count, ("~timeout",)) == [(2,)]
    for number in range(4, 20):
        commit(connection, number, "More timeouts", "app/net.py")
        write_history_words(connection, 1)
    assert connection.rows(count, ("~timeout",)) == [(18,)]
    assert connection.rows("SELECT COUNT(*) <= 9 FROM code_postings WHERE word = '~'") == [(1,)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("parse_config", QueryKind.NAME),
        ("app.loader.Loader", QueryKind.NAME),
        ("Find the size of a large clique in a graph.", QueryKind.DESCRIPTION),
        ("how are retries counted?", QueryKind.DESCRIPTION),
        ("Fix rate semaphore for keystoneclient", QueryKind.CHANGE),
        ("Add support for client-side rate limiting", QueryKind.CHANGE),
        ("sphinxext: Warn if namespace or command pattern invalid", QueryKind.CHANGE),
        ("parser stopped working, see #123", QueryKind.CHANGE),
        ("Handle a request.", QueryKind.DESCRIPTION),
    ],
)
def test_a_query_is_a_name_a_description_or_a_change(text: str, kind: QueryKind) -> None:
    assert understand(text).kind is kind


def test_a_name_that_is_known_needs_no_numpy(database: Database, tmp_path: Path) -> None:
    with database.writing() as connection:
        fill(connection)
    script = (
        "import sys; from grace.memory.database import open_memory; from grace.memory.search import deep_search\n"
        f"with open_memory('sqlite:///{tmp_path}/memory.db').reading() as connection:\n"
        "    assert deep_search(connection, 'evict', k=1)[0].name == 'evict'\n"
        "assert not {'numpy', 'sqlalchemy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
