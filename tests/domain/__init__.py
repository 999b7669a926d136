"""Tests of rooms, sessions and their media."""
