"""`Pipfile`."""

from grace.hunter.dependencies.declarations import Declarations, gathered
from grace.hunter.dependencies.readers.tables import table, table_entries
from grace.hunter.dependencies.source_text import Lines, decode, toml

_NO_CATEGORY = ("source", "requires", "scripts", "pipenv")


def read(content: bytes) -> Declarations:
    """What a project declares to Pipenv, in every category. Raises Unreadable."""
    text = decode(content)
    document, lines = toml(text), Lines(text)
    categories = [table(document, name) for name in document if name not in _NO_CATEGORY]
    return gathered(entry for category in categories for entry in table_entries(category, lines))
