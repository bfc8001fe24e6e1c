"""The flow that keeps an index up to date, on a real server."""

import json

import pytest

from flows.reindex_codebase import reindex_codebase
from grace.contracts import IndexRun, Reindex
from grace.memory.database import open_memory
from grace.places import memory_url
from grace.registration import register
from grace.settings import Settings
from tasks.index import CONTRACT_KEY, FILES_PER_BATCH
from tests.conftest import MakeRepository

pytestmark = pytest.mark.usefixtures("on_server")

SHOP = {"shop.py": "def price():\n    '''What it costs.'''\n    return 3\n\n\ndef total():\n    return price()\n"}


def test_a_code_base_is_indexed_and_its_contract_kept(make_repository: MakeRepository) -> None:
    repository = make_repository(SHOP)
    run = reindex_codebase(Reindex(repository=str(repository.root)))
    assert (run.status, run.files, run.changed) == ("indexed", 1, 1)
    assert run.expectations
    assert all(one.met for one in run.expectations)
    assert _artifact() == [one.model_dump() for one in run.expectations]
    assert _recorded() == [run]


def test_nothing_is_done_for_an_unchanged_code_base(make_repository: MakeRepository) -> None:
    wish = Reindex(repository=str(make_repository(SHOP).root))
    reindex_codebase(wish)
    run = reindex_codebase(wish)
    assert (run.status, run.changed, run.files) == ("unchanged", 0, 1)


def test_many_files_are_read_in_batches(make_repository: MakeRepository) -> None:
    files = {f"m{number}.py": f"def f{number}(): pass\n" for number in range(FILES_PER_BATCH + 1)}
    run = reindex_codebase(Reindex(repository=str(make_repository(files).root)))
    assert run.files == FILES_PER_BATCH + 1


def test_an_index_that_breaks_its_contract_does_not_go_into_service(
    make_repository: MakeRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"m{number}.py": f"def f{number}(): pass\ndef g{number}(): pass\n" for number in range(100)}
    repository = make_repository(files)
    wish = Reindex(repository=str(repository.root))
    before = reindex_codebase(wish)
    for number in range(5, 100):
        (repository.root / f"m{number}.py").unlink()
    run = reindex_codebase(wish)
    assert run.status == "refused"
    assert "did not collapse" in run.reason
    with open_memory(memory_url()).reading() as connection:
        assert connection.rows("SELECT symbols FROM code_repositories") == [(before.symbols,)]
    assert [each.status for each in _recorded()] == ["indexed", "refused"]


def test_a_registered_repository_is_known_by_its_name(make_repository: MakeRepository) -> None:
    root = make_repository(SHOP).root
    register(str(root), Settings(), name="shop")
    assert reindex_codebase(Reindex(repository="shop")).repository == str(root)


def _recorded() -> list[IndexRun]:
    with open_memory(memory_url()).reading() as connection:
        rows = connection.rows("SELECT result FROM code_index_runs ORDER BY id")
    return [IndexRun.model_validate_json(result) for (result,) in rows]


def _artifact() -> object:
    from prefect.artifacts import Artifact

    found = Artifact.get(key=CONTRACT_KEY)
    assert found is not None
    return json.loads(str(found.data))
