"""A call with nothing but an installed wheel and its extra `client`: `fastsfu serve` of it, and two
participants in Python of whom one sees and hears the other.

    PYTHON scripts/try_wheel.py

Uses nothing of the source tree, so that it shows what a wheel lacks.
"""

import asyncio
import os
import re
import ssl
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

import fastsfu.client

FRAMES = 5
SECONDS = 60.0
OPTIONS = ("--host", "127.0.0.1", "--port", "0", "--media-port", "0", "--open-rooms")


def main() -> None:
    """SystemExit with what was missing."""
    package = Path(fastsfu.client.__file__).resolve()
    if not package.is_relative_to(Path(sysconfig.get_path("platlib")).resolve()):
        raise SystemExit(f"{package} is not the installed wheel's")
    program = Path(sysconfig.get_path("scripts"), "fastsfu")
    subprocess.run([program, "doctor", "--port", "0"], check=False)
    with tempfile.TemporaryDirectory() as elsewhere:
        server = subprocess.Popen(
            [program, "serve", *OPTIONS], cwd=elsewhere, stdout=subprocess.PIPE, text=True
        )
        try:
            assert server.stdout is not None
            ready = server.stdout.readline()
            url = re.search(r"https://\S+?(?=r/)", ready)
            if url is None:
                raise SystemExit(f"the server did not start: {ready!r}")
            asyncio.run(call(url[0]))
            print(f"A call by the wheel: {ready.strip()}", *loaded(server.pid), sep="\n  ")  # noqa: T201
        finally:
            server.terminate()
            server.wait()
    if server.returncode:
        raise SystemExit(f"the server ended with status {server.returncode}")


async def call(url: str) -> None:
    """TimeoutError: media did not come."""
    trusting = ssl.create_default_context()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    async with (
        asyncio.timeout(SECONDS),
        fastsfu.client.join(url, room="try", name="Ada", ssl=trusting) as ada,
        fastsfu.client.join(url, room="try", name="Ben", ssl=trusting) as ben,
    ):
        ada.publish(audio=AudioStreamTrack(), video=VideoStreamTrack())
        who = ada.participants()["local"]["session_id"]
        for source in ("video", "audio"):
            frames = 0
            async for _ in await ben.track(who, source):
                frames += 1
                if frames == FRAMES:
                    break


def loaded(pid: int) -> list[str]:
    """The libraries of the server that the wheel brought. SystemExit: the system's was taken."""
    mapped = Path(f"/proc/{pid}/maps").read_text()
    found = sorted({line.split()[-1] for line in mapped.splitlines() if "fastsfu.libs" in line})
    names = [os.path.basename(each) for each in found]
    for wanted in ("libusrsctp", "libssl", "libcrypto"):
        if not any(name.startswith(wanted) for name in names):
            raise SystemExit(f"the wheel's {wanted} is not what the server has loaded: {names}")
    return names


if __name__ == "__main__":
    main()
