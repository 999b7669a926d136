"""What a running server is doing, as lines of its log: asked for by SIGUSR1."""

import logging
from importlib.metadata import version

from fastsfu.sfu import SFU

logger = logging.getLogger("fastsfu.state")


def report(sfu: SFU) -> None:
    """One line for the server, one for each worker and each room."""
    logger.info(
        "the server",
        extra={
            "version": version("fastsfu"),
            "ready": sfu.ready,
            "rooms": len(sfu.rooms),
            "sessions": len(sfu.sessions),
        },
    )
    for load, engine in zip(sfu.loads(), sfu.engines, strict=True):
        logger.info(
            "a worker",
            extra={
                "udp_port": engine.port,
                "alive": not engine.lost,
                "load": round(load, 3),
                "sessions": engine.sessions,
                "crypto": engine.crypto,
            },
        )
    for room in sfu.rooms:
        logger.info(
            "a room",
            extra={
                "room": room.name,
                "participants": len(room.participants),
                "hidden": room.hidden_count,
                "carrier": room.peering.carrier,
            },
        )
