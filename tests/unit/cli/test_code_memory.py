"""`grace index`, `search`, `recall`, `refs`, `impact` and `map`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from grace.cli import code_memory
from grace.cli.main import app
from grace.errors import InputError
from grace.git import run_git
from tests.conftest import MakeRepository
from tests.unit.memory.code_base import FILES


@pytest.fixture
def shop(make_repository: MakeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GRACE_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    yield make_repository(FILES).root
    for database in code_memory._opened.values():
        database.close()
    code_memory._opened.clear()


def run(*words: object, code: int = 0, stdin: str = "") -> str:
    done = CliRunner().invoke(app, list(map(str, words)), input=stdin)
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


def answer(*words: object, **options: Any) -> Any:
    return json.loads(run(*words, "--json", **options))


def test_index_says_what_it_read(shop: Path) -> None:
    said = answer("index", shop)
    assert (said["status"], said["files"], said["changed"]) == ("indexed", 5, 5)
    assert "5 files" in run("index", shop)


def test_index_takes_a_hint(shop: Path) -> None:
    run("index", shop)
    (shop / "shop/prices.py").write_text("def price_of(item): return 4\n")
    assert answer("index", shop, "--changed", shop / "shop/prices.py")["changed"] == 1


def test_a_hint_outside_of_the_repository_is_refused(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.py").touch()
    failed = CliRunner().invoke(app, ["index", str(shop), "--changed", str(tmp_path / "elsewhere.py")])
    assert isinstance(failed.exception, InputError)


def test_search_finds_a_function_by_what_it_does(shop: Path) -> None:
    said = answer("search", "total sum", "--repo", shop, "-k", 3)
    best = said["results"][0]
    assert (best["path"], best["name"], best["kind"], best["line"]) == ("shop/cart.py", "total", "method", 17)
    assert best["qualified_name"] == "Cart.total"
    assert 0 < best["score"] <= 1
    assert said["index"]["stale"] is False


def test_search_keeps_to_a_kind(shop: Path) -> None:
    kinds = {one["kind"] for one in answer("search", "cart", "--repo", shop, "--kind", "class")["results"]}
    assert kinds == {"class"}


def test_search_says_when_files_changed_since(shop: Path) -> None:
    run("index", shop)
    (shop / "shop/cart.py").write_text("class Cart: 'Now something else altogether.'\n")
    assert answer("search", "Cart", "--repo", shop)["index"]["stale"] is True


def test_search_that_finds_nothing_is_an_honest_no(shop: Path) -> None:
    assert answer("search", "zyxwvut", "--repo", shop, code=1)["results"] == []


def test_lines_are_answered_in_one_process_and_a_bad_one_stops_nothing(shop: Path) -> None:
    questions = [json.dumps({"query": "total", "repo": str(shop), "k": 1}), "no json", "[]", '{"query": ""}', ""]
    said = [json.loads(line) for line in run("search", "-", stdin="\n".join(questions), code=2).splitlines()]
    assert said[0]["results"][0]["name"] == "total"
    assert [one["error"] for one in said[1:]] == ["JSONDecodeError", "InputError", "InputError"]


def test_recall_gives_the_code_and_remembers_that_it_did(shop: Path) -> None:
    run("index", shop)
    first = answer("recall", "the sum of all prices")["results"][0]
    assert "return sum(price_of(item)" in first["code_snippet"]
    assert first["times_recalled"] == 0
    assert answer("recall", "the sum of all prices", "--repo", shop)["results"][0]["times_recalled"] == 1


def test_refs_tells_users_uses_and_what_takes_its_place(shop: Path) -> None:
    said = answer("refs", "Cart.total", "--repo", shop)
    users = {(one["name"], one["how"], one["guess"]) for one in said["used_by"]}
    assert ("test_total", "call", False) in users
    assert [one["name"] for one in said["uses"]] == ["price_of"]
    assert [one["name"] for one in said["implementations"]] == ["GiftCart.total"]
    assert "Used by:" in run("refs", "shop/cart.py::Cart.total", "--repo", shop)


@pytest.mark.parametrize(("name", "reason"), [("nothing", "No symbol"), ("total", "say which")])
def test_refs_asks_back_where_a_name_is_not_one_symbol(shop: Path, name: str, reason: str) -> None:
    failed = CliRunner().invoke(app, ["refs", name, "--repo", str(shop)])
    assert isinstance(failed.exception, InputError)
    assert reason in str(failed.exception)


def test_impact_of_a_symbol(shop: Path) -> None:
    said = answer("impact", shop, "--symbol", "price_of")
    assert {"Cart.total", "test_total"} <= {one["name"] for one in said["symbols"]}
    assert said["tests"][0]["id"] == "tests/test_cart.py::test_total"
    assert said["risk"] in ("low", "medium", "high")
    assert {"files", "blind_spots", "reasons"} <= said.keys()


def test_impact_of_a_diff_is_the_same_before_and_after_it_is_applied(shop: Path, tmp_path: Path) -> None:
    prices = shop / "shop/prices.py"
    before, after = prices.read_text(), prices.read_text().replace("PRICES[item]", "PRICES[item] + 0")
    prices.write_text(after)
    diff = run_git(("diff",), cwd=shop).stdout.decode()
    applied = answer("impact", shop, "--diff", "-", stdin=diff)
    assert answer("impact", shop, "--base", "HEAD")["symbols"] == applied["symbols"]
    prices.write_text(before)
    (tmp_path / "change.diff").write_text(diff)
    assert answer("impact", shop, "--diff", tmp_path / "change.diff")["symbols"] == applied["symbols"]
    assert applied["symbols"][0]["name"] == "price_of"


def test_impact_wants_exactly_one_change(shop: Path) -> None:
    for words in ((), ("--symbol", "price_of", "--base", "HEAD")):
        failed = CliRunner().invoke(app, ["impact", str(shop), *words])
        assert isinstance(failed.exception, InputError)


def test_map_shows_what_others_rest_on_and_keeps_to_its_length(shop: Path) -> None:
    outline = run("map", shop, "--tokens", 50)
    assert "class Cart" in outline
    assert len(outline) <= 50 * 4
    assert "price_of" in answer("map", shop, "--about", "price")["outline"]


def test_forget_drops_an_index(shop: Path) -> None:
    run("index", shop)
    assert answer("index", shop, "--forget")["status"] == "forgotten"
    assert answer("index", shop, "--forget")["status"] == "not indexed"
