"""Alembic's home for the tables of code memory."""
