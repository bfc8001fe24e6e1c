"""Bandit, as a library, on sources in memory: the second opinion on Python, and the first on its configuration.

All rules run with their own defaults. `# nosec` comments and the project's bandit configuration are not followed:
a change must not silence its own findings, and what was silenced before is in the baseline.
"""

from grace.hunter.bandit.detector import NAME, detect, version

__all__ = ["NAME", "detect", "version"]
