"""What Alembic runs: the migrations, over the connection that database.py gives."""

from alembic import context

from fastsfu.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
