"""Alembic's way in: the connection comes from `database.open_database`, or a URL from `alembic -x url=…`."""

import sqlalchemy as sa
from alembic import context

from gateway.store.tables import metadata


def _migrate(connection: sa.Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
    context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    _migrate(handed_over)
else:
    with sa.create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as own:
        _migrate(own)
