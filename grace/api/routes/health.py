"""Whether the process lives, and whether it can do its work."""

from fastapi import APIRouter
from pydantic import BaseModel

from grace.api.services import Serving

router = APIRouter(prefix="/health", tags=["health"])


class Live(BaseModel):
    """The process answers."""

    status: str = "live"


class Ready(BaseModel):
    """The database answers."""

    status: str = "ready"
    pushes_waiting: int
    """Pushes without a flow run: more than a few for long means that Prefect cannot be reached."""


@router.get("/live")
async def live() -> Live:
    """Say that the process answers."""
    return Live()


@router.get("/ready")
def ready(serving: Serving) -> Ready:
    """Say that pushes can be taken; 503 when the database cannot be read."""
    return Ready(pushes_waiting=len(serving.deliveries.pending()))
