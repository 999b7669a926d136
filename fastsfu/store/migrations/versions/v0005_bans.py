"""Who was ejected from which room."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "bans",
        sa.Column("room", sa.String, primary_key=True),
        sa.Column("whom", sa.String, primary_key=True),
        sa.Column("until", sa.Float),
        sa.Column("banned_at", sa.Float, nullable=False),
    )
