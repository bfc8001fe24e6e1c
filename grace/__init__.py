"""GRACE: governed, durable development workflows for code repositories."""

__version__ = "0.1.0"
