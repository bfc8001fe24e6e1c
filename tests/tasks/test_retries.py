import pytest
from prefect.states import Completed, Failed

from grace.errors import BudgetExceeded, GraceError, InputError, IntegrityError, TransientError
from tasks.retries import RETRIES, RETRY_DELAYS, RETRY_JITTER, is_transient


def test_what_trying_again_may_mend_is_tried_again() -> None:
    assert is_transient(None, None, Failed(data=TransientError("locked")))


@pytest.mark.parametrize("kind", [InputError, IntegrityError, BudgetExceeded, GraceError, ValueError])
def test_nothing_else_is(kind: type[Exception]) -> None:
    assert not is_transient(None, None, Failed(data=kind("no")))


def test_success_is_not_retried() -> None:
    assert not is_transient(None, None, Completed(data=1))


def test_every_retry_waits_longer_and_never_in_step() -> None:
    assert len(RETRY_DELAYS) == RETRIES
    assert sorted(set(RETRY_DELAYS)) == RETRY_DELAYS
    assert RETRY_JITTER > 0
