"""Governance: facts about a change -> whether it may be delivered, and by whose votes."""

from grace.governance.decide import POLICY_VERSION, decide
from grace.governance.parliament import tally
from grace.governance.policy_file import POLICY_FILE, PolicyFile, parse_policy, policy_version
from grace.governance.votes import own_vote

__all__ = [
    "POLICY_FILE",
    "POLICY_VERSION",
    "PolicyFile",
    "decide",
    "own_vote",
    "parse_policy",
    "policy_version",
    "tally",
]
