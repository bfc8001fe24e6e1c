"""Every model that crosses a stage, in the order the data moves.

request → intent → plan → reproduction → repair (change) → verification → findings → impact
→ decision → approval → delivery → outcome. All models are frozen, closed and made of values, so that
any process on any machine can carry a run on from what was recorded.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, computed_field


class Contract(BaseModel):
    """A value that stages hand to each other."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


# ── request ──────────────────────────────────────────────────────────────────────────────────────


class WorkflowKind(StrEnum):
    """The five development workflows."""

    CREATE_FEATURE = "create_feature"
    FIX_BUG = "fix_bug"
    REFACTOR = "refactor"
    ADD_TESTS = "add_tests"
    IMPLEMENT_API = "implement_api"


class Budget(Contract):
    """What a run may spend."""

    seconds: float = Field(300.0, gt=0, description="Wall-clock seconds for generating the change.")
    tokens: int = Field(0, ge=0, description="Language-model tokens; 0 means no model is asked.")


class Wish(Contract):
    """What somebody asks for, as a form says it; `grace.request` makes a request of it."""

    repository: str = Field(min_length=1, description="Folder of the repository, on the machine that does the work.")
    description: str = Field("", max_length=20_000, description="What is wanted, in your own words.")
    base: str = Field("HEAD", min_length=1, description="Branch, tag or commit to work from. A branch is followed.")
    python: str | None = Field(None, description="The repository's Python; empty: its environment is looked for.")
    seconds: float = Field(300.0, gt=0, le=86_400, description="Time for making the change, in seconds.")
    requested_by: str = Field("", max_length=100, description="Who asks. They do not approve their own change.")
    approve: bool = Field(False, description="Give the requester's own vote, where policy lets it count.")
    apply: bool = Field(False, description="After delivery, also apply the change to a clean checkout.")
    dry_run: bool = Field(False, description="Show the change and deliver nothing.")
    include_uncommitted: bool = Field(False, description="Take along what the checkout has not committed.")
    run_id: str | None = Field(None, pattern=r"^[0-9a-f]{12}$", description="Leave empty. A run to go on with.")

    @property
    def name(self) -> str:
        """What the run is called: the repository, and the run when it is known."""
        return f"{PurePath(self.repository).name} {self.run_id or ''}".rstrip()


class FixBug(Wish):
    """The wish that a bug be fixed."""

    test_command: str = Field("", description="The project's own test command, as in a shell; empty: pytest.")
    tests: tuple[str, ...] = Field((), description="Test paths or node ids to repair against; empty: all.")
    errors: bool = Field(False, description="Repair errors that need no test, instead of failing tests.")


class FixOptions(Contract):
    """What only `fix_bug` needs to know."""

    test_command: tuple[str, ...] = Field((), description="The project's own test command; empty: pytest.")
    tests: tuple[str, ...] = Field((), description="Test paths or node ids to repair against; empty: all.")
    errors: bool = Field(False, description="Repair errors that need no test, instead of failing tests.")


class Request(Contract):
    """A person, push, schedule or agent asks for a change to a repository."""

    id: str = Field(pattern=r"^[0-9a-f]{12}$", description="GRACE's own run id; also names the branch.")
    kind: WorkflowKind
    text: str = Field("", description="The wish, in the requester's words.")
    repository: str = Field(description="Absolute path of the repository.")
    base_revision: str = Field(pattern=r"^[0-9a-f]{40,64}$", description="Full commit id worked from.")
    base_branch: str = Field("", description="The branch the change is for, followed when it moves; empty: none.")
    notes: tuple[str, ...] = Field((), description="What the requester should know about the base.")
    requested_by: str
    requested_at: AwareDatetime
    python: str | None = Field(None, description="The target's interpreter; None: find its environment.")
    options: FixOptions = FixOptions()
    budget: Budget = Budget()
    apply: bool = Field(False, description="After delivery, also apply the change to a clean checkout.")
    approve: bool = Field(False, description="Cast the requester's own vote where policy asks for one.")
    dry_run: bool = Field(False, description="Deliver nothing.")

    @property
    def repository_name(self) -> str:
        """The last part of the repository's path."""
        return PurePath(self.repository).name


