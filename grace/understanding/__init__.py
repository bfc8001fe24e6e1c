"""Code Understanding: words and source -> what is asked for."""

from grace.understanding.intent import understand_request

__all__ = ["understand_request"]
