"""A small code base on disk and what an index says of it, in terms that do not depend on ids."""

from pathlib import Path

from grace.memory.database import Database
from grace.memory.graph import EdgeKind

FILES = {
    "shop/__init__.py": "from shop.cart import Cart\n",
    "shop/cart.py": (
        '"""The cart."""\n'
        "from shop.prices import price_of\n\n"
        "LIMIT = 10\n\n\n"
        "class Cart:\n"
        '    """What somebody wants to buy."""\n\n'
        "    def __init__(self):\n"
        "        self.items = []\n\n"
        "    def add(self, item):\n"
        "        if len(self.items) < LIMIT:\n"
        "            self.items.append(item)\n\n"
        "    def total(self):\n"
        '        """The sum of all prices."""\n'
        "        return sum(price_of(item) for item in self.items)\n"
    ),
    "shop/prices.py": (
        "PRICES = {'tea': 3}\n\n\ndef price_of(item):\n    return PRICES[item]\n\n\ndef unused():\n    return None\n"
    ),
    "shop/gifts.py": (
        "from shop import Cart\n\n\nclass GiftCart(Cart):\n    def total(self):\n"
        "        return super().total() + 1\n\n\n"
        "def wrap(cart: Cart):\n    return cart.total()\n"
    ),
    "tests/test_cart.py": (
        "from shop import Cart\n\n\ndef test_total():\n    cart = Cart()\n    cart.add('tea')\n"
        "    assert cart.total() == 3\n"
    ),
}


def write(root: Path, files: dict[str, str] = FILES) -> Path:
    for path, source in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(source)
    return root


def symbols(database: Database) -> set[tuple[str, str, int, int]]:
    query = "SELECT f.path, s.qualname, s.kind, s.line FROM code_symbols s JOIN code_files f ON f.id = s.file_id"
    with database.reading() as connection:
        return {(str(path), str(name), kind, line) for path, name, kind, line in connection.rows(query)}


def edges(database: Database) -> set[tuple[str, str, str, int]]:
    """(from, to, how, confidence), each end as `path::name`."""
    query = (
        "SELECT a.path, s.qualname, b.path, d.qualname, e.kind, e.confidence FROM code_edges e"
        " JOIN code_symbols s ON s.id = e.src JOIN code_symbols d ON d.id = e.dst"
        " JOIN code_files a ON a.id = s.file_id JOIN code_files b ON b.id = d.file_id"
    )
    with database.reading() as connection:
        return {
            (f"{row[0]}::{row[1]}", f"{row[2]}::{row[3]}", EdgeKind(row[4]).name, row[5])
            for row in connection.rows(query)
        }


def fan_in(database: Database) -> set[tuple[str, str, int]]:
    query = "SELECT f.path, s.qualname, s.fan_in FROM code_symbols s JOIN code_files f ON f.id = s.file_id"
    with database.reading() as connection:
        return {(str(path), str(name), count) for path, name, count in connection.rows(query)}


def totals(database: Database) -> tuple[int, ...]:
    """files, lines, symbols, edges, unresolved; as the repository's row has them."""
    query = "SELECT files, lines, symbols, edges, unresolved FROM code_repositories"
    with database.reading() as connection:
        return tuple(connection.rows(query)[0])
