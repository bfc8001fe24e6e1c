"""Alembic migrations, shipped with the package and run by `grace.store.session`."""
