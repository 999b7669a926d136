"""Rooms, meetings and who was in them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("options", sa.Text, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
    )
    op.create_table(
        "lives",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("seen_at", sa.Float, nullable=False),
    )
    op.create_table(
        "meetings",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("life", sa.Integer, nullable=False),
        sa.Column("room", sa.String, nullable=False),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("ended_at", sa.Float),
        sa.Column("most", sa.Integer, nullable=False),
    )
    op.create_index("meetings_by_start", "meetings", ["started_at", "id"])
    op.create_index("meetings_by_room", "meetings", ["room", "started_at"])
    op.create_index("meetings_by_life", "meetings", ["life", "ended_at"])
    op.create_table(
        "attendances",
        sa.Column("session_id", sa.String, primary_key=True),
        sa.Column(
            "meeting", sa.String, sa.ForeignKey("meetings.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("user_id", sa.String),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("owner", sa.Boolean, nullable=False),
        sa.Column("hidden", sa.Boolean, nullable=False),
        sa.Column("joined_at", sa.Float, nullable=False),
        sa.Column("left_at", sa.Float),
        sa.Column("reason", sa.String),
    )
    op.create_index("attendances_by_meeting", "attendances", ["meeting", "joined_at"])