class Push(Contract):
    """A provider's word that a branch of a registered repository has a new commit."""

    provider: Literal["github", "gitlab", "gitea"]
    delivery_id: str = Field(pattern=r"^[A-Za-z0-9._:-]{1,100}$", description="The message's name; a retry has it too.")
    repository: str = Field(description="The name it is registered under: `grace repos list`.")
    ref: str = Field(pattern=r"^refs/heads/[^\x00-\x20\x7f]+$", max_length=500, description="refs/heads/<branch>")
    commit: str = Field(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$", description="The branch's new last commit.")
    pusher: str = Field("", max_length=80, description="Who pushed, by the provider's name for them.")

    @property
    def branch(self) -> str:
        """The name of the branch."""
        return self.ref.removeprefix("refs/heads/")

    @property
    def run_id(self) -> str:
        """The id of the run that the push may start: the same each time the message is read."""
        return hashlib.sha256(f"{self.provider}/{self.delivery_id}".encode()).hexdigest()[:12]


class RegisteredRepository(Contract):
    """A repository that GRACE looks after."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    location: str = Field(description="Its folder on this machine.")
    remote: str = Field("", description="The URL that webhooks know it by, without credentials; empty: none.")
    every_seconds: int | None = Field(None, ge=60, description="How often it is looked at; None: only on a push.")


class PushResult(Contract):
    """What came of a push."""

    run_id: str
    status: Literal["ignored", "misconfigured", "passed", "unclear", "fixing"]
    reason: str
    flow_run_id: str | None = Field(None, description="The flow run that fixes the bug.")


# ── intent and plan ──────────────────────────────────────────────────────────────────────────────


class Location(Contract):
    """Lines of a file, first and last included, counted from 1; the path is relative to the repository."""

    path: str
    line: int = Field(ge=1)
    end_line: int = Field(ge=1)


class SymbolRef(Contract):
    """A named thing of the code base."""

    path: str
    qualified_name: str
    kind: Literal["module", "class", "function", "variable"]


class Intent(Contract):
    """What the request means."""

    kind: WorkflowKind
    confidence: float = Field(ge=0, le=1)
    alternatives: tuple[WorkflowKind, ...] = ()
    summary: str
    entities: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    targets: tuple[SymbolRef, ...] = ()
    acceptance: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()


class PlanStep(Contract):
    """One thing to do and how to know that it is done."""

    id: str
    action: str
    target: str
    why: str
    depends_on: tuple[str, ...] = ()
    done_when: str


class Plan(Contract):
    """How the intent will be carried out."""

    steps: tuple[PlanStep, ...]
    assumptions: tuple[str, ...] = ()
    lessons_used: tuple[str, ...] = ()


# ── reproduction: no repair without a red test ───────────────────────────────────────────────────


class Interpreter(Contract):
    """The Python that runs the target's code."""

    executable: str
    version: tuple[int, int, int]
    found_as: str = Field(description="How it was found: '--python', '.venv', 'uv', ..., 'own'.")
    readable: tuple[str, ...] = Field((), description="Folders that running it needs to read.")
    lends_pytest: bool = Field(False, description="It has no pytest of its own; GRACE lends one.")
    missing: tuple[str, ...] = Field((), description="Declared dependencies it does not have.")
    source_roots: tuple[str, ...] = Field(
        (),
        description="Folders of the repository that code is imported from (src layout, editable installs).",
    )


class RedTest(Contract):
    """A test that fails on the base revision."""

    test_id: str
    outcome: Literal["failed", "error", "hung", "crashed"]
    exception: str = Field("", description="Class name of what was raised.")
    message: str = ""
    frames: tuple[Location, ...] = Field((), description="Traceback through the repository, outermost first.")


class ReproductionStatus(StrEnum):
    """What running the tests on the base revision showed."""

    RED = "red"
    GREEN = "green"
    FLAKY = "flaky"
    NO_TESTS = "no_tests"
    UNCOLLECTABLE = "uncollectable"


class Reproduction(Contract):
    """The evidence that there is a bug."""

    status: ReproductionStatus
    red: tuple[RedTest, ...] = ()
    collected: int = 0
    passed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    reason: str = ""
    flaky: tuple[str, ...] = ()
    interpreter: Interpreter


# ── change ───────────────────────────────────────────────────────────────────────────────────────


class FileEdit(Contract):
    """The new content of one file. Content is bytes: encodings and line ends are the project's own."""

    path: str
    before_hash: str | None = Field(None, description="SHA-256 of the content replaced; None: a new file.")
    after: bytes | None = Field(None, description="The whole new content; None: the file goes away.")


class Provenance(Contract):
    """How a change came about."""

    strategy: str
    attempt: int = 1
    patterns: tuple[str, ...] = ()
    model: str | None = None
    tokens: int = 0


class Change(Contract):
    """Edits against one base revision."""

    base_revision: str
    edits: tuple[FileEdit, ...] = Field(min_length=1)
    patch: str = Field(description="The same edits as `git apply` reads them.")
    rationale: str
    provenance: Provenance

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot decorate properties
    @property
    def digest(self) -> str:
        """SHA-256 over the edits: what a vote is for. The same edits to the same files are the same on any base."""
        sha = hashlib.sha256()
        for edit in sorted(self.edits, key=lambda e: e.path):
            after = "-" if edit.after is None else hashlib.sha256(edit.after).hexdigest()
            sha.update(f"\0{edit.path}\0{edit.before_hash or '-'}\0{after}".encode())
        return sha.hexdigest()


class Rebased(Contract):
    """A change on the base branch as it is now, or why it cannot be."""

    change: Change | None = None
    reason: str


class Suspect(Contract):
    """A function the failing tests point at."""

    location: Location
    function: str
    suspiciousness: float = Field(ge=0, le=1, description="Ochiai of its worst line, with bonuses.")


class Alternative(Contract):
    """Another patch that passes every test, ranked below the one proposed."""

    patch: str
    operator: str
    score: float


class Repair(Contract):
    """What the search for a repair came to."""

    change: Change | None = None
    reason: str = Field(description="Why this change, or why there is none.")
    confidence: float = Field(0.0, ge=0, le=1)
    candidates_tried: int = 0
    plausible: int = Field(0, description="How many candidates passed every test.")
    alternatives: tuple[Alternative, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    tests_weak: bool = Field(False, description="Patches that behave differently all pass the tests.")
    seconds: float = 0.0


# ── verification ─────────────────────────────────────────────────────────────────────────────────


class Isolation(StrEnum):
    """How code under test was kept apart, strongest first."""

    BUBBLEWRAP = "bubblewrap"
    NAMESPACES = "namespaces"
    LANDLOCK = "landlock"
    NONE = "none"

    @property
    def isolating(self) -> bool:
        """Whether writes outside the workspace and the network are denied by the kernel."""
        return self is not Isolation.NONE


class CheckStatus(StrEnum):
    """A check that could not run is `not_run`, never `passed`."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not_run"


class Check(Contract):
    """One command that judged the change."""

    name: str
    status: CheckStatus
    reason: str = ""
    command: tuple[str, ...] = ()
    seconds: float = 0.0
    log_excerpt: str = ""


class Verification(Contract):
    """The change, applied alone to a clean checkout and run in a fresh process."""

    change_digest: str
    checks: tuple[Check, ...] = ()
    isolation: Isolation
    tested: bool = Field(True, description="False: the project has no test, so that only other checks speak for it.")

    @computed_field  # type: ignore[prop-decorator]  # mypy cannot decorate properties
    @property
    def passed(self) -> bool:
        """True when at least one check ran and none failed or was left out."""
        return bool(self.checks) and all(check.status is CheckStatus.PASSED for check in self.checks)


# ── findings and impact ──────────────────────────────────────────────────────────────────────────


class Severity(StrEnum):
    """How bad a finding is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class FlowStep(Contract):
    """A place that untrusted data passes on its way from a source to a sink."""

    location: Location
    text: str = Field(description="The source line there, stripped.")


class Finding(Contract):
    """A weakness."""

    rule_id: str
    title: str
    severity: Severity
    confidence: Severity
    cwe: int | None = None
    location: Location
    symbol: str = Field("", description="Qualified name of the innermost definition around it.")
    evidence: str = Field("", description="The line itself; of a secret never the value.")
    flow: tuple[FlowStep, ...] = Field((), description="From source to sink; empty when no data flow is claimed.")
    detector: str
    fingerprint: str = Field(description="What makes it the same finding after lines and files have moved.")


class Suppression(Contract):
    """A finding that was taken back."""

    finding: Finding
    reason: str = Field(description="The proof, such as 'the text is constant here'.")


class DetectorRun(Contract):
    """Whether a detector did its work."""

    name: str
    version: str = ""
    status: Literal["ok", "failed", "skipped"]
    reason: str = ""


class ScanReport(Contract):
    """New findings only; what was there before is counted."""

    change_digest: str
    findings: tuple[Finding, ...] = ()
    baseline_count: int = 0
    gone: tuple[Finding, ...] = Field((), description="Findings of before that the change ends.")
    suppressed: tuple[Suppression, ...] = ()
    detector_runs: tuple[DetectorRun, ...] = ()


class AffectedSymbol(Contract):
    """A function, class or variable that may behave differently."""

    path: str
    name: str = Field(description="Qualified within its file: 'Class.method'; of a module its dotted name.")
    kind: Literal["module", "class", "function", "method", "variable"]
    line: int
    distance: int = Field(ge=0, description="Steps of use from what changes; 0: it changes itself.")
    probability: float = Field(ge=0, le=1)
    why: str


class Affected(Contract):
    """A file or a test that the change may reach."""

    path: str
    id: str = Field("", description="Of a test: what pytest calls it, without parameters; its path: the whole file.")
    distance: int | None = Field(
        None,
        ge=0,
        description="Steps of use or import from what is edited; 0: edited itself; None: no such way is known.",
    )
    probability: float = Field(1.0, ge=0, le=1, description="That a change like this also changes, or fails, it.")
    why: str


class Risk(StrEnum):
    """How much could go wrong."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Impact(Contract):
    """What the change touches beyond its own lines."""

    change_digest: str = Field("", description="Empty: what was asked about is no proposed change.")
    symbols: tuple[AffectedSymbol, ...] = Field((), description="Likeliest first; what changes itself comes first.")
    files: tuple[Affected, ...] = Field((), description="Likeliest first; what is edited comes first.")
    tests: tuple[Affected, ...] = Field((), description="The best test of each file, likeliest first; then the rest.")
    risk: Risk
    reasons: tuple[str, ...] = ()
    blind_spots: tuple[str, ...] = ()


# ── decision, votes and delivery ─────────────────────────────────────────────────────────────────


class Verdict(StrEnum):
    """What policy says, mildest first."""

    ALLOW = "allow"
    REVIEW = "review"
    DENY = "deny"


class PolicyResult(Contract):
    """One rule's answer and the facts it rests on."""

    policy_id: str
    verdict: Verdict
    reason: str
    evidence: str = ""


class Decision(Contract):
    """The strictest verdict of all rules."""

    change_digest: str
    verdict: Verdict
    results: tuple[PolicyResult, ...]
    votes_required: int = 0
    roles: tuple[str, ...] = Field((), description="Whose votes count; empty: every approver's.")
    within_seconds: float | None = Field(None, gt=0, description="Time for the votes; None: no limit.")
    policy_version: str

    @property
    def reason(self) -> str:
        """Why the verdict is not milder."""
        return "; ".join(r.reason for r in self.results if r.verdict is self.verdict)


class Vote(Contract):
    """One person's answer for exactly one change."""

    voter: str
    role: Literal["requester", "approver"]
    authenticated_by: str
    approved: bool
    comment: str = ""
    cast_at: AwareDatetime
    change_digest: str


class Approver(Contract):
    """Somebody whose votes count."""

    name: str = Field(min_length=1, max_length=100)
    roles: tuple[str, ...] = ()


class RefusedVote(Contract):
    """A vote that does not count, and why."""

    vote: Vote
    reason: str


class Tally(Contract):
    """How the votes for one change stand."""

    change_digest: str
    status: Literal["open", "approved", "rejected", "expired"]
    reason: str
    counted: tuple[Vote, ...] = ()
    refused: tuple[RefusedVote, ...] = ()
    missing: int = Field(0, ge=0, description="Votes that are still needed.")
    closes_at: AwareDatetime | None = Field(None, description="Votes cast later do not count.")


class Ballot(Contract):
    """What somebody put into the form that a suspended run shows; as it is, no vote: the votes are counted again."""

    answer: Literal["approve", "reject", "count again"] = "count again"
    comment: str = ""
    code: str = Field("", description="Proves who votes; used once.")


class BallotReading(Contract):
    """What a filled-in form came to."""

    vote: Vote | None = None
    reason: str


class AuditRecord(Contract):
    """One thing that happened, chained by a keyed MAC to everything that happened before."""

    sequence: int = Field(ge=1, description="1, 2, 3, ... over all runs.")
    run_id: str
    event: str = Field(description="'run.requested', 'change.decided', 'vote.cast', 'change.delivered', ...")
    actor: str = Field(description="Who did it: a person, or 'grace'.")
    at: AwareDatetime
    facts: str = Field(description="Canonical JSON of what was done and on which evidence.")
    previous: str = Field(description="The MAC of the record before; 64 zeros for the first.")
    mac: str = Field(description="HMAC-SHA256 over all of the above, as hexadecimal digits.")


class AuditHead(Contract):
    """Where the audit chain stood: enough to notice later that a record was changed or is missing."""

    length: int = Field(ge=0)
    mac: str


class Delivery(Contract):
    """Where the change was delivered."""

    branch: str
    commit: str
    created: bool = Field(description="False: the same delivery was already there.")
    applied_to_checkout: bool = False
    note: str = ""


# ── outcome ──────────────────────────────────────────────────────────────────────────────────────


class Evidence(Contract):
    """Everything the run learned on its way, kept with every outcome."""

    reproduction: Reproduction | None = None
    repair: Repair | None = None
    change: Change | None = Field(None, description="The change that was verified, on the base as it was then.")
    verification: Verification | None = None
    scan: ScanReport | None = None
    impact: Impact | None = None
    decision: Decision | None = None
    votes: tuple[Vote, ...] = ()

    @property
    def proposed(self) -> Change | None:
        """The change as far as the run came with it; it may repair only part."""
        return self.change or (self.repair.change if self.repair else None)


class _Ending(Contract):
    run_id: str
    reason: str
    evidence: Evidence = Evidence()


class Delivered(_Ending):
    """A branch holds the change."""

    status: Literal["delivered"] = "delivered"
    delivery: Delivery


class Proposed(_Ending):
    """Verified and allowed, but a dry run delivers nothing."""

    status: Literal["proposed"] = "proposed"


class NothingToDo(_Ending):
    """The repository already is as asked."""

    status: Literal["nothing_to_do"] = "nothing_to_do"


class Waiting(_Ending):
    """Policy asks for votes that are not there yet."""

    status: Literal["waiting"] = "waiting"


class Denied(_Ending):
    """Policy forbids the change."""

    status: Literal["denied"] = "denied"


class Rejected(_Ending):
    """Somebody whose vote counts voted against it."""

    status: Literal["rejected"] = "rejected"


class Expired(_Ending):
    """The votes that policy asks for did not come in time."""

    status: Literal["expired"] = "expired"


class Unverified(_Ending):
    """A change was made, but its verification did not pass."""

    status: Literal["unverified"] = "unverified"


class GaveUp(_Ending):
    """No acceptable change was found."""

    status: Literal["gave_up"] = "gave_up"
    cause: Literal["no_repair", "flaky", "uncollectable", "no_tests", "base_moved"]


Outcome = Annotated[
    Delivered | Proposed | NothingToDo | Waiting | Denied | Rejected | Expired | Unverified | GaveUp,
    Field(discriminator="status"),
]


class RunStatus(StrEnum):
    """Where a run stands in the records."""

    RUNNING = "running"
    WAITING = "waiting"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunSummary(Contract):
    """One row of `grace runs`."""

    run_id: str
    kind: WorkflowKind
    status: RunStatus
    outcome: str | None
    current_step: str
    progress_percent: int
    repository: str
    started_at: datetime
    completed_at: datetime | None


class RunStep(Contract):
    """One attempt at one stage of a run."""

    stage: str
    attempt: int = Field(ge=1)
    status: Literal["running", "finished", "failed"]
    started_at: datetime
    finished_at: datetime | None = None
    summary: str = ""


class RunEvent(Contract):
    """One step in the life of a run, as listeners are told of it."""

    run_id: str
    name: str = Field(description="'coding.plan.created', 'coding.change.proposed', 'coding.approval.requested', ...")
    facts: str = Field(description="A JSON object of texts: what happened, for people and for automations.")
    occurred_at: AwareDatetime


# ── code memory ──────────────────────────────────────────────────────────────────────────────────


class Reindex(Contract):
    """What `reindex-codebase` is asked for."""

    repository: str = Field(
        description="The path of a repository on the worker's machine, or the name it is registered by.",
        examples=["/home/ann/shop", "shop"],
    )
    run_id: str = Field("", description="Leave empty: GRACE gives one.")


class Expectation(Contract):
    """One clause of the data contract that an index must keep to go into service."""

    name: str
    met: bool
    observed: str = ""


class IndexRun(Contract):
    """What came of indexing a code base."""

    repository: str
    status: Literal["indexed", "unchanged", "refused"]
    reason: str
    revision: str = ""
    files: int = 0
    lines: int = 0
    symbols: int = 0
    edges: int = 0
    unresolved: int = 0
    changed: int = 0
    removed: int = 0
    expectations: tuple[Expectation, ...] = ()
