"""Which voices of a room are passed on: so many, the loudest, decided by the workers."""

from fastsfu._native.engine.voices import MOST_VOICES, RoomVoices

__all__ = ["MOST_VOICES", "RoomVoices"]
