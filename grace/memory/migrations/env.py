"""How Alembic reaches the database: over the connection that `grace.memory.migrate` hands in."""

from alembic import context

from grace.memory.database import VERSION_TABLE
from grace.memory.tables import Memory

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Memory.metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
