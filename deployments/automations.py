"""What Prefect's server does by itself: runs that fall silent or crash are handed to `rescue-run`.

Neither automation decides anything: `tasks/rescue.py` looks at the run before it touches it. So an event that comes
late, twice or for a run that lives does no harm.
"""

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from deployments.description import DURABLE

if TYPE_CHECKING:
    from prefect.events.schemas.automations import AutomationCore

_EVENT = "prefect.flow-run."
_ALIVE = frozenset({f"{_EVENT}Pending", f"{_EVENT}Running", f"{_EVENT}Retrying", f"{_EVENT}heartbeat"})
"""After these, a living run says something again: hearts beat every 30 seconds."""

SILENCE = timedelta(seconds=90)
_RUN_OF_EVENT = "{{ event.resource.id | replace('" + _EVENT + "', '') }}"


def automations(rescue_deployment: UUID) -> tuple["AutomationCore", ...]:
    """The automations of an installation whose `rescue-run` deployment has this id."""
    from prefect.events.actions import RunDeployment
    from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
    from prefect.events.schemas.events import ResourceSpecification

    runs = ResourceSpecification({"prefect.resource.id": f"{_EVENT}*"})
    durable = ResourceSpecification({"prefect.resource.id": f"prefect.tag.{DURABLE}", "prefect.resource.role": "tag"})
    silent = EventTrigger(
        after=set(_ALIVE),
        expect={f"{_EVENT}*"},
        match=runs,
        match_related=durable,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=SILENCE,
    )
    crashed = EventTrigger(
        expect={f"{_EVENT}Crashed"},
        match=runs,
        match_related=durable,
        for_each={"prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(0),
    )
    rescue = RunDeployment(
        source="selected", deployment_id=rescue_deployment, parameters={"flow_run_id": _jinja(_RUN_OF_EVENT)}
    )
    return (
        AutomationCore(
            name="grace-zombie",
            description="A run that gave no sign of life for 90 seconds is looked at, and started again if it is dead.",
            trigger=silent,
            actions=[rescue],
        ),
        AutomationCore(
            name="grace-rescue",
            description="A run that crashed is started again, from its last finished stage; not for ever.",
            trigger=crashed,
            actions=[rescue],
        ),
    )


def _jinja(template: str) -> dict[str, str]:
    return {"__prefect_kind": "jinja", "template": template}
