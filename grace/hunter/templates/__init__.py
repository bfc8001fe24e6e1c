"""Templates of pages, Jinja's and Django's: what they print without escaping it for the place."""

from grace.hunter.templates.detector import UnsafeName, detect, references, unsafe_names

__all__ = ["UnsafeName", "detect", "references", "unsafe_names"]
