"""Indexing a code base: what is found, that it stays right, and that nothing half-written is ever in service."""

import os
import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grace.errors import EnvironmentLacking, InputError, IntegrityError
from grace.git import run_git
from grace.memory.database import Connection, Database, open_memory
from grace.memory.indexer import IndexReport, forget_repository, index_repository, read_files
from tests.unit.memory import code_base


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return code_base.write(tmp_path / "shop")


def test_a_code_base_is_known_by_its_symbols(database: Database, root: Path) -> None:
    report = index_repository(database, root)
    assert (report.files, report.changed, report.removed, report.left_out) == (5, 5, 0, {})
    assert ("shop/cart.py", "Cart.total", 4, 17) in code_base.symbols(database)


def test_who_uses_whom_is_known_across_files(database: Database, root: Path) -> None:
    index_repository(database, root)
    known = code_base.edges(database)
    assert ("tests/test_cart.py::test_total", "shop/cart.py::Cart.add", "CALL", 90) in known
    assert ("shop/gifts.py::GiftCart", "shop/cart.py::Cart", "INHERITS", 100) in known
    assert ("shop/cart.py::Cart.total", "shop/gifts.py::GiftCart.total", "OVERRIDDEN", 100) in known


def test_an_unchanged_code_base_is_not_read_again(database: Database, root: Path) -> None:
    _age(root)
    index_repository(database, root)
    report = index_repository(database, root)
    assert (report.files, report.changed, report.removed) == (5, 0, 0)


def test_a_file_with_another_date_and_the_same_content_is_not_written_again(database: Database, root: Path) -> None:
    _age(root)
    index_repository(database, root)
    os.utime(root / "shop/cart.py", ns=(10**18, 10**18))
    assert index_repository(database, root).changed == 0


@pytest.mark.parametrize("seed", range(4))
def test_an_index_that_followed_edits_equals_one_made_anew(
    database: Database, root: Path, tmp_path: Path, seed: int
) -> None:
    index_repository(database, root)
    chance = random.Random(seed)
    sources = [*code_base.FILES.values(), "def price_of(x):\n    return 1\n", "x = 1\n", "def broken(:\n"]
    names = [*code_base.FILES, "shop/new.py", "other/cart.py"]
    for step in range(12):
        file = root / chance.choice(names)
        if chance.random() < 0.25 and file.exists():
            file.unlink()
        else:
            file.parent.mkdir(exist_ok=True)
            file.write_text(chance.choice(sources) + "# more\n" * chance.randrange(3))
        index_repository(database, root)
        anew = open_memory(f"sqlite:///{tmp_path / f'anew{step}.db'}")
        index_repository(anew, root)
        for of in (code_base.symbols, code_base.edges, code_base.fan_in, code_base.totals):
            assert of(database) == of(anew), f"step {step}: {of.__name__} after {file}"


def test_with_a_hint_nothing_else_is_looked_at(database: Database, root: Path) -> None:
    index_repository(database, root)
    for name in ("cart", "prices"):
        (root / f"shop/{name}.py").write_text(f"def of_{name}(): pass\n")
    assert index_repository(database, root, hint=["shop/prices.py"]).changed == 1
    names = {name for _, name, _, _ in code_base.symbols(database)}
    assert "of_prices" in names
    assert "of_cart" not in names


def test_a_hint_may_name_a_file_that_is_gone(database: Database, root: Path) -> None:
    index_repository(database, root)
    (root / "shop/gifts.py").unlink()
    assert index_repository(database, root, hint=["shop/gifts.py"]).removed == 1
    assert not [path for path, *_ in code_base.symbols(database) if path == "shop/gifts.py"]


def test_what_is_refused_leaves_the_last_good_index(database: Database, root: Path) -> None:
    index_repository(database, root)
    before = code_base.symbols(database), code_base.edges(database), code_base.totals(database)
    (root / "shop/cart.py").write_text("nothing = 1\n")

    def refuse(_connection: Connection, _repo_id: int) -> None:
        raise IntegrityError("no")

    with pytest.raises(IntegrityError):
        index_repository(database, root, check=refuse)
    assert (code_base.symbols(database), code_base.edges(database), code_base.totals(database)) == before
    assert index_repository(database, root).changed == 1


def test_what_was_read_ahead_is_not_parsed_again(
    database: Database, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = []
    for number in range(70):
        (root / f"shop/more{number}.py").write_text(f"def function{number}(): pass\n")
        paths.append(f"shop/more{number}.py")
    assert read_files(database, root, paths) == 70
    with database.reading() as connection:
        assert connection.rows("SELECT COUNT(*) FROM code_blobs") == [(70,)]
        assert connection.rows("SELECT COUNT(*) FROM code_files") == [(0,)]
    assert index_repository(database, root).files == 75


def test_two_indexers_at_once_agree(root: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'memory.db'}"
    open_memory(url).close()

    def index(_number: int) -> IndexReport:
        return index_repository(open_memory(url), root)

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(index, range(4)))
    assert sorted(report.changed for report in reports) == [0, 0, 0, 5]
    assert {report.symbols for report in reports} == {len(code_base.symbols(open_memory(url)))}


