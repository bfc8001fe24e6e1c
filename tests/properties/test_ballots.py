"""However people vote, by key or by form, with whatever codes, a run delivers only with the votes it needs.

`make test` tries 150 sequences of votes, `make faults` a thousand.
"""

import itertools
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from grace.contracts import Approver, Ballot, Decision, PolicyResult, Request, Verdict, Vote, WorkflowKind
from grace.store.approvals import SqlApprovals
from grace.store.ballot_codes import CODE_SECONDS, SqlBallotCodes
from grace.store.ledger import SqlLedger
from grace.store.session import open_database

REQUESTER, VOTERS = "ann", ("ann", "bob", "cid", "dan")
OPEN_SECONDS = 4 * CODE_SECONDS
FOLDER = tempfile.TemporaryDirectory()
ENGINE = open_database(f"sqlite:///{Path(FOLDER.name) / 'grace.db'}")
APPROVALS, CODES, LEDGER = SqlApprovals(ENGINE), SqlBallotCodes(ENGINE), SqlLedger(ENGINE)
RUNS = itertools.count()


class Ballots(RuleBasedStateMachine):
    """The stores on one side, on the other who has truly voted on the change as it is now."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 1, 2, tzinfo=UTC)
        number = next(RUNS)
        self.request, self.other = (self._request(f"{number:06x}{part}") for part in ("00000a", "00000b"))
        self.content, self.form = 0, 0
        self.given: list[tuple[str, str, str, str, datetime]] = []  # code, voter, run, digest, when
        self.used: dict[str, tuple[str, Ballot]] = {}
        self.voted: dict[str, bool] = {}
        self.approvers: set[str] = set()
        self.opened: dict[str, datetime] = {}

    def _request(self, run_id: str) -> Request:
        request = Request(
            id=run_id, kind=WorkflowKind.FIX_BUG, repository="/r", base_revision="0" * 40, requested_by=REQUESTER,
            requested_at=self.now,
        )  # fmt: skip
        LEDGER.start(request)
        return request

    @initialize(needed=st.integers(1, 3), names=st.sets(st.sampled_from(VOTERS), min_size=1))
    def people(self, needed: int, names: set[str]) -> None:
        self.needed = needed
        for approver in APPROVALS.approvers():
            APPROVALS.remove(approver.name)
        for name in names:
            APPROVALS.add(Approver(name=name))
        self.approvers = set(names)
        self._count()

    @property
    def digest(self) -> str:
        return f"{self.content:064x}"

    def _decision(self) -> Decision:
        return Decision(
            change_digest=self.digest, verdict=Verdict.REVIEW, votes_required=self.needed, policy_version="t",
            results=(PolicyResult(policy_id="T", verdict=Verdict.REVIEW, reason="r"),), within_seconds=OPEN_SECONDS,
        )  # fmt: skip

    def _count(self) -> str:
        self.opened.setdefault(self.digest, self.now)
        return APPROVALS.tally(self._decision(), self.request, self.now).status

    @rule(voter=st.sampled_from(VOTERS), elsewhere=st.booleans())
    def ask_for_a_code(self, voter: str, elsewhere: bool) -> None:
        run_id = self.other.id if elsewhere else self.request.id
        code = CODES.issue(run_id, self.digest, voter, "personal key", self.now)
        self.given.append((code, voter, run_id, self.digest, self.now))

    @precondition(lambda self: self.given)
    @rule(data=st.data(), approves=st.booleans(), sloppy=st.booleans())
    def fill_in_the_form(self, data: st.DataObject, approves: bool, sloppy: bool) -> None:
        code, voter, run_id, digest, when = data.draw(st.sampled_from(self.given))
        self.form += 1
        typed = code.lower().replace("-", " ") if sloppy else code
        ballot = Ballot(answer="approve" if approves else "reject", code=typed)
        read = CODES.redeem(self.request, self.digest, ballot, str(self.form), self.now)
        good = (run_id, digest) == (self.request.id, self.digest) and code not in self.used
        good = good and self.now - when <= timedelta(seconds=CODE_SECONDS)
        assert isinstance(read, Vote) == good
        if isinstance(read, Vote):
            assert read.voter == voter
            self.used[code] = str(self.form), ballot
            self._cast(read)

    @rule(code=st.sampled_from(["", "0", "0000-0000-0000", "' OR 1=1 --"]) | st.text(max_size=40))
    def forge(self, code: str) -> None:
        self.form += 1
        ballot = Ballot(answer="approve", code=code)
        assert isinstance(CODES.redeem(self.request, self.digest, ballot, str(self.form), self.now), str)

    @precondition(lambda self: self.used)
    @rule(data=st.data())
    def read_a_form_again_as_after_a_crash(self, data: st.DataObject) -> None:
        form, ballot = data.draw(st.sampled_from(sorted(self.used.values(), key=lambda used: int(used[0]))))
        read = CODES.redeem(self.request, self.digest, ballot, form, self.now)
        if isinstance(read, Vote):
            APPROVALS.cast(self.request.id, read)

    @rule(voter=st.sampled_from(VOTERS), approves=st.booleans(), stale=st.booleans())
    def vote_by_key(self, voter: str, approves: bool, stale: bool) -> None:
        vote = Vote(
            voter=voter, role="approver", authenticated_by="personal key", approved=approves, cast_at=self.now,
            change_digest="f" * 64 if stale else self.digest,
        )  # fmt: skip
        if stale:
            APPROVALS.cast(self.request.id, vote)
            self.now += timedelta(seconds=1)
        else:
            self._cast(vote)

    def _cast(self, vote: Vote) -> None:
        APPROVALS.cast(self.request.id, vote)
        self.now += timedelta(seconds=1)  # nobody votes twice at one instant
        if vote.cast_at <= self.opened[self.digest] + timedelta(seconds=OPEN_SECONDS):
            self.voted[vote.voter] = vote.approved
        else:
            self.voted.pop(vote.voter, None)  # the last vote of each counts, and this one came late

    @rule(hours=st.sampled_from([0.25, 0.9, 1.1, 5]))
    def time_passes(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def the_base_moves_and_the_change_with_it(self) -> None:
        self.content, self.voted = self.content + 1, {}
        self._count()

    @rule(name=st.sampled_from(VOTERS))
    def somebody_joins_or_leaves(self, name: str) -> None:
        if name not in self.approvers:
            APPROVALS.add(Approver(name=name))
            self.approvers.add(name)
        elif len(self.approvers) > 1:
            APPROVALS.remove(name)
            self.approvers.discard(name)

    @invariant()
    def only_the_votes_that_are_needed_deliver(self) -> None:
        if not self.approvers:
            return
        may = {name: voted for name, voted in self.voted.items() if name in self.approvers and name != REQUESTER}
        assert (self._count() == "approved") == (all(may.values()) and len(may) >= self.needed)


MANY = 1000 if "GRACE_ALL_FAULTS" in os.environ else 150
Ballots.TestCase.settings = settings(max_examples=MANY, stateful_step_count=12, deadline=None)
TestBallots = Ballots.TestCase
