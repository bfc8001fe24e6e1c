import hashlib
import json

import pytest

from grace.causal import assess_impact
from grace.causal.impact import predict_impact
from grace.causal.seed import Seed, seed_of_diff, seed_of_files
from grace.contracts import Change, FileEdit, Provenance, Risk

FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": """
        def net(price):
            return price

        def gross(price):
            return net(price) * 2
    """,
    "shop/basket.py": """
        from shop.prices import gross

        def total(items):
            return sum(map(gross, items))
    """,
    "shop/texts.py": """
        from pathlib import Path

        def greeting():
            return Path("data/greeting.txt").read_text()
    """,
    "data/greeting.txt": "hello",
    "broken.py": "def f(:",
    "tests/test_prices.py": """
        from shop.prices import net

        def test_net():
            assert net(1) == 1
    """,
    "tests/test_basket.py": """
        from shop.basket import total

        def test_total():
            assert total([1]) == 2

        def test_empty():
            assert total([]) == 0
    """,
    "tests/test_texts.py": """
        from shop.texts import greeting

        def test_greeting():
            assert greeting() == "hello"
    """,
}


@pytest.fixture
def predict(index):
    connection, repo_id, _ = index(FILES)
    return lambda seed: predict_impact(connection, repo_id, seed)


def test_symbols_files_and_tests_by_how_near_they_are(predict):
    impact = predict(Seed(symbols=("net",)))
    assert [(one.name, one.distance) for one in impact.symbols if "test" not in one.name] == [
        ("net", 0),
        ("gross", 1),
        ("total", 2),
    ]
    assert [one.path for one in impact.files][:2] == ["shop/prices.py", "shop/basket.py"]
    assert [one.id for one in impact.tests][:2] == [
        "tests/test_prices.py::test_net",
        "tests/test_basket.py::test_empty",
    ]
    assert impact.tests[0].distance == 1
    assert "net" in impact.tests[0].why
    assert all(0 <= one.probability <= 1 for one in (*impact.symbols, *impact.files, *impact.tests))


def test_the_first_tests_are_of_different_files(predict):
    paths = [one.path for one in predict(seed_of_files("shop/prices.py", "shop/basket.py")).tests]
    assert paths[:2] == ["tests/test_basket.py", "tests/test_prices.py"]
    assert paths[-1] == "tests/test_basket.py"
    assert len({*paths[:-1]}) == len(paths) - 1


def test_a_data_file_reaches_the_code_that_names_it(predict):
    impact = predict(seed_of_files("data/greeting.txt"))
    assert [one.name for one in impact.symbols if one.distance == 1] == ["greeting"]
    assert impact.tests[0].id == "tests/test_texts.py::test_greeting"
    assert impact.blind_spots[0].startswith("data/greeting.txt")


def test_what_is_not_parsed_is_a_blind_spot(predict):
    assert any(
        spot.startswith("broken.py was not parsed") for spot in predict(seed_of_files("shop/texts.py")).blind_spots
    )


def test_what_no_test_reaches_is_medium(index):
    connection, repo_id, _ = index({"lib.py": "def f():\n    return 1\n"})
    impact = predict_impact(connection, repo_id, seed_of_files("lib.py"))
    assert (impact.risk, impact.reasons) == (Risk.MEDIUM, ("no test uses what changes",))


def test_a_function_of_many_users_is_medium(index):
    users = "".join(f"def user{n}():\n    return f()\n\n" for n in range(25))
    tests = "from lib import f\n\ndef test_f():\n    assert f()\n"
    connection, repo_id, _ = index({"lib.py": f"def f():\n    return 1\n\n{users}", "test_lib.py": tests})
    impact = predict_impact(connection, repo_id, Seed(symbols=("f",)))
    assert impact.risk is Risk.MEDIUM
    assert "f has 26 users" in impact.reasons


def test_an_impact_is_json(predict):
    said = json.loads(predict(seed_of_files("shop/prices.py")).model_dump_json())
    assert {"symbols", "files", "tests", "risk", "blind_spots"} <= said.keys()


def change(repository, path, after, *, patch=None):
    base = repository.resolve("HEAD")
    before = repository.read(base, path)
    edits = (FileEdit(path=path, before_hash=hashlib.sha256(before).hexdigest(), after=after),)
    patch = repository.patch(base, edits) if patch is None else patch
    return Change(base_revision=base, edits=edits, patch=patch, rationale="", provenance=Provenance(strategy="t"))


def test_a_change_is_assessed_by_the_index_when_there_is_one(make_repository, database):
    from grace.memory.indexer import index_repository

    lib = b"def f():\n    return 1\n\n\ndef g():\n    return 2\n"
    tests = b"import lib\n\ndef test_f():\n    lib.f()\n\ndef test_g():\n    lib.g()\n"
    repository = make_repository({"lib.py": lib, "test_lib.py": tests})
    proposed = change(repository, "lib.py", lib.replace(b"2", b"3"))
    by_imports = assess_impact(proposed, repository=repository, database=database)
    assert [one.id for one in by_imports.tests] == ["test_lib.py"]
    index_repository(database, repository.root, processes=1)
    by_index = assess_impact(proposed, repository=repository, database=database)
    assert [one.id for one in by_index.tests] == ["test_lib.py::test_g"]
    assert by_index.change_digest == proposed.digest


def test_lines_mean_nothing_when_the_index_knows_another_version(make_repository, database):
    from grace.memory.indexer import index_repository

    lib = b"def f():\n    return 1\n\n\ndef g():\n    return 2\n"
    tests = b"import lib\n\ndef test_f():\n    lib.f()\n\ndef test_g():\n    lib.g()\n"
    repository = make_repository({"lib.py": lib, "test_lib.py": tests})
    (repository.root / "lib.py").write_bytes(b"\n\n\n\n" + lib)
    index_repository(database, repository.root, processes=1)
    impact = assess_impact(
        change(repository, "lib.py", lib.replace(b"2", b"3")), repository=repository, database=database
    )
    assert {one.id for one in impact.tests} == {"test_lib.py::test_f", "test_lib.py::test_g"}
    assert impact.blind_spots == ("lib.py was indexed in another version: all of it counts as changed",)


def test_a_diff_of_nothing_reaches_nothing(predict):
    impact = predict(seed_of_diff(""))
    assert (impact.symbols, impact.files, impact.tests) == ((), (), ())
