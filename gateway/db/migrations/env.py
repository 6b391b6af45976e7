"""What Alembic runs for every command: one connection, given by `gateway.db.migrate` or by `draft`."""

from typing import Any, cast

from alembic import context
from sqlalchemy import Connection

from gateway.db.engine import metadata
from gateway.db.migrations.rendering import rendered

context.configure(
    connection=cast("Connection", context.config.attributes["connection"]),
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by building it anew
    render_item=cast("Any", rendered),
    transactional_ddl=True,  # on SQLite too: gateway.db.migrate begins the transaction itself
)
with context.begin_transaction():
    context.run_migrations()
