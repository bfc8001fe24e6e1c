"""What names of the project's modules and classes stand for, so that a candidate that rebinds them can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .rerunning import project_modules

if TYPE_CHECKING:
    from typing import Any


MOST_OBJECTS = 2000


class Namespaces:
    """The names as they are when this is made: of modules, classes, and the objects that live as long as those."""

    def __init__(self, root: str) -> None:
        modules = dict(project_modules(root))
        owners: dict[int, Any] = {id(module): module for module in modules.values()}
        waiting = list(modules.values())
        while waiting and len(owners) < MOST_OBJECTS:
            for value in list(vars(waiting.pop()).values()):
                kind = value if isinstance(value, type) else type(value)
                if kind.__module__ in modules and hasattr(value, "__dict__") and id(value) not in owners:
                    owners[id(value)] = value
                    waiting.append(value)
        self._held = [(owner, vars(owner), dict(vars(owner))) for owner in owners.values()]

    def restore(self) -> None:
        """Give every name back what it stood for; what hangs on a name but was changed in itself stays changed."""
        for owner, now, then in self._held:
            if _same(now, then):
                continue
            for name in [*now, *then]:
                try:
                    if name not in then:
                        delattr(owner, name)
                    elif name not in now or now[name] is not then[name]:
                        setattr(owner, name, then[name])
                except (AttributeError, TypeError):
                    continue  # slots and read-only attributes were not rebound by a candidate either


def _same(now: Any, then: Any) -> bool:
    try:
        return bool(now == then)  # identity decides first: only a value that was exchanged is asked
    except Exception:  # noqa: BLE001 - a value that cannot be compared was exchanged
        return False
