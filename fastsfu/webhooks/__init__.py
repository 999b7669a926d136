"""Other servers are told what happens, by signed POSTs that arrive at least once. An edge.

What is told is written to the outbox (room/outbox.py) with what it tells of; a sender for each
endpoint takes it from there. Nothing but the top imports this.
"""
