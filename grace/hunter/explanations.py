"""What is known of a rule, whoever's it is: why it matters, what to write instead, examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from grace.contracts import Severity
from grace.errors import InputError
from grace.hunter.catalogue import Example, catalogue
from grace.hunter.secrets import examples


@dataclass(frozen=True)
class Explanation:
    """A rule, for people."""

    id: str
    detector: str
    title: str
    cwe: int | None
    why: str
    remedy: str = ""
    severity: Severity | None = None
    """Where all findings of the rule have one."""
    examples: Sequence[Example] = ()
    link: str = ""


def explain(rule_id: str) -> Explanation:
    """What is known of a rule. Raises InputError for one that there is not, with the names most like it."""
    if found := _own().get(rule_id) or _bandits().get(rule_id.upper()):
        return found
    known = [*_own(), *_bandits()]
    near = get_close_matches(rule_id.lower(), [name.lower() for name in known], n=3, cutoff=0.5)
    near += [name for name in known if rule_id.lower() in name.lower() and name.lower() not in near][:3]
    hint = f"Did you mean {', '.join(_as_known(near, known))}?" if near else "Findings name their rules."
    raise InputError(f"There is no rule {rule_id!r}. {hint}")


def explain_all(rule_ids: Sequence[str]) -> Mapping[str, Explanation]:
    """What is known of some rules; one that nobody knows, such as a plug-in's, is left out."""
    own, bandits = _own(), {}
    if any(rule_id not in own for rule_id in rule_ids):
        bandits = _bandits()
    return {rule_id: found for rule_id in rule_ids if (found := own.get(rule_id) or bandits.get(rule_id))}


def _own() -> dict[str, Explanation]:
    return {
        rule.id: Explanation(
            id=rule.id,
            detector=rule.detector,
            title=rule.title,
            cwe=rule.cwe,
            why=rule.why.strip(),
            remedy=rule.remedy.strip(),
            severity=rule.severity,
            examples=examples(rule) if rule.detector == "secrets" else rule.examples,
        )
        for rule in catalogue().values()
    }


def _bandits() -> dict[str, Explanation]:
    from grace.hunter.bandit.explanations import bandit_rules

    return {
        rule.id: Explanation(rule.id, "bandit", rule.title, rule.cwe, f"{rule.name}: {rule.text}", link=rule.link)
        for rule in bandit_rules().values()
    }


def _as_known(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Names as they are written, each once."""
    written = {name.lower(): name for name in known}
    return list(dict.fromkeys(written[name.lower()] for name in names))
