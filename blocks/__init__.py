"""Prefect blocks: configuration in the UI that becomes a port."""
