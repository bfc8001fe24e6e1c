"""Secrets in text of any kind: credentials in a provider's format, and values that only a name gives away.

The value itself goes nowhere: a finding shows the line with the value masked, and is told from others by a
keyed hash of it.
"""

from grace.hunter.secrets.detector import COMMIT_MESSAGE, detect, detect_in_added_lines, detect_in_message
from grace.hunter.secrets.examples import examples
from grace.hunter.secrets.masking import masked
from grace.hunter.secrets.salt import installation_salt

__all__ = [
    "COMMIT_MESSAGE",
    "detect",
    "detect_in_added_lines",
    "detect_in_message",
    "examples",
    "installation_salt",
    "masked",
]
