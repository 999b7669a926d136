"""The Unix socket at which a process lets its successor take its calls (takeover.py)."""

import asyncio
import json
import logging
import os
import socket
import struct
from pathlib import Path
from typing import Any, Protocol

from fastsfu.errors import ConfigError
from fastsfu.http.takeover import ASK_SECONDS, MOVING, Introduction
from fastsfu.sfu import SFU

logger = logging.getLogger("fastsfu.takeover")

START_SECONDS = 60.0  # for the successor to have its media ports and its database


class Host(Protocol):
    """What a Control needs of its server."""

    listener: socket.socket

    def introduction(self) -> Introduction:
        """What a successor is told first."""

    def pause(self) -> None:
        """Accept nothing for a moment: it waits at the listening socket."""

    def resume(self) -> None:
        """Accept again."""

    def give_way(self) -> None:
        """End once the calls have."""


class Control:
    """The Unix socket at which a successor may ask, once it is opened. `close` leaves the path to
    whoever has it.
    """

    def __init__(self, path: Path, sfu: SFU, host: Host) -> None:
        """Raises ConfigError."""
        self._path = path
        self._own_path = path.with_name(f"{path.name}.{os.getpid()}")
        self._sfu = sfu
        self._host = host
        self._socket = _listen(self._own_path)
        self._loop = asyncio.get_running_loop()
        self._serving: asyncio.Task[None] | None = None

    def open(self) -> None:
        """In the place of whoever had the path."""
        self._own_path.rename(self._path)
        self._serving = self._loop.create_task(self._serve())

    async def close(self) -> None:
        if self._serving is None:
            self._own_path.unlink(missing_ok=True)
        else:
            self._serving.cancel()
            await asyncio.wait([self._serving])
        self._socket.close()

    async def _serve(self) -> None:
        while True:
            successor, _ = await self._loop.sock_accept(self._socket)
            if _uid_of(successor) not in (os.getuid(), 0):
                successor.close()
                continue
            with successor:
                successor.setblocking(False)
                if await self._hand_over(successor):
                    return

    async def _hand_over(self, successor: socket.socket) -> bool:
        """True when it has taken over."""
        if not await self._introduce(successor):
            return False
        self._host.pause()
        try:
            taken = await self._is_taken(successor)
        except Exception:
            logger.exception("the calls could not be handed over")
            taken = False
        if not taken:
            logger.error("the successor ended, or took too long, before it accepted: calls stay")
            self._host.resume()
            await self._sfu.handover.take_back()
            return False
        logger.info("a successor accepts: the calls move")
        self._host.give_way()
        async for mail in self._sfu.handover.move_out():
            if not await self._say(successor, mail.model_dump_json()):
                logger.error("the successor has ended, or hangs, while it took over")
                return True
        await self._say(successor, "null")
        return True

    async def _introduce(self, successor: socket.socket) -> bool:
        """True when it could start, and asks for the rooms."""
        if await self._hear(successor, ASK_SECONDS) != "listener":
            return False
        text = self._host.introduction().model_dump_json().encode() + b"\n"
        try:
            socket.send_fds(successor, [text], [self._host.listener.fileno()])
        except OSError:  # it has gone
            return False
        asked: bool = await self._hear(successor, START_SECONDS) == "rooms"
        return asked

    async def _is_taken(self, successor: socket.socket) -> bool:
        """It has the rooms, accepts, and hears that all move."""
        estate = await self._sfu.handover.begin()
        if not await self._say(successor, estate.model_dump_json()):
            return False
        if await self._hear(successor, ASK_SECONDS) != "accepting":
            return False
        return await self._say(successor, json.dumps(MOVING))

    async def _hear(self, successor: socket.socket, seconds: float) -> Any:
        """What it asks within this time; None when it has gone, or asks nothing."""
        text = b""
        try:
            async with asyncio.timeout(seconds):
                while not text.endswith(b"\n"):
                    part = await self._loop.sock_recv(successor, 4096)
                    if not part:
                        return None
                    text += part
            return json.loads(text)
        except (OSError, ValueError):
            return None

    async def _say(self, successor: socket.socket, text: str) -> bool:
        """False when it has gone, or takes too long to read it."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self._loop.sock_sendall(successor, text.encode() + b"\n")
        except OSError:  # TimeoutError is one
            return False
        return True


def _listen(path: Path) -> socket.socket:
    """For this user alone."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    found.setblocking(False)
    before = os.umask(0o177)
    try:
        path.unlink(missing_ok=True)
        found.bind(str(path))
        found.listen(1)
    except OSError as error:
        found.close()
        raise ConfigError(f"control: {path.parent}: {error.strerror or error}") from None
    finally:
        os.umask(before)
    return found


def _uid_of(peer: socket.socket) -> int:
    """The user of the process at the other end."""
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(uid)
