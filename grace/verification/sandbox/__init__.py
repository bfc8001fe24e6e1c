"""Other people's code, kept apart: the best tier of isolation that works on this machine."""

from grace.verification.sandbox.tiers import Tier, best_runner, runner_for, tiers

__all__ = ["Tier", "best_runner", "runner_for", "tiers"]
