"""Where alembic meets the store's connection; alembic runs this file, nothing imports it."""

from __future__ import annotations

from alembic import context

from itsm_bridge.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,  # on SQLite too, where alembic does not expect it
)
context.run_migrations()
