"""Push -> the registered repository, with what was pushed."""

from pathlib import Path

from prefect import task

from grace.contracts import Push, RegisteredRepository
from grace.git import GitRepository
from grace.git.remotes import OWN_TRACKING, TRACKING, fetch, origin
from grace.registration import is_own_clone
from grace.settings import Settings
from grace.store.repositories import SqlRepositories
from tasks.retries import RETRYING


@task(
    name="fetch",
    task_run_name="fetch",
    persist_result=False,
    **RETRYING,
)
def fetch_repository(push: Push) -> RegisteredRepository:
    """Bring the registered repository up to what was pushed; a checkout and its branches stay as they are."""
    settings = Settings()
    repository = SqlRepositories.open(settings.database).get(push.repository)
    folder = Path(repository.location)
    if pushed_ref(repository, push):
        return repository
    own = is_own_clone(repository, settings)
    source = "origin" if origin(folder) else repository.remote
    fetch(folder, source=source, into=OWN_TRACKING if own else TRACKING, prune=own)
    return repository


def pushed_ref(repository: RegisteredRepository, push: Push) -> str | None:
    """The reference of the repository that stands for the pushed branch and holds the commit; None: none does.

    In a bare repository that is the branch itself, in a checkout what it knows of the remote's branch.
    """
    there = GitRepository.open(Path(repository.location))
    candidates = (*((push.ref,) if there.bare else ()), f"{TRACKING}{push.branch}")
    return next((ref for ref in candidates if there.find(ref) == push.commit), None)
