"""What other servers are to hear of."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("meetings") as meetings:
        meetings.add_column(sa.Column("sequence", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "endpoints",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("types", sa.Text, nullable=False),
        sa.Column("secret", sa.String, nullable=False),
        sa.Column("former_secret", sa.String),
        sa.Column("former_until", sa.Float, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    large = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "letters",
        sa.Column("number", large, primary_key=True, autoincrement=True),
        sa.Column("life", sa.Integer, nullable=False),
        sa.Column("endpoint", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("lane", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("due_at", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.String),
        sa.Column("dead_at", sa.Float),
        sqlite_autoincrement=True,
    )
    columns = ["endpoint", "life", "dead_at", "lane", "number"]
    op.create_index("letters_by_lane", "letters", columns)
