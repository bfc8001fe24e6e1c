"""Bring the index of a code base up to date: on a schedule, on a push, or from the Prefect UI."""

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from grace.contracts import IndexRun, Reindex
from tasks.index import find_changed_files, publish_index, read_batch, show_progress

AT_ONCE = 2
"""Batches read side by side, each by a process of its own."""


@flow(
    name="reindex-codebase",
    flow_run_name="{wish.repository}",
    description="Read what changed in a code base, and put the new index into service if its data contract holds: "
    "searches, impact and plans then know the code as it is. The last good index answers until then.",
    task_runner=ThreadPoolTaskRunner(max_workers=AT_ONCE),  # type: ignore[arg-type]  # its own type is too narrow
    validate_parameters=True,
)
def reindex_codebase(wish: Reindex) -> IndexRun:
    """Look, read in batches, check and publish."""
    batches = find_changed_files(wish)
    show_progress([read_batch.submit(wish, paths, number) for number, paths in enumerate(batches, 1)])
    return publish_index(wish)
