"""Indexed repositories."""

import textwrap
from contextlib import ExitStack

import pytest

from grace.memory.database import open_memory
from grace.memory.indexer import index_repository
from grace.memory.repositories import find_indexed


@pytest.fixture
def database(tmp_path):
    database = open_memory(f"sqlite:///{tmp_path / 'memory.db'}")
    yield database
    database.close()


@pytest.fixture
def index(make_repository, database):
    """Index a repository of files; gives a transaction, the repository's id and the repository."""
    with ExitStack() as opened:

        def index(files):
            repository = make_repository({path: textwrap.dedent(text) for path, text in files.items()})
            index_repository(database, repository.root, processes=1)
            indexed = find_indexed(database, repository.root)
            return opened.enter_context(database.writing()), indexed.repo_id, repository

        yield index
