"""Causal reasoning: what a change can reach."""

from grace.causal.impact import assess_impact, predict_impact
from grace.causal.seed import Seed, seed_of_change, seed_of_diff, seed_of_files, seed_of_work
from grace.causal.test_selection import select_tests

__all__ = [
    "Seed",
    "assess_impact",
    "predict_impact",
    "seed_of_change",
    "seed_of_diff",
    "seed_of_files",
    "seed_of_work",
    "select_tests",
]
