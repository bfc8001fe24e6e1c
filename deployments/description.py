"""prefect.yaml as data: the one place that says which deployments there are."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFECT_FILE = Path(__file__).with_name("prefect.yaml")
WORK_POOL = "grace"
DURABLE = "durable"
"""The tag of runs that are started again when their process dies."""


@dataclass(frozen=True)
class Described:
    """One deployment, in the words of prefect.yaml."""

    name: str
    entrypoint: str
    description: str
    version: str
    tags: tuple[str, ...]
    work_pool: str
    job_variables: dict[str, Any]
    concurrency: dict[str, Any]
    pull: list[dict[str, Any]]


def described_deployments(path: Path = PREFECT_FILE) -> tuple[Described, ...]:
    """Every deployment of the file, in its order."""
    import yaml

    file = yaml.safe_load(path.read_text())
    return tuple(
        Described(
            name=entry["name"],
            entrypoint=entry["entrypoint"],
            description=entry["description"],
            version=str(entry["version"]),
            tags=tuple(entry["tags"]),
            work_pool=entry["work_pool"]["name"],
            job_variables=entry["work_pool"].get("job_variables", {}),
            concurrency=entry["concurrency_limit"],
            pull=entry.get("pull", file["pull"]),
        )
        for entry in file["deployments"]
    )
