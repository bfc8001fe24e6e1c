"""Intent -> Plan: the steps of a workflow, each with its reason and the sign that it is done."""

from grace.contracts import Intent, Plan, PlanStep, WorkflowKind
from grace.errors import InputError


def plan_implementation(intent: Intent, lessons: tuple[str, ...] = ()) -> Plan:
    """How the intent will be carried out, knowing what earlier work taught.

    Raises InputError for a workflow that has no plan.
    """
    return _plan(intent).model_copy(update={"lessons_used": lessons})


def _plan(intent: Intent) -> Plan:
    if intent.kind is not WorkflowKind.FIX_BUG:
        raise InputError(f"There is no plan for {intent.kind}: only fix_bug can be carried out.")
    if "fix_errors" in intent.actions:
        return _fix_errors(intent)
    tests = ", ".join(entity for entity in intent.entities if "::" in entity) or "the project's tests"
    code = ", ".join(target.path for target in intent.targets) or "the code that failing tests run"
    return Plan(
        steps=(
            PlanStep(
                id="reproduce",
                action="run the tests on the base revision, twice where they fail",
                target=tests,
                why="what no test shows cannot be proved fixed",
                done_when="the same tests fail each time",
            ),
            PlanStep(
                id="localise",
                action="rank lines by how much more often failing tests run them than passing ones",
                target=code,
                why="a repair is sought where the failing tests point",
                depends_on=("reproduce",),
                done_when="suspicious functions are ranked",
            ),
            PlanStep(
                id="search",
                action="edit the most suspicious code in small steps, judging every candidate by the tests",
                target="the most suspicious functions",
                why="of the edits that pass every test, the most natural one is proposed",
                depends_on=("localise",),
                done_when="an edit passes every test, or the budget is used up",
            ),
            PlanStep(
                id="prove",
                action="apply the edit alone to a clean checkout and run the project's test command",
                target="the proposed change",
                why="only a fresh process on a clean checkout shows that nothing else helped",
                depends_on=("search",),
                done_when="; ".join(intent.acceptance) or "every test passes",
            ),
        ),
        assumptions=("the tests say what is right",),
    )


def _fix_errors(intent: Intent) -> Plan:
    return Plan(
        steps=(
            PlanStep(
                id="reproduce",
                action="let ruff check the base revision, by the project's rules where it has some",
                target="the project's Python files",
                why="an error that nothing shows cannot be proved repaired",
                done_when="each error is listed with its rule and place",
            ),
            PlanStep(
                id="repair",
                action="make files parse, bring in or correct missing names, take ruff's safe fixes",
                target="files with errors, tests and configuration left out",
                why="one answer after the other, each judged by ruff and by the tests that passed before",
                depends_on=("reproduce",),
                done_when="no error is left, or no answer is",
            ),
            PlanStep(
                id="prove",
                action="apply the change alone to clean checkouts, run ruff and the project's test command",
                target="the proposed change",
                why="only a fresh process on a clean checkout shows that nothing else helped",
                depends_on=("repair",),
                done_when="; ".join(intent.acceptance) or "no error is left and every test passes",
            ),
        ),
        assumptions=("the project's lint rules say what is right",),
    )
