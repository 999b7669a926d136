"""The tables. Times are seconds since 1970; migrations/ makes them, this says what they are."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()

# Rooms that stay until they are deleted.
ROOMS = Table(
    "rooms",
    METADATA,
    Column("name", String, primary_key=True),
    Column("options", Text, nullable=False),  # RoomOptions as JSON
    Column("created_at", Float, nullable=False),
)

# Processes that use the database, or did: each holds a lock while it lives (lives.py).
LIVES = Table(
    "lives",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("seen_at", Float, nullable=False),
)

MEETINGS = Table(
    "meetings",
    METADATA,
    Column("id", String, primary_key=True),
    Column("life", Integer, nullable=False),  # of LIVES, which forgets those that are over
    Column("room", String, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),  # null: it goes on
    Column("most", Integer, nullable=False),
    Index("meetings_by_start", "started_at", "id"),
    Index("meetings_by_room", "room", "started_at"),
    Index("meetings_by_life", "life", "ended_at"),
)

ATTENDANCES = Table(
    "attendances",
    METADATA,
    Column("session_id", String, primary_key=True),
    Column("meeting", ForeignKey("meetings.id", ondelete="CASCADE"), nullable=False),
    Column("origin", String, nullable=False),
    Column("user_id", String),
    Column("name", String, nullable=False),
    Column("owner", Boolean, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("joined_at", Float, nullable=False),
    Column("left_at", Float),
    Column("reason", String),
    Index("attendances_by_meeting", "meeting", "joined_at"),
)
