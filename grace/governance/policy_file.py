"""`.grace/policy.toml`: how the people of a repository say which changes need whose consent.

The file is data: a version and rules, of which the first that matches decides. What the conditions mean, and what
no file can loosen, is in `rules`.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from grace.contracts import Isolation, Risk, Severity, Verdict, WorkflowKind
from grace.errors import InputError

POLICY_FILE = ".grace/policy.toml"
"""Where a repository keeps its policy."""

T = TypeVar("T")

_SECONDS = {"m": 60, "h": 3600, "d": 86400}


def rank(level: StrEnum) -> int:
    """Where a level stands among those of its kind, mildest first."""
    return list(type(level)).index(level)


def _seconds(value: object) -> float:
    found = re.fullmatch(r"([1-9][0-9]{0,3})([mhd])", value) if isinstance(value, str) else None
    if not found:
        raise ValueError('write minutes, hours or days, as in "90m", "12h" or "3d"')
    return float(found[1]) * _SECONDS[found[2]]


def _glob(value: str) -> str:
    if not value.strip("/") or value.startswith("!") or "\\" in value:
        raise ValueError('write a path as in .gitignore, with "/" between folders and without "!" or "\\"')
    return value


def _some(values: tuple[T, ...]) -> tuple[T, ...]:
    if not values:
        raise ValueError("name at least one, or leave the condition out")
    return values


Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Names = Annotated[tuple[Name, ...], AfterValidator(_some)]
Globs = Annotated[tuple[Annotated[Name, AfterValidator(_glob)], ...], AfterValidator(_some)]
Lines = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
PathRole = Literal["tests", "dependencies", "ci", "policy"]


class _Table(BaseModel):
    """A table of the file: every key is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class When(_Table):
    """The conditions of a rule. All that are given must hold; with none, every change matches."""

    workflow: Annotated[tuple[WorkflowKind, ...], AfterValidator(_some)] | None = None
    requested_by: Names | None = None
    paths: Globs | None = None
    only_paths: Globs | None = None
    touches: Annotated[tuple[PathRole, ...], AfterValidator(_some)] | None = None
    lines_changed_at_least: Lines | None = None
    lines_changed_at_most: Lines | None = None
    verification: Literal["passed", "failed"] | None = None
    isolation: Annotated[tuple[Isolation, ...], AfterValidator(_some)] | None = None
    findings_at_least: Severity | None = None
    risk_at_least: Risk | None = None
    risk_at_most: Risk | None = None

    @property
    def given(self) -> dict[str, object]:
        """The conditions that the rule names."""
        return self.model_dump(exclude_none=True)

    @model_validator(mode="after")
    def _something_can_match(self) -> Self:
        least, most = self.lines_changed_at_least, self.lines_changed_at_most
        if least is not None and most is not None and least > most:
            raise ValueError(f"no change has at least {least} and at most {most} lines")
        if self.risk_at_least and self.risk_at_most and rank(self.risk_at_least) > rank(self.risk_at_most):
            raise ValueError(f"no risk is at least {self.risk_at_least} and at most {self.risk_at_most}")
        return self


class Rule(_Table):
    """What happens to the changes that match."""

    name: Name
    when: When = When()
    then: Verdict
    votes: Annotated[int, Field(strict=True, ge=1, le=99)] = 1
    roles: tuple[Name, ...] = ()
    within: Annotated[float, BeforeValidator(_seconds)] | None = None

    @property
    def policy_id(self) -> str:
        """How a decision names the rule."""
        return f"rule:{self.name}"

    @model_validator(mode="after")
    def _only_a_review_has_votes(self) -> Self:
        if self.then is not Verdict.REVIEW and (votes := self.model_fields_set & {"votes", "roles", "within"}):
            raise ValueError(f'{", ".join(sorted(votes))} can only be given with then = "review"')
        return self


class PolicyFile(_Table):
    """A policy file that was read. Rules are in order: the first that matches decides."""

    version: Literal[1]
    rules: tuple[Rule, ...] = Field((), alias="rule")

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [rule.name for rule in self.rules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two rules are called {twice[0]!r}: a decision could not say which of them decided")
        return self

    def warnings(self) -> Iterator[str]:
        """What is allowed to be written but is hardly meant."""
        for number, rule in enumerate(self.rules):
            for earlier in self.rules[:number]:
                if earlier.when.given.items() <= rule.when.given.items():
                    yield f"{rule.name!r} can never match: {earlier.name!r} comes first and matches all that it would"
                    break
            if rule.then is Verdict.ALLOW and rule.when.paths and not rule.when.only_paths:
                yield f"{rule.name!r} allows changes that edit other files too: `only_paths` is about every file"


def parse_policy(text: bytes, source: str) -> PolicyFile:
    """Read a policy file. Raises InputError that says what is wrong and where; `source` is the file's name."""
    document: dict[str, Any] = {}
    try:
        document = tomllib.loads(text.decode("utf-8-sig"))
        return PolicyFile.model_validate(document)
    except ValidationError as error:
        problems = "; ".join(_problem(each, document) for each in error.errors(include_url=False))
    except RecursionError:
        problems = "it is nested too deeply"
    except ValueError as error:  # no UTF-8, no TOML, or a number longer than Python reads
        problems = str(error)
    raise InputError(f"{source} is no policy: {problems}. Correct it; `grace policy check` reads it again.")


def policy_version(text: bytes) -> str:
    """The name under which a decision refers to exactly these bytes."""
    return f"{POLICY_FILE}@{hashlib.sha256(text).hexdigest()[:12]}"


def _problem(error: ErrorDetails, document: dict[str, Any]) -> str:
    """One thing that is wrong, and where it stands."""
    table: type[_Table] = PolicyFile
    place, keys = [], list(error["loc"])
    if keys[:1] == ["rule"] and len(keys) > 1:
        number, keys, table = int(keys[1]), keys[2:], Rule
        rule = document["rule"][number]
        named = isinstance(rule, dict) and "name" in rule
        place.append(f"rule {number + 1} ({_quoted(rule['name'])})" if named else f"rule {number + 1}")
    if keys[:1] == ["when"] and len(keys) > 1:
        table = When
    if keys:
        place.append(".".join(_plain_key(key) for key in keys if isinstance(key, str)))
    return f"{', '.join(place)}: {_complaint(error, table)}".removeprefix(": ")


def _complaint(error: ErrorDetails, table: type[_Table]) -> str:
    match error["type"]:
        case "extra_forbidden":
            known = [field.alias or name for name, field in table.model_fields.items()]
            close = get_close_matches(str(error["loc"][-1]), known, 1)
            return f"unknown key ({f'did you mean {close[0]}?' if close else 'known are ' + ', '.join(known)})"
        case "missing":
            return "is missing"
        case "literal_error" if error["loc"] == ("version",):
            return "write version = 1"
        case "model_type":
            return "write a table of keys and values"
        case "string_pattern_mismatch":
            return "write it on one line"
        case "tuple_type" if error["loc"] == ("rule",):
            return "write [[rule]], with two brackets"
        case "tuple_type":
            return 'write a list, as in ["..."]'
        case "enum" | "literal_error":
            return f"{_quoted(error['input'])} is not known; it {error['msg'].removeprefix('Input ')}"
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case _:
            return error["msg"].removeprefix("Input ")


def _quoted(value: object) -> str:
    """A value of the file, short and on one line."""
    return repr(value)[:80] if isinstance(value, str) else f"this {type(value).__name__}"


def _plain_key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key) else _quoted(key)
