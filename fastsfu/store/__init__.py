"""Rooms and meetings in a database: SQLite in a file, or PostgreSQL by URL. An edge.

    fastsfu.SFU(config, records=Store("sqlite:///calls.db"))

Nothing but the top imports it; the domain knows its Protocol `Records` (room/records.py).
"""
