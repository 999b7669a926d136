"""The tables. Times are seconds since 1970; migrations/ makes them, this says what they are."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()
LARGE = BigInteger().with_variant(Integer, "sqlite")  # where each integer has 64 bits

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
    Column("sequence", Integer, nullable=False, server_default="0"),  # of what was told of it
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
    Column("received_bytes", BigInteger),
    Column("sent_bytes", BigInteger),
    Index("attendances_by_meeting", "meeting", "joined_at"),
)

# Where things are told to (room/outbox.py).
ENDPOINTS = Table(
    "endpoints",
    METADATA,
    Column("id", String, primary_key=True),
    Column("url", String, nullable=False),
    Column("types", Text, nullable=False),  # a JSON list
    Column("secret", String, nullable=False),
    Column("former_secret", String),
    Column("former_until", Float, nullable=False),
    Column("created_at", Float, nullable=False),
)

LETTERS = Table(
    "letters",
    METADATA,
    Column("number", LARGE, primary_key=True, autoincrement=True),
    Column("life", Integer, nullable=False),  # who sends it
    Column("endpoint", String, nullable=False),  # which may have been removed meanwhile
    Column("message_id", String, nullable=False),
    Column("type", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", String),
    Column("dead_at", Float),  # null: it is still tried
    Index("letters_by_lane", "endpoint", "life", "dead_at", "lane", "number"),
    sqlite_autoincrement=True,  # a number is never given again
)

# Who was ejected from which room (room/bans.py).
BANS = Table(
    "bans",
    METADATA,
    Column("room", String, primary_key=True),
    Column("whom", String, primary_key=True),
    Column("until", Float),  # null: until the room is deleted
    Column("banned_at", Float, nullable=False),
)

# To requests that came with a key, for a day.
ANSWERS = Table(
    "answers",
    METADATA,
    Column("owner", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),  # a JSON object
    Column("body", LargeBinary, nullable=False),
    Column("at", Float, nullable=False),
    Index("answers_by_age", "at"),
)
