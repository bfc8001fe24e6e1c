"""Governance: facts about a change -> whether it may be delivered, and by whose votes."""

from grace.governance.decide import POLICY_VERSION, decide
from grace.governance.votes import own_vote, satisfied

__all__ = ["POLICY_VERSION", "decide", "own_vote", "satisfied"]
