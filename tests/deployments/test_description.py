"""prefect.yaml says what is there."""

from importlib import import_module
from importlib.metadata import version

import pytest

from deployments.description import DURABLE, Described, described_deployments

ALL = described_deployments()


@pytest.mark.parametrize("described", ALL, ids=lambda each: each.name)
def test_each_deployment_is_complete(described: Described) -> None:
    module, _, function = described.entrypoint.rpartition(".")
    flow = getattr(import_module(module), function)
    assert flow.name == described.name
    assert described.version == version("grace")
    assert "grace" in described.tags
    assert described.work_pool == "grace"
    assert described.concurrency["collision_strategy"] == "ENQUEUE"
    assert described.pull == []


def test_rescues_are_not_rescued() -> None:
    """A rescue that dies must not start a rescue."""
    assert [each.name for each in ALL if DURABLE not in each.tags] == ["rescue-run"]
