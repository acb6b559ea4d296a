"""Runs the migrations of a node's store within the transaction it is given: all of them, or none."""

from __future__ import annotations

from alembic import context

from gsomia.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
