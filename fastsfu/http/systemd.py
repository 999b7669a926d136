"""What systemd gives a service, and wants to hear of it (sd_listen_fds(3), sd_notify(3))."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

FIRST_FILE: Final = 3  # SD_LISTEN_FDS_START


def listening_socket() -> socket.socket | None:
    """The TCP socket that it listens with for us (socket activation), if it does."""
    mine = os.environ.get("LISTEN_PID") == str(os.getpid())
    if not mine or int(os.environ.get("LISTEN_FDS", "0")) < 1:
        return None
    os.set_inheritable(FIRST_FILE, False)
    return socket.socket(fileno=FIRST_FILE)


def notify(state: str) -> None:
    """Tell it (`READY=1`, `STOPPING=1`, ...); without it, nothing happens."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.connect(address)
        told.sendall(state.encode())


async def watchdog(is_alive: Callable[[], bool]) -> None:
    """Tell it that we live as often as it wants to hear it, while it is so; until cancelled."""
    interval_us = int(os.environ.get("WATCHDOG_USEC", "0"))
    while interval_us:
        if is_alive():
            notify("WATCHDOG=1")
        await asyncio.sleep(interval_us / 2e6)
