"""The baseline: libsrtp's own functions, called by address without the interpreter."""

from pylibsrtp._binding import ffi, lib

from tests.native.crypto.support import Master


class Libsrtp:
    """Sessions of random keys, and the numbers of their next packets."""

    def __init__(self, profile: str, count: int) -> None:
        self.master = Master.random(profile)
        self._kept = [self.master.libsrtp(inbound=False) for _ in range(count)]
        self._next = 0
        self.sessions = [int(ffi.cast("uintptr_t", one._srtp[0])) for one in self._kept]
        self.protect = address(lib, "srtp_protect")

    def take(self, turns: int) -> int:
        """The first of so many numbers."""
        first = self._next
        self._next += turns
        return first


class LibsrtpReceiver:
    """A session that has not yet seen a packet of this master key."""

    def __init__(self, master: Master) -> None:
        self._kept = master.libsrtp(inbound=True)
        self.session = int(ffi.cast("uintptr_t", self._kept._srtp[0]))
        self.unprotect = address(lib, "srtp_unprotect")


def address(library: object, name: str) -> int:
    return int(ffi.cast("uintptr_t", ffi.addressof(library, name)))
