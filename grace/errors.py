"""What can go unexpectedly wrong. The class says who acts next.

    GraceError
    ├── InputError              the user: the request cannot be carried out as given
    ├── EnvironmentLacking      the user: this machine lacks something (`grace doctor` says what)
    ├── TransientError          nobody yet: trying again may help
    ├── BudgetExceeded          the user: raise the budget or narrow the request
    ├── IntegrityError          an engineer: stop, something contradicts what was recorded
    ├── Superseded              nobody: another process carries the run on
    └── Cancelled               nobody: the user asked to stop

Expected endings (nothing to fix, no repair found, denied) are values: see `contracts.Outcome`.
"""


class GraceError(Exception):
    """Base of every error GRACE raises on purpose.

    The message says what happened, to what, and what to do next.
    """

    exit_code = 70


class InputError(GraceError):
    """The request cannot be carried out as given."""

    exit_code = 2


class EnvironmentLacking(GraceError):
    """Something the request needs is not on this machine."""

    exit_code = 6


class TransientError(GraceError):
    """An outside part failed in a way that trying again may mend."""


class BudgetExceeded(GraceError):
    """The time or tokens the request allows are used up."""

    exit_code = 5


class IntegrityError(GraceError):
    """What is found contradicts what was recorded; going on could do harm."""


class Superseded(GraceError):
    """Another process has taken the run on since: this one may do nothing more for it."""


class Cancelled(GraceError):
    """The user asked the run to stop."""

    exit_code = 130
