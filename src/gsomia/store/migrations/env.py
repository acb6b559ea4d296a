"""Runs the migrations of a node's store on the address it is given."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from gsomia.store.schema import metadata

engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url", ""))
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