BAD = {
    "syntax.py": b"def f(:\n",
    "python2.py": b"print 'x'\nclass Old: pass\n",
    "null.py": b"x = 1\0\n",
    "bom.py": b"\xef\xbb\xbfdef with_bom(): pass\n",
    "latin.py": b"# -*- coding: latin-1 -*-\nname = '\xe9'\ndef in_latin(): pass\n",
    "lies.py": b"name = '\xe9'\ndef not_utf8(): pass\n",
    "long.py": b"x = '" + b"a" * 1_000_000 + b"'\n",
    "wide.py": b"x = [" + b"1, " * 100_000 + b"]\n",
    "deep.py": b"x = " + b"(" * 5_000 + b")" * 5_000 + b"\n",
    "deeper.py": b"x = " + b"-" * 100_000 + b"1\n",
    "empty.py": b"",
}


def test_bad_files_are_listed_and_cost_nobody_else(database: Database, tmp_path: Path) -> None:
    root = tmp_path / "bad"
    root.mkdir()
    for name, content in BAD.items():
        (root / name).write_bytes(content)
    (root / "good.py").write_text("def good(): pass\n")
    (root / "loop").symlink_to(root)
    (root / "dangling.py").symlink_to(root / "nowhere.py")
    report = index_repository(database, root)
    names = {name for _, name, _, _ in code_base.symbols(database)}
    assert {"good", "with_bom", "in_latin"} <= names
    assert report.files == len(BAD) + 1
    with database.reading() as connection:
        said = dict(connection.rows("SELECT path, status FROM code_files WHERE status <> ''"))
    assert {"syntax.py", "python2.py", "null.py", "long.py"} <= said.keys()
    assert "good.py" not in said


def test_a_repository_that_is_not_there_is_an_input_error(database: Database, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere"):
        index_repository(database, tmp_path / "nowhere")


def test_a_forgotten_repository_leaves_nothing(database: Database, root: Path) -> None:
    index_repository(database, root)
    assert forget_repository(database, root)
    assert not forget_repository(database, root)
    tables = ("files", "mentions", "symbols", "edges", "segments", "postings", "patterns", "repositories")
    with database.reading() as connection:
        left = {table: connection.rows(f"SELECT COUNT(*) FROM code_{table}")[0][0] for table in tables}
    assert left == dict.fromkeys(tables, 0)


def test_several_branches_share_what_was_read(database: Database, root: Path, tmp_path: Path) -> None:
    index_repository(database, root)
    index_repository(database, code_base.write(tmp_path / "other"))
    with database.reading() as connection:
        assert connection.rows("SELECT COUNT(*) FROM code_files") == [(10,)]
        assert connection.rows("SELECT COUNT(*) FROM code_blobs") == [(5,)]


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'memory.db'}"
    open_memory(url).close()
    with sqlite3.connect(tmp_path / "memory.db") as connection:
        connection.execute("UPDATE code_memory_version SET version_num = '9999'")
    with pytest.raises(IntegrityError, match="newer"):
        open_memory(url)


def test_a_database_that_is_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "memory.db").write_bytes(b"this is no database, but long enough to look at" * 100)
    with pytest.raises(EnvironmentLacking, match=r"memory\.db"):
        open_memory(f"sqlite:///{tmp_path / 'memory.db'}")


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(InputError, match="mysql"):
        open_memory("mysql://somewhere/x")


def _age(root: Path) -> None:
    """Make everything older than what a look trusts."""
    for path in (root, *root.rglob("*")):
        os.utime(path, ns=(10**18, 10**18))


def test_a_bare_repository_is_indexed_as_its_head_is(database: Database, root: Path, tmp_path: Path) -> None:
    bare = tmp_path / "shop.git"
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "Start")):
        run_git(command, cwd=root)
    run_git(("-c", "protocol.file.allow=always", "clone", "-q", "--bare", str(root), str(bare)), cwd=tmp_path)
    report = index_repository(database, bare)
    assert (report.files, report.repository) == (5, str(bare))
    assert index_repository(database, bare).changed == 0
    (root / "shop/cart.py").write_text("class Cart: pass\n")
    run_git(("commit", "-q", "-a", "-m", "Change"), cwd=root)
    run_git(("-c", "protocol.file.allow=always", "push", "-q", str(bare), "HEAD"), cwd=root)
    assert index_repository(database, bare).changed == 1
    with database.reading() as connection:
        assert connection.rows("SELECT COUNT(*) FROM code_patterns WHERE file_path = 'shop/gifts.py'") != [(0,)]
