"""A listening TCP socket."""

import errno
import os
import socket

from fastsfu.errors import ConfigError

BACKLOG = 2048


class PortTaken(ConfigError):
    """Another process has it."""


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; ConfigError: the port cannot be had, PortTaken: for now."""
    ipv6 = ":" in host
    try:
        return socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ipv6 else socket.AF_INET,
            dualstack_ipv6=host == "::",
            backlog=BACKLOG,
        )
    except OSError as error:
        reason = os.strerror(error.errno or 0)  # what Python adds says the address once more
        kind = PortTaken if error.errno == errno.EADDRINUSE else ConfigError
        raise kind(f"TCP {host}:{port}: {reason}") from None
