"""Hunter: the weaknesses a change brings in."""

from grace.hunter.scan import scan_change

__all__ = ["scan_change"]
