import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import (
    Change,
    Check,
    CheckStatus,
    Contract,
    FileEdit,
    Isolation,
    Provenance,
    Request,
    Verification,
    WorkflowKind,
)
from grace.errors import IntegrityError
from tasks.persistence import CONTRACTS, decode_contract, encode_contract, result_key


def asked(**fields: object) -> Request:
    values: dict[str, object] = {
        "id": "a" * 12,
        "kind": WorkflowKind.FIX_BUG,
        "repository": "/somewhere",
        "base_revision": "0" * 40,
        "requested_by": "ann",
        "requested_at": datetime(2026, 1, 2, tzinfo=UTC),
    }
    return Request.model_validate({**values, **fields})


def changed(content: bytes | None = b"x = 1\n") -> Change:
    return Change(
        base_revision="0" * 40,
        edits=(FileEdit(path="a.py", before_hash="1" * 64, after=content),),
        patch="--- a\n",
        rationale="because",
        provenance=Provenance(strategy="search"),
    )


@given(st.none() | st.binary())
def test_a_change_survives_with_its_bytes_and_its_digest(content: bytes | None) -> None:
    change = changed(content)
    back = CONTRACTS.loads(CONTRACTS.dumps(change))
    assert back == change
    assert back.digest == change.digest


def test_derived_fields_are_computed_again_not_believed() -> None:
    failed = Verification(
        change_digest="d",
        checks=(Check(name="tests", status=CheckStatus.FAILED),),
        isolation=Isolation.BUBBLEWRAP,
    )
    stored = CONTRACTS.dumps(failed)
    assert b'"passed":' not in stored
    assert CONTRACTS.loads(stored).passed is False


def test_contracts_inside_plain_values_survive() -> None:
    value = {"changes": [changed(), None], "count": 2}
    assert CONTRACTS.loads(CONTRACTS.dumps(value)) == value


def test_what_is_no_contract_is_not_written() -> None:
    with pytest.raises(TypeError, match="not PosixPath"):
        from pathlib import Path

        encode_contract(Path("x"))


@pytest.mark.parametrize("name", ["hashlib", "Missing", "Outcome", "WorkflowKind"])
def test_a_stored_name_that_is_no_contract_is_refused(name: str) -> None:
    with pytest.raises(IntegrityError, match="no contract"):
        decode_contract({"grace.contract": name, "value": {}})


def test_the_key_names_run_and_stage() -> None:
    assert result_key("verify", {"request": asked()}).startswith("aaaaaaaaaaaa/verify-")


def test_a_vote_added_later_does_not_undo_finished_stages() -> None:
    arguments = {"change": changed()}
    before = result_key("verify", {"request": asked(), **arguments})
    assert result_key("verify", {"request": asked(approve=True), **arguments}) == before


def test_the_order_of_arguments_does_not_matter() -> None:
    one, other = changed(b"1"), changed(b"2")
    assert result_key("s", {"request": asked(), "a": one, "b": other}) == result_key(
        "s", {"b": other, "a": one, "request": asked()}
    )


@given(st.binary(), st.binary())
def test_other_inputs_have_another_key(one: bytes, other: bytes) -> None:
    keys = [result_key("s", {"request": asked(), "change": changed(content)}) for content in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)


def test_every_contract_can_be_named_when_read_back() -> None:
    import grace.contracts

    for contract in Contract.__subclasses__():
        if not contract.__name__.startswith("_") and contract.__module__ == "grace.contracts":
            assert getattr(grace.contracts, contract.__name__) is contract


def test_results_are_json_that_anything_can_read() -> None:
    assert json.loads(CONTRACTS.dumps(changed()))["grace.contract"] == "Change"
