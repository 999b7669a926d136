"""Set-ups that are broken: the log names the cause in a line, and so does `why`.

So does what a client is told that does not get in, or the doctor. docs/troubleshooting.md has what
was seen here.
"""

import asyncio
import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from benchmarks.load.server import API_KEY as SERVER_KEY
from benchmarks.load.server import SECRET, ServerProcess
from fastsfu import logs
from fastsfu.auth.tokens import Tokens
from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.http.opening import open_certificate, open_listener
from tests.support.aiortc_client import AiortcClient
from tests.support.certificates import write
from tests.support.domain_peer import until
from tests.support.network import SERVER, Network
from tests.support.server import PUBLISH, LiveServer, live_server
from tests.support.stall import stalled
from tests.test_doctor import found, pair

DOCUMENT = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
PORT = 8443
DTLS = "-m string --algo bm --hex-string |16fe| --from 28 --to 30"  # its first bytes, after UDP's
WAYS = {"UDP": f"-p udp -d {SERVER} --dport {PORT}", "TCP": f"-p tcp -d {SERVER} --dport {PORT}"}
API_KEY = "only-for-the-tests-abcdef-0123456789"
VARYING = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d", "DATE"),
    (r"/\S+/", ""),
    (r"(?<=[ :])\d{4,5}\b", "PORT"),
)


def documented(set_up: str, log: str, why: str) -> None:
    """That the document says what was seen."""
    cells = [set_up, log, why]
    for pattern, name in VARYING:
        cells = [re.sub(pattern, name, each) for each in cells]
    row = "| " + " | ".join(cells) + " |"
    if row not in DOCUMENT.read_text().splitlines():
        pytest.fail(f"{DOCUMENT.name} has no line\n{row}", pytrace=False)


def logged(caplog: pytest.LogCaptureFixture, text: str) -> str:
    """The line that has this text, with its reason."""
    record = next(each for each in caplog.records if text in each.getMessage())
    reason = logs.about(record).get("reason", "")
    return f"{record.getMessage()}: {reason}" if " " in reason else record.getMessage()


async def refused(server: LiveServer, token: str, **headers: str) -> str:
    """What a client is told that does not get in."""
    async with server.socket(**({"origin": headers["origin"]} if headers else {})) as socket:
        if not headers:  # else the server says so at once
            await socket.send("join", room="r", token=token)
        return str((await socket.receive())["info"])


async def why(server: LiveServer, session_id: str) -> str:
    headers = {"Authorization": f"Bearer {API_KEY}"}
    answer = await server.http.get(f"/v1/sessions/{session_id}", headers=headers)
    [reason] = answer.json()["why"]
    return str(reason)


async def test_wrong_media_ips(caplog: pytest.LogCaptureFixture) -> None:
    options = {"media_ips": ["192.0.2.7"], "consent_timeout": 2, "api_key": API_KEY}
    async with live_server(**options) as server, server.caller("r") as caller:
        await caller.offer(PUBLISH)
        said = await why(server, caller.joined["session_id"])
        await until("the log", lambda: "media failed" in caplog.text)
    documented("`media_ips` that clients do not reach", logged(caplog, "media failed"), said)


async def test_an_expired_certificate(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificate, key = write(pair(-9, -1), tmp_path)
    open_certificate(Config(cert=certificate, key=key))
    finding = found("certificate", cert=certificate, key=key)
    said = f"doctor: {finding.found}; {finding.fix}"
    documented("an expired certificate", logged(caplog, "expired"), said)


async def test_a_clock_that_is_wrong_by_a_day(caplog: pytest.LogCaptureFixture) -> None:
    """As far as the server can see: its own, or that of who signs."""
    caplog.set_level("INFO")
    async with live_server() as server:
        said = await refused(server, server.token("r", now=time.time() - 86_400))
    documented("a clock that is a day ahead", logged(caplog, "refused"), said)


async def test_a_page_of_another_origin(caplog: pytest.LogCaptureFixture) -> None:
    async with live_server() as server:
        said = await refused(server, server.token("r"), origin="https://app.example")
    documented("a page of an origin that is not allowed", logged(caplog, "refused"), said)


async def test_a_full_server(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with live_server(max_transports=1, workers=1) as server, server.caller("r"):
        said = await refused(server, server.token("r"))
    documented("a server that is full", logged(caplog, "refused"), said)


async def test_a_token_for_another_room(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with live_server() as server:
        said = await refused(server, server.token("another"))
    documented("a token for another room", logged(caplog, "refused"), said)


async def test_a_worker_that_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    async with live_server(workers=1, worker_timeout=1) as server, server.caller("r") as caller:
        await caller.offer(PUBLISH)
        threads = {each.name: each.native_id for each in threading.enumerate()}
        with stalled(threads["fastsfu-worker-0"] or 0):
            _, messages = await caller.closed()
    documented("a media worker that is lost", logged(caplog, "stopped"), messages[-1]["info"])


async def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError) as error:
            open_listener(Config(host="127.0.0.1", port=port))
        finding = found("HTTPS port", port=port)
    said = f"doctor: {finding.found}; {finding.fix}"
    documented("a port that is taken", f"fastsfu: {error.value.info}", said)


@pytest.fixture
def network() -> Iterator[Network]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    try:
        with Network("ada") as made:
            yield made
    except PermissionError as error:
        pytest.skip(f"no network namespaces here: {error}")


@pytest.mark.network
@pytest.mark.parametrize(
    ("set_up", "lets_out", "never"),
    [
        ("UDP that is blocked, and a client without TCP", ["TCP"], []),
        ("DTLS that is blocked after ICE", ["TCP", "UDP"], [f"{WAYS['UDP']} {DTLS}"]),
    ],
)
async def test_a_firewall(
    network: Network, set_up: str, lets_out: list[str], never: list[str]
) -> None:
    network.let_out("ada", *(WAYS[each] for each in lets_out), never=never)
    server = ServerProcess(
        options=["--port", str(PORT), "--media-port", str(PORT), "--media-ip", SERVER],
        environment={"FASTSFU_CONSENT_TIMEOUT": "4", "FASTSFU_LOG_FORMAT": "json"},
    )
    server.url = f"https://{SERVER}:{PORT}"
    with ExitStack() as stack:
        with network.inside("server"):
            stack.enter_context(server)
        with network.inside("ada"):
            client = AiortcClient()
            await client.join(server.url, "r", Tokens(SECRET).sign("r"))
            said = await last_why(server, client.session_id)
            await client.vanish()
        lines = [json.loads(each) for each in server.output().splitlines() if each[0] == "{"]
    failed = next(each for each in lines if each["message"].startswith("media failed"))
    documented(set_up, f"{failed['message']}: {failed['reason']}", said)


async def last_why(server: ServerProcess, session_id: str) -> str:
    """What is said of it last, until it has ended."""
    said = ""
    path, headers = f"/v1/sessions/{session_id}", {"Authorization": f"Bearer {SERVER_KEY}"}
    async with httpx.AsyncClient(base_url=server.url, verify=False, headers=headers) as http:
        while (answer := await http.get(path)).status_code == 200:
            said = next(iter(answer.json()["why"]), said)
            await asyncio.sleep(0.05)
    return said
