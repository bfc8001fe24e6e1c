"""`.grace/config.toml`: what the people of a repository want GRACE to do by itself."""

import shlex
import tomllib
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, ValidationError

from grace.errors import InputError

CONFIG_FILE = ".grace/config.toml"
"""Where a repository keeps it."""


def _command(value: str) -> str:
    shlex.split(value)  # its ValueError says what is wrong
    return value


class _Table(BaseModel):
    """A table of the file: every key is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OnPush(_Table):
    """What a push sets off."""

    fix_bug: StrictBool = False
    branches: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ("main", "master")
    """Names or patterns, as in `release/*`; `*` stands for any characters, `/` too."""
    test_command: Annotated[str, Field(max_length=2000), AfterValidator(_command)] = ""
    """As in a shell; empty: pytest."""

    def covers(self, branch: str) -> bool:
        """Whether pushes to this branch are meant."""
        return any(fnmatchcase(branch, pattern) for pattern in self.branches)


class ProjectConfig(_Table):
    """A configuration file that was read; without a file, all of it is as here."""

    on_push: OnPush = OnPush()


def parse_config(text: bytes, source: str = CONFIG_FILE) -> ProjectConfig:
    """Read a configuration file. Raises InputError that says what is wrong and where; `source` is the file's name."""
    try:
        return ProjectConfig.model_validate(tomllib.loads(text.decode("utf-8-sig")))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    except RecursionError:
        wrong = "it is nested too deeply"
    except ValueError as error:  # no UTF-8, no TOML, or a number longer than Python reads
        wrong = str(error)
    raise InputError(f"{source} cannot be used: {wrong}. Correct it and push again.")
