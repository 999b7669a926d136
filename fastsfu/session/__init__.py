"""One participant's connection: its transport, what it sends, receives and says of itself."""
