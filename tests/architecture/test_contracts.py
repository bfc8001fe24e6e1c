"""Contracts are values: frozen, closed, and made of nothing that can be changed."""

import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from types import ModuleType
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

import grace.contracts
import grace.ports
import grace.progress
from grace.contracts import Contract

CHANGEABLE = (list, dict, set, bytearray)


def classes(module: ModuleType) -> list[type]:
    """The classes that a module defines."""
    return [each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == module.__name__]


CONTRACTS: list[type[BaseModel]] = [each for each in classes(grace.contracts) if issubclass(each, BaseModel)]


def parts(annotation: Any) -> Iterator[Any]:
    """An annotation and everything inside it."""
    yield get_origin(annotation) or annotation
    for inner in get_args(annotation):
        yield from parts(inner)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_a_contract_is_a_value(contract: type[BaseModel]) -> None:
    assert issubclass(contract, Contract)
    assert contract.model_config.get("frozen") is True
    assert contract.model_config.get("extra") == "forbid"
    fields = {name: set(parts(field.annotation)) for name, field in contract.model_fields.items()}
    assert not {name for name, found in fields.items() if found.intersection((*CHANGEABLE, Any))}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.__name__)
def test_a_contract_says_what_it_is(contract: type[BaseModel]) -> None:
    assert contract.__name__.startswith("_") or contract.__doc__


def test_the_contracts_were_found() -> None:
    assert {grace.contracts.Request, grace.contracts.Change, grace.contracts.Delivered} <= set(CONTRACTS)


@pytest.mark.parametrize("module", [grace.ports, grace.progress], ids=lambda module: module.__name__)
def test_values_beside_the_contracts_are_frozen(module: ModuleType) -> None:
    values = [each for each in classes(module) if is_dataclass(each)]
    assert values
    assert all(each.__dataclass_params__.frozen for each in values)  # type: ignore[attr-defined]  # set by dataclass
