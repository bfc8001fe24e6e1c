import pytest

from grace.causal.seed import Region, Seed, Span, seed_of_files
from grace.causal.test_selection import select_tests
from grace.errors import InputError

SHOP = {
    "shop/__init__.py": "",
    "shop/prices.py": """
        RATE = 2
        RATES = {
            "home": 1,
            "away": 2,
        }

        def net(price):
            return price

        def gross(price):
            return net(price) * RATE

        def abroad(price):
            return price * RATES["away"]

        def unused():
            pass
    """,
    "shop/basket.py": """
        from shop.prices import gross

        class Basket:
            def __init__(self):
                self.items = []

            def total(self):
                return sum(gross(item) for item in self.items)

            def clear(self):
                self.items = []

        class Gift(Basket):
            pass
    """,
    "tests/conftest.py": """
        import pytest
        from shop.basket import Basket

        @pytest.fixture
        def basket():
            return Basket()
    """,
    "tests/test_prices.py": """
        from shop.prices import abroad, gross, net

        def test_net():
            assert net(1) == 1

        def test_abroad():
            assert abroad(1) == 2

        class TestGross:
            def test_gross(self):
                assert gross(1) == 2
    """,
    "tests/test_basket.py": """
        import unittest
        from shop.basket import Basket, Gift

        def test_total(basket):
            assert basket.total() == 0

        class Totals(unittest.TestCase):
            def setUp(self):
                self.gift = Gift()

            def test_gift(self):
                assert self.gift.total() == 0

            def helper(self):
                pass
    """,
    "tests/test_other.py": "def test_other():\n    pass\n",
}


def line_of(path, text):
    lines = SHOP[path].splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def at(path, text):
    """A seed of one line, counted after the text was dedented (which keeps lines)."""
    line = line_of(path, text)
    return Seed((Region(path, (Span(line, line),)),))


@pytest.fixture
def selected(index):
    connection, repo_id, _ = index(SHOP)
    return lambda seed: [test.id for test in select_tests(connection, repo_id, seed)]


def test_tests_that_call_it_come_before_those_that_call_its_callers(selected):
    ids = selected(at("shop/prices.py", "return price"))
    assert ids[0] == "tests/test_prices.py::test_net"
    assert "tests/test_prices.py::TestGross::test_gross" in ids
    assert "tests/test_other.py::test_other" not in ids


def test_fixtures_and_set_up_lead_to_the_tests_they_serve(selected):
    ids = selected(at("shop/basket.py", "def __init__"))
    assert {"tests/test_basket.py::test_total", "tests/test_basket.py::Totals::test_gift"} == set(ids)


def test_a_method_reaches_the_users_of_its_class_and_of_derived_ones(selected):
    assert "tests/test_basket.py::Totals::test_gift" in selected(at("shop/basket.py", "return sum"))


def test_a_constant_reaches_its_users(selected):
    assert "tests/test_prices.py::TestGross::test_gross" in selected(at("shop/prices.py", "RATE = 2"))


def test_a_constant_of_many_lines_is_known_below_its_name(selected):
    assert selected(at("shop/prices.py", '"away": 2'))[0] == "tests/test_prices.py::test_abroad"


def test_a_first_line_that_changes_is_the_module(index):
    connection, repo_id, _ = index(
        {"lib.py": "import os\n", "test_lib.py": "import lib\n\ndef test_lib():\n    pass\n"}
    )
    seed = Seed((Region("lib.py", (Span(1, 1),)),))
    assert [test.id for test in select_tests(connection, repo_id, seed)] == ["test_lib.py::test_lib"]


def test_what_nothing_uses_selects_whatever_imports_it(selected):
    ids = selected(at("shop/prices.py", "def unused"))
    assert {test.rpartition(":")[2] for test in ids[:3]} == {"test_net", "test_abroad", "test_gross"}
    assert "tests/test_other.py::test_other" in ids  # by way of conftest.py


def test_a_changed_test_selects_itself(selected):
    assert selected(at("tests/test_other.py", "pass")) == ["tests/test_other.py::test_other"]


def test_dependencies_select_everything(selected):
    assert "tests/test_other.py::test_other" in selected(seed_of_files("pyproject.toml"))


def test_a_comment_selects_nothing(selected):
    assert selected(Seed((Region("shop/prices.py", ()),))) == []


def test_symbols_are_named_with_or_without_their_places(selected):
    for name in ("net", "prices.net", "shop.prices.net", "shop/prices.py::net"):
        assert selected(Seed(symbols=(name,)))[0] == "tests/test_prices.py::test_net"
    with pytest.raises(InputError, match="nowhere"):
        selected(Seed(symbols=("nowhere",)))


def test_inherited_and_imported_tests_are_named_as_pytest_does(index):
    connection, repo_id, _ = index(
        {
            "lib.py": "def f():\n    return 1\n",
            "tests/test_base.py": """
                from lib import f

                class TestBase:
                    def test_f(self):
                        f()
            """,
            "tests/test_derived.py": """
                from tests.test_base import TestBase

                class TestDerived(TestBase):
                    pass
            """,
        }
    )
    ids = {test.id for test in select_tests(connection, repo_id, seed_of_files("lib.py"))}
    assert ids == {
        "tests/test_base.py::TestBase::test_f",
        "tests/test_derived.py::TestDerived::test_f",
        "tests/test_derived.py::TestBase::test_f",
    }


SEEN = {
    "lib.py": "LIMIT = 1\n\ndef f():\n    return 1\n\ndef g():\n    return LIMIT\n",
    "tests/test_lib.py": """
        import lib

        def test_dynamic():
            getattr(lib, "f")()

        def test_static():
            lib.f

        def test_new():
            lib.f()

        def test_limit():
            lib.g()
    """,
}


class TestCoverageMap:
    @pytest.fixture
    def selected(self, index):
        connection, repo_id, _ = index(SEEN)
        ids = dict(connection.rows("SELECT qualname, id FROM code_symbols WHERE repo_id = ?", (repo_id,)))
        for number, name in enumerate(("test_dynamic", "test_static", "test_limit"), 1):
            test = (number, repo_id, f"tests/test_lib.py::{name}")
            connection.run("INSERT INTO code_tests (id, repo_id, name) VALUES (?, ?, ?)", test)
        for covered in ((1, ids["f"]), (3, ids["g"])):
            connection.run("INSERT INTO code_test_covers (test_id, symbol_id) VALUES (?, ?)", covered)
        return lambda seed: [test.id.partition("::")[2] for test in select_tests(connection, repo_id, seed)]

    def test_what_was_seen_counts_and_the_graph_speaks_only_for_tests_not_seen(self, selected):
        assert set(selected(Seed(symbols=("f",)))) == {"test_dynamic", "test_new"}

    def test_what_lies_outside_of_functions_is_seen_by_nobody_so_the_graph_speaks(self, selected):
        assert "test_limit" in selected(Seed(symbols=("LIMIT",)))

    def test_a_file_of_which_nothing_was_ever_seen_is_left_to_the_graph(self, index):
        connection, repo_id, _ = index(SEEN)
        test = (1, repo_id, "tests/test_lib.py::test_limit")
        connection.run("INSERT INTO code_tests (id, repo_id, name) VALUES (?, ?, ?)", test)
        ids = [test.id.partition("::")[2] for test in select_tests(connection, repo_id, Seed(symbols=("g",)))]
        assert ids == ["test_limit"]

    def test_what_no_test_ran_selects_none_of_the_tests_seen(self, selected):
        assert selected(Seed(symbols=("g",))) == ["test_limit"]
