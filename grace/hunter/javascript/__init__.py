"""Weaknesses of JavaScript and TypeScript: untrusted data that reaches a sink within a file, and bad settings."""

from grace.hunter.javascript.detector import detect

__all__ = ["detect"]
