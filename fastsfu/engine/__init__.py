"""The asyncio face of the native engine: its workers, transports, streams, channels and relays."""
