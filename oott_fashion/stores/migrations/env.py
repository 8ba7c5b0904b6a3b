"""Applies revisions with the connection that ``trend_migration`` gives to Alembic."""

from alembic import context

from oott_fashion.stores.trend_migration import VERSION_TABLE
from oott_fashion.stores.trend_schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    # SQLite can change many things only by creating the table again.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
