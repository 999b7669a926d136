"""The event loop's orders about the transports of an engine: one BUNDLE each."""

from collections.abc import Mapping, Sequence

class Transports:
    """An engine's `transports`. A stale handle does nothing."""

    def create(
        self,
        *,
        local_ufrag: str,  # exactly 8 ICE characters, unique
        local_password: str,  # exactly 24 ICE characters
        remote_ufrag: str,
        remote_password: str,  # 22 to 256 characters
        dtls_client: bool,  # we send the ClientHello (once ICE has connected)
        fingerprints: Sequence[tuple[str, bytes]],  # ("sha-256", digest); one must match
        consent_timeout_us: int = 30_000_000,
    ) -> int: ...
    # ExtensionKind -> id (1..255); replaces
    def set_extensions(self, transport: int, extensions: Mapping[int, int]) -> None: ...
    def restart_ice(
        self,
        transport: int,
        *,
        local_ufrag: str,
        local_password: str,
        remote_ufrag: str,
        remote_password: str,
    ) -> None: ...
    # its streams too; sends BYE and close_notify
    def close(self, transport: int) -> None: ...
