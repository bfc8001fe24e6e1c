"""Taint analysis of Python: untrusted data on its way from where it enters to where it does harm."""

from grace.hunter.taint.analysis import analyse, detect

__all__ = ["analyse", "detect"]
