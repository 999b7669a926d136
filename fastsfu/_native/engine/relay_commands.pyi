"""The event loop's orders to the TURN relay of an engine."""

class RelayCommands:
    """An engine's `relay`. Nothing happens without one, or when the engine is closed."""

    # Let in whom sessions' credentials name, at most max_users; raises ValueError above 64 bytes.
    def admit(self, user: str) -> None: ...
    def revoke(self, user: str) -> None: ...    # no more; his allocations are closed
    def forget_client(self, ip: str, port: int) -> None: ...    # its allocation is closed
