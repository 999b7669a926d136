"""Real media files and programs: ffmpeg with its WHIP muxer (imageio-ffmpeg brings it)."""

import asyncio
import os
import ssl
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from urllib.parse import urlsplit

import imageio_ffmpeg

ENCODE = (
    "-f lavfi -i testsrc2=size=640x360:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 "
    "-t 10 -c:v libx264 -profile:v baseline -preset ultrafast -tune zerolatency -g 30 -b:v 600k "
    "-c:a libopus -ac 2 -b:a 64k -y"
)


async def make_file(path: Path) -> Path:
    """Ten seconds of H.264 and Opus."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    process = await asyncio.create_subprocess_exec(
        program, *ENCODE.split(), str(path), stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return path


async def publish(file: Path, url: str, token: str, log: Path) -> Process:
    """Publish the file by WHIP, again and again, until the process is ended; it logs to `log`.

    It trusts the certificate that the server shows now, as one would who runs `ffmpeg` against a
    self-signed one.
    """
    certificate = log.with_suffix(".pem")
    address = urlsplit(url)
    certificate.write_text(
        await asyncio.to_thread(
            ssl.get_server_certificate, (address.hostname or "", address.port or 443)
        )
    )
    program = imageio_ffmpeg.get_ffmpeg_exe()
    options = ["-hide_banner", "-stream_loop", "-1", "-re", "-i", str(file), "-c", "copy"]
    whip = ["-f", "whip", "-authorization", token, url]
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            program,
            *options,
            *whip,
            stdin=DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "SSL_CERT_FILE": str(certificate)},
        )


async def end(process: Process) -> None:
    """End the program, if it has not ended by itself."""
    if process.returncode is None:
        process.terminate()
    await process.wait()
