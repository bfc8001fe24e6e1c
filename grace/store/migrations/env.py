"""How Alembic reaches the database: over the connection that `grace.store.session` hands in."""

from alembic import context

from grace.store.tables import DevelopmentTask

context.configure(connection=context.config.attributes["connection"], target_metadata=DevelopmentTask.metadata)
context.run_migrations()
