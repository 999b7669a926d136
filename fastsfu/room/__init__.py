"""Rooms: who is in, who sees whom, and who speaks."""
