"""Calls of browsers on bad networks."""
