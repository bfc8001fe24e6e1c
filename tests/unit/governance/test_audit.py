"""Whatever is done to a chain without its key shows."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grace.contracts import AuditHead, AuditRecord
from grace.governance.audit import START, canonical, chained, head_of, mac, verify

KEY = b"k" * 64
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
Chain = list[AuditRecord]


def chain_of(actors: list[str], key: bytes = KEY) -> Chain:
    chain: Chain = []
    for number, actor in enumerate(actors):
        head = head_of(chain[-1]) if chain else START
        at = NOON + timedelta(seconds=number)
        facts = {"text": f"{actor} did it", "number": number}
        chain.append(chained(head, key, run_id="a" * 12, event="run.requested", actor=actor, at=at, facts=facts))
    return chain


chains = st.lists(st.text(max_size=5), min_size=1, max_size=8).map(chain_of)
tampered_fields = st.sampled_from(
    [
        {"run_id": "b" * 12},
        {"event": "run.ended"},
        {"actor": "mallory, not ann"},
        {"at": NOON - timedelta(days=1)},
        {"facts": "{}"},
        {"previous": "f" * 64},
        {"mac": "0" * 64},
        {"mac": "é"},
        {"sequence": 99},
    ]
)


@given(chains)
def test_an_untouched_chain_is_fine(chain: Chain) -> None:
    assert verify(chain, KEY) is None
    assert all(verify(chain, KEY, head_of(record)) is None for record in chain)
    assert verify([], KEY, START) is None


@given(chains, st.data())
def test_a_changed_field_is_found_where_it_is(chain: Chain, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(chain) - 1))
    chain[at] = chain[at].model_copy(update=data.draw(tampered_fields))
    problem = verify(chain, KEY)
    assert problem is not None and problem.sequence == at + 1


@given(chains, st.data())
def test_a_removed_record_is_named(chain: Chain, data: st.DataObject) -> None:
    head = head_of(chain[-1])
    at = data.draw(st.integers(0, len(chain) - 1))
    del chain[at]
    problem = verify(chain, KEY, head)
    assert problem is not None and (problem.sequence, "missing" in problem.what) == (at + 1, True)


@given(chains.filter(lambda chain: len(chain) > 1), st.data(), st.booleans())
def test_records_that_changed_places_are_found(chain: Chain, data: st.DataObject, renumbered: bool) -> None:
    one, other = sorted(data.draw(st.lists(st.integers(0, len(chain) - 1), min_size=2, max_size=2, unique=True)))
    numbers = [record.sequence for record in chain]
    chain[one], chain[other] = chain[other], chain[one]
    if renumbered:
        chain = [record.model_copy(update={"sequence": n}) for record, n in zip(chain, numbers, strict=True)]
    problem = verify(chain, KEY)
    assert problem is not None and problem.sequence == one + 1


@given(chains, st.data())
def test_an_inserted_record_is_found(chain: Chain, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(chain)))
    head = head_of(chain[at - 1]) if at else START
    forged = chained(head, b"guess", run_id="a" * 12, event="vote.cast", actor="m", at=NOON, facts={})
    later = [record.model_copy(update={"sequence": record.sequence + 1}) for record in chain[at:]]
    problem = verify([*chain[:at], forged, *later], KEY)
    assert problem is not None and problem.sequence == at + 1


@given(chains, st.data())
def test_a_repeated_record_is_out_of_order(chain: Chain, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(chain) - 1))
    problem = verify([*chain[: at + 1], *chain[at:]], KEY)
    assert problem is not None and problem.sequence == at + 1


@given(chains, st.data())
def test_a_chain_whose_end_was_cut_off_is_shorter_than_its_noted_head(chain: Chain, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, len(chain) - 1))
    problem = verify(chain[:kept], KEY, head_of(chain[-1]))
    assert verify(chain[:kept], KEY) is None
    assert problem is not None and problem.sequence == kept + 1


@given(chains, st.integers(0, 7))
def test_a_chain_made_anew_without_the_key_is_found(chain: Chain, kept: int) -> None:
    kept = min(kept, len(chain) - 1)
    remade = chain[:kept]
    for record in chain[kept:]:
        values = {"sequence": len(remade) + 1, "previous": remade[-1].mac if remade else START.mac}
        unsigned = record.model_copy(update=values)
        remade.append(unsigned.model_copy(update={"mac": mac(b"guess", unsigned)}))
    problem = verify(remade, KEY)
    assert problem is not None and problem.sequence == kept + 1


@given(chains)
def test_another_chain_of_the_same_key_does_not_have_the_noted_head(chain: Chain) -> None:
    other = chain_of([f"{record.actor}!" for record in chain])
    problem = verify(other, KEY, head_of(chain[-1]))
    assert verify(other, KEY) is None
    assert problem is not None and problem.sequence == len(chain)


@given(chains.filter(lambda chain: len(chain) > 1), st.data())
def test_two_chains_of_the_same_key_cannot_be_joined(chain: Chain, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(chain) - 1))
    other = chain_of([f"{record.actor}!" for record in chain])
    problem = verify([*chain[:at], *other[at:]], KEY)
    assert problem is not None and problem.sequence == at + 1


def test_a_problem_reads_as_a_sentence() -> None:
    assert str(verify([], KEY, AuditHead(length=2, mac="0" * 64))).startswith("Record 1 is missing: ")


def test_facts_have_one_text() -> None:
    assert canonical({"b": [1, "é"], "a": None}) == '{"a":null,"b":[1,"é"]}'
    assert canonical({"a": None, "b": (1, "é")}) == canonical({"b": [1, "é"], "a": None})
    with pytest.raises(ValueError, match="JSON"):
        canonical({"seconds": math.nan})


def test_the_same_instant_in_another_zone_is_the_same_record() -> None:
    from datetime import timezone

    (record,) = chain_of(["ann"])
    elsewhere = record.model_copy(update={"at": record.at.astimezone(timezone(timedelta(hours=9)))})
    assert verify([elsewhere], KEY) is None
