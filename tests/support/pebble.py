"""A real ACME server, Let's Encrypt's Pebble, and a name server that has every name here.

Its modules are pinned in pebble_modules/go.sum; `make test-slow` sees to a Go compiler.
"""

import asyncio
import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastsfu.http.tls import self_signed
from tests.support.certificates import write

MODULES = Path(__file__).parent / "pebble_modules"
BINARIES = Path("build/pebble").resolve()
PROGRAMS = ("pebble", "pebble-challtestsrv")
DOMAIN = "calls.example.org"
STRICT = {
    "PEBBLE_VA_NOSLEEP": "1",
    "PEBBLE_AUTHZREUSE": "0",  # of a hundred: each order has its challenge
    "PEBBLE_WFE_NONCEREJECT": "0",  # it is said anew once, and a test is not to fail by chance
}


@asynccontextmanager
async def pebble(
    folder: Path, port: int, http_port: int | None = None
) -> AsyncIterator[dict[str, object]]:
    """It validates at this port, or by plain HTTP at the other one. The options of Config by which
    a server has certificates of it.
    """
    await built()
    certificate, key = write(self_signed(["localhost"], ["127.0.0.1"]), folder)
    acme, management, names = free_port(), free_port(), free_port()
    config = {
        "listenAddress": f"127.0.0.1:{acme}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(certificate),
        "privateKey": str(key),
        "tlsPort": port,
        "httpPort": http_port or free_port(),
        "keyAlgorithm": "ecdsa",
        "retryAfter": {"authz": 1, "order": 1},
    }
    written = folder / "pebble.json"
    written.write_text(json.dumps({"pebble": config}))
    resolver = ["-dnsserver", f"127.0.0.1:{names}", "-defaultIPv6", ""]
    resolver += ["-management", f"127.0.0.1:{free_port()}", "-http01", "", "-https01", ""]
    resolver += ["-tlsalpn01", "", "-doh", ""]
    async with (
        running(PROGRAMS[1], *resolver),
        running(PROGRAMS[0], "-config", str(written), "-dnsserver", f"127.0.0.1:{names}"),
    ):
        await answers(acme)
        yield {
            "acme": [DOMAIN],
            "acme_directory": f"https://localhost:{acme}/dir",
            "acme_roots": certificate,
            "acme_state": folder / "state",
        }


async def built() -> None:
    """Raises FileNotFoundError without a compiler."""
    places = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])
    compiler = shutil.which("go", path=places) or "go"
    BINARIES.mkdir(parents=True, exist_ok=True)
    packages = [f"github.com/letsencrypt/pebble/v2/cmd/{name}" for name in PROGRAMS]
    process = await asyncio.create_subprocess_exec(
        *(compiler, "build", "-o", f"{BINARIES}/", *packages), cwd=MODULES
    )
    assert await process.wait() == 0


@asynccontextmanager
async def running(program: str, *arguments: str) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        str(BINARIES / program),
        *arguments,
        env={**os.environ, **STRICT},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def answers(port: int) -> None:
    """Wait until something listens there."""
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
