"""The symbol graph: who uses whom, how, and how sure that is."""

from enum import IntEnum


class EdgeKind(IntEnum):
    """How one symbol uses another; stored as a number. Facts and inferences first, guesses from 10 on."""

    CALL = 1
    """Calls it; for a class, makes an instance (the edge to its `__init__` is another)."""
    REFERENCE = 2
    """Reads it without calling: a callback, a default, an annotation, a decorator."""
    INHERITS = 3
    IMPORTS = 4
    """A module runs another one."""
    OVERRIDDEN = 5
    """From a method to one in a derived class that takes its place: whoever calls the first may run the second."""
    FIXTURE = 6
    """A test or fixture asks for a pytest fixture by the name of a parameter."""
    MAYBE_CALL = 10
    """The only thing that agrees is the name."""


FIRST_GUESS = EdgeKind.MAYBE_CALL
"""Kinds from this one on are never shown as facts."""
