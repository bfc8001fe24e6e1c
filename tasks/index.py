"""Code base -> index: what changed, batch by batch read, then published when its data contract holds."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_progress_artifact, create_table_artifact, update_progress_artifact
from prefect.futures import PrefectFuture, as_completed

from grace.contracts import IndexRun, Reindex
from grace.memory.database import Connection, Database, open_memory
from grace.memory.indexer import changed_files, index_repository, read_files
from grace.memory.source_tree import find_root
from grace.settings import current
from grace.store.repositories import SqlRepositories
from tasks.retries import RETRYING

FILES_PER_BATCH = 200
"""A batch takes about a second, so that what Prefect does for a task is little beside it."""
CONTRACT_KEY = "grace-index-contract"


@task(name="find changed files", task_run_name="find changed files", persist_result=False, **RETRYING)
def find_changed_files(wish: Reindex) -> list[list[str]]:
    """The source files that the index has not seen as they are, in batches."""
    paths = changed_files(_memory(), repository_folder(wish.repository))
    return [paths[start : start + FILES_PER_BATCH] for start in range(0, len(paths), FILES_PER_BATCH)]


@task(name="read batch", task_run_name="read {number}", persist_result=False, **RETRYING)
def read_batch(wish: Reindex, paths: list[str], number: int) -> int:
    """Read files and keep what they say by content: a batch that is read again costs nothing. Gives how many."""
    return read_files(_memory(), repository_folder(wish.repository), paths)


@task(name="publish index", task_run_name="publish index", persist_result=False, **RETRYING)
def publish_index(wish: Reindex) -> IndexRun:
    """Put the new index into service if it keeps its data contract; else the last good one stays."""
    from grace.memory.data_contract import Counts, IndexRefused, check_index, counts

    database, root = _memory(), repository_folder(wish.repository)
    before: dict[int, Counts | None] = {}
    met: list[Any] = []

    def look_before(connection: Connection, repo_id: int) -> None:
        before[repo_id] = counts(connection, repo_id)

    def check(connection: Connection, repo_id: int) -> None:
        met.extend(check_index(connection, repo_id, before.get(repo_id)))

    try:
        report = index_repository(database, root, before=look_before, check=check)
    except IndexRefused as refused:
        run = IndexRun(repository=str(root), status="refused", reason=str(refused), expectations=refused.expectations)
    else:
        did = report.changed or report.removed
        run = IndexRun(
            **{name: getattr(report, name) for name in _COUNTED},
            status="indexed" if did else "unchanged",
            reason=f"{report.changed} files read, {report.removed} removed." if did else "No file changed.",
            expectations=tuple(met),
        )
    _record(database, wish, run)
    return run


def show_progress(futures: Sequence[PrefectFuture[int]]) -> None:
    """A progress bar in the Prefect UI while batches are read; raises what a batch raised."""
    shown = create_progress_artifact(progress=0.0, description="Files read") if futures else None
    for done, future in enumerate(as_completed(list(futures)), 1):
        future.result()
        if shown:
            update_progress_artifact(shown, progress=100.0 * done / len(futures))  # type: ignore[arg-type]  # Prefect gives an id or an artifact: of a new one, the id


def repository_folder(named: str) -> Path:
    """The folder of a repository given by its path or by the name it is registered by."""
    known = {each.name: each.location for each in SqlRepositories.open(current().database).all()}
    return find_root(Path(known.get(named, named)))[0]


_COUNTED = ("repository", "revision", "files", "lines", "symbols", "edges", "unresolved", "changed", "removed")


def _record(database: Database, wish: Reindex, run: IndexRun) -> None:
    import time

    with database.writing() as connection:
        columns = ("location", "run_id", "status", "recorded_at", "result")
        row = (run.repository, wish.run_id, run.status, time.time(), run.model_dump_json())
        connection.insert("code_index_runs", columns, [row])
    if run.expectations:
        create_table_artifact(
            table=json.loads(json.dumps([one.model_dump() for one in run.expectations])),
            key=CONTRACT_KEY,
            description=f"{run.repository}: {run.reason}",
        )


def _memory() -> Database:
    from grace.places import memory_url

    return open_memory(memory_url())
