"""Plan → Change; one room per workflow."""
