"""Causal reasoning: what a change can reach."""

from grace.causal.impact import assess_impact

__all__ = ["assess_impact"]
