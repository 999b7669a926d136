"""One process takes the calls of another on the same machine, through a Unix socket (`control`).

    successor            predecessor
    listener?  ------->
               <-------  the listening socket (SCM_RIGHTS), its media ports, secret, certificate
    rooms?     ------->  stops accepting
               <-------  rooms and who is in them
    accepting  ------->  tells its clients to move
               <-------  moving
               <-------  the mail of a room, once all who could move have, or time is up
               <-------  done

Until it has said `moving` the predecessor goes on when the successor fails, or takes too long. The
socket belongs to one user; what comes from another one is not answered.
"""

import asyncio
import errno
import json
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, SecretStr, ValidationError

from fastsfu.errors import ConfigError
from fastsfu.http.tls import Pair
from fastsfu.room.departure import Estate
from fastsfu.room.succession import RoomMail
from fastsfu.sfu import SFU

logger = logging.getLogger("fastsfu.takeover")

ASK_SECONDS = 10.0  # for either to answer, or to read what it is told; nobody accepts meanwhile
RETRY_SECONDS = 0.25
MOVING = "moving"
MOST_LINE = 64 * 1024 * 1024  # bytes: all mailboxes of a room


class Introduction(BaseModel):
    """What the successor is told first."""

    media_ports: list[int]
    turn_port: int | None
    secret: str | None = None  # where it is a random one
    chain: str | None = None  # of a self-signed certificate, PEM
    key: str | None = None


class Predecessor:
    """The process whose calls we take, as the successor sees it."""

    def __init__(
        self, path: Path, control: socket.socket, listener: socket.socket, told: Introduction
    ) -> None:
        self._path = path
        self.listener = listener
        self.turn_port: int | None = None  # which it gives up when it ends
        self._told = told
        self.pair = None
        if told.chain and told.key:
            self.pair = Pair(told.chain.encode(), told.key.encode())
        self._control = control
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @classmethod
    def find(cls, path: Path) -> Self | None:
        """The one that listens there; None when nobody does. Raises ConfigError.

        Waits for its answer without an event loop: nothing else is to be done yet.
        """
        control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        control.settimeout(ASK_SECONDS)
        try:
            control.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            control.close()
            return None
        except OSError as error:
            control.close()
            raise ConfigError(f"control: {path}: {error.strerror or error}") from None
        try:
            told, listener = _introduced(control)
        except EOFError:
            control.close()
            raise ConfigError(f"control: the process at {path} has ended: start again") from None
        except OSError as error:
            control.close()
            raise ConfigError(f"control: no process at {path} hands over: {error}") from None
        except (ValidationError, IndexError):  # whose text is not to be shown: it has secrets
            control.close()
            raise ConfigError(f"control: the process at {path} is of another version") from None
        control.settimeout(None)
        return cls(path, control, listener, told)

    def prepare(self, sfu: SFU) -> None:
        """Have it not want what this process has, and know its random secret. Not entered yet."""
        config, told = sfu.config, self._told
        own = range(config.udp_port, config.udp_port + config.workers) if config.udp_port else ()
        changes: dict[str, int | None] = {}
        if set(own) & set(told.media_ports):
            changes["media_port"] = max(told.media_ports) + 1
        if config.turn_port and config.turn_port == told.turn_port:
            self.turn_port = config.turn_port
            changes["turn_port"] = None
        sfu.config = config.model_copy(update=changes)
        if told.secret is not None and config.secret is None:
            sfu.tokens.adopt(SecretStr(told.secret))

    async def estate(self) -> Estate:
        """Its rooms; it accepts nothing from now on. Raises ConfigError."""
        opened = await asyncio.open_unix_connection(sock=self._control, limit=MOST_LINE)
        self._reader, self._writer = opened
        answer = await self._ask("rooms")
        if answer is None:
            raise ConfigError("the process before has ended while it handed over")
        try:
            return Estate.model_validate(answer)
        except ValidationError:
            raise ConfigError("the process before is of another version") from None

    async def accept(self) -> None:
        """We do from now on. Raises ConfigError when it does so itself again, since we took long;
        where it has died instead, what we know of its calls is all that is left of them.
        """
        if await self._ask("accepting") != MOVING and self._listens():
            raise ConfigError("the process before kept its calls: this one took too long to start")

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
            trial.setblocking(False)
            return trial.connect_ex(str(self._path)) in (0, errno.EAGAIN)

    async def mail(self) -> AsyncIterator[RoomMail]:
        """That of its rooms, as it comes, until all has come or it is gone."""
        try:
            while answer := await self._receive():
                try:
                    mail = RoomMail.model_validate(answer)
                except ValidationError:
                    logger.error("the process before is of another version: a room's mail is lost")
                else:
                    yield mail
        finally:
            self.close()

    def close(self) -> None:
        """It hears nothing more from us."""
        if self._writer is not None:
            self._writer.close()
        else:
            self._control.close()

    async def _ask(self, what: str) -> Any:
        assert self._writer is not None
        self._writer.write(json.dumps(what).encode() + b"\n")
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self._receive()
        except TimeoutError:
            self._writer.transport.abort()  # before it finds what we said, and gives way
            raise ConfigError("the process before does not answer") from None

    async def _receive(self) -> Any:
        assert self._reader is not None
        try:
            line = await self._reader.readline()
            return json.loads(line) if line else None
        except (OSError, ValueError):  # it died, maybe within a line, or that is longer than any
            return None


def _introduced(control: socket.socket) -> tuple[Introduction, socket.socket]:
    """What the process at the other end says first. Raises EOFError when it ends instead."""
    control.sendall(b'"listener"\n')
    text, files, _, _ = socket.recv_fds(control, 65536, 1)
    while not text.endswith(b"\n"):
        part = control.recv(65536)
        if not part:
            raise EOFError
        text += part
    return Introduction.model_validate_json(text), socket.socket(fileno=files[0])


async def take_turn_port(sfu: SFU, port: int) -> None:
    """As soon as the process before has given it up."""
    while True:
        try:
            sfu.open_turn_port(port)
        except OSError:
            await asyncio.sleep(RETRY_SECONDS)
        else:
            logger.info("the process before has ended: TURN at UDP port %d", port)
            return
