"""The command line, in processes of its own where it is about the process."""

import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

import fastsfu
from fastsfu.auth.tokens import Tokens
from fastsfu.cli import app, parse_duration
from fastsfu.http.tls import Pair, self_signed
from tests.support.command import run
from tests.support.server import PUBLISH

SECRET = "only-for-the-tests-0123456789-abcdef"
SERVE = [sys.executable, "-m", "fastsfu", "serve", "--host", "127.0.0.1", "--port", "0"]


def serve(*arguments: str, **environment: str) -> tuple[subprocess.Popen[str], str]:
    """A server process, and its first line."""
    process = subprocess.Popen(
        [*SERVE, "--media-port", "0", *arguments],
        env={**os.environ, "FASTSFU_DRAIN_TIMEOUT": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline()


def test_serve_may_open_as_many_files_as_there_may_be() -> None:
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
    try:
        process, _ = serve()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))
    assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (most, most)
    process.terminate()
    process.communicate(timeout=120)


def test_token_carries_what_was_asked_for() -> None:
    made = run(
        *("token", "standup", "--name", "Ada", "--owner", "--exp", "15m", "--no-publish"),
        FASTSFU_SECRET=SECRET,
    )
    assert (made.returncode, made.stderr) == (0, "")
    grant = Tokens(SECRET).verify(made.stdout.strip(), "standup")
    assert (grant.name, grant.owner, grant.subscribe) == ("Ada", True, True)
    assert not grant.publish


def test_token_loads_nothing_that_only_servers_need() -> None:
    code = (
        "import sys; from fastsfu.cli import app; app(['token', 'standup'], standalone_mode=False);"
        "print(*{'cryptography', 'jwt', 'pydantic', 'rich', 'numpy'} & sys.modules.keys())"
    )
    environment = {**os.environ, "FASTSFU_SECRET": SECRET}
    made = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    token, loaded = made.stdout.splitlines()
    assert Tokens(SECRET).verify(token, "standup").room == "standup"
    assert loaded == ""


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1.5h", 5400), ("7d", 604800), ("never", None)]
)
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("arguments", "environment", "complaint"),
    [
        (["token", "r"], {}, "FASTSFU_SECRET is not set"),
        (["token", "r"], {"FASTSFU_SECRET": "short"}, "at least 32 bytes"),
        (["token", "r", "--exp", "soon"], {"FASTSFU_SECRET": SECRET}, "none of 90s"),
        (["token", "r", "--name", "x" * 201], {"FASTSFU_SECRET": SECRET}, "at most 200"),
        (["serve", "--host", "somewhere"], {}, "no IP address"),
        (["serve", "--cert", "/nowhere"], {}, "cert and key belong together"),
        (["serve", "--cert", "/nowhere", "--key", "/nowhere"], {}, "/nowhere: No such file"),
        (["serve", "--config", "/nowhere"], {}, "no configuration file"),
        (["serve", "--port", "0"], {"FASTSFU_CONTROL": "/nowhere/c"}, "control: /nowhere: No such"),
        (
            ["serve", "--port", "0"],
            {"FASTSFU_METRICS_PORT": "1", "FASTSFU_METRICS_HOST": "203.0.113.1"},
            "TCP 203.0.113.1:1: Cannot assign",
        ),
        (["serve", "--log-level", "loud"], {}, "loud"),
        (["serve", "--log-format", "xml"], {}, "xml"),
        (["serve"], {"FASTSFU_LOG_LEVEL": "loud"}, "loud"),
        (["serve"], {"FASTSFU_CONFIG": "/nowhere"}, "no configuration file at /nowhere"),
        (["serve"], {"FASTSFU_PROT": "1"}, "did you mean FASTSFU_PORT?"),
        (["bench", "nothing"], {}, "no benchmark nothing"),
    ],
)
def test_mistakes_end_in_a_sentence(
    arguments: list[str], environment: dict[str, str], complaint: str
) -> None:
    done = run(*arguments, **environment)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert "short" not in done.stderr.split("FASTSFU")[-1]


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"fastsfu {fastsfu.__version__}\n"


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["TCP", "UDP"])
def test_taken_port_is_said(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = str(other.getsockname()[1])
        option = "--port" if kind == socket.SOCK_STREAM else "--media-port"
        done = run("serve", "--host", "127.0.0.1", "--port", "0", option, port)
    assert done.returncode == 2
    assert f"127.0.0.1:{port}: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_prints_a_link_that_opens_and_ends_on_sigterm() -> None:
    process, line = serve(FASTSFU_SECRET="")
    link = re.fullmatch(r"fastsfu is ready: (https://127\.0\.0\.1:\d+)/r/demo\?t=(\S+)\n", line)
    assert link is not None
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, output, errors) == (0, "", "")


def test_answers_are_dated() -> None:
    process, line = serve("--open-rooms")
    url = line.split()[-1]
    dates = httpx.get(url, verify=False).headers.get_list("date")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert len(dates) == 1
    assert abs((parsedate_to_datetime(dates[0]) - datetime.now(UTC)).total_seconds()) < 60


@pytest.mark.parametrize(
    ("arguments", "secret", "ending"),
    [
        ([], SECRET, r"/"),
        (["--open-rooms"], SECRET, r"/r/demo"),
        (["--open-rooms"], "", r"/r/demo"),
    ],
)
def test_serve_prints_no_token_where_none_is_needed(
    arguments: list[str], secret: str, ending: str
) -> None:
    process, line = serve(*arguments, FASTSFU_SECRET=secret)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert re.fullmatch(rf"fastsfu is ready: https://127\.0\.0\.1:\d+{ending}\n", line)
    assert process.returncode == 0


def test_options_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "fastsfu.toml"
    file.write_text(f'secret = "{SECRET}"\nopen_rooms = true\n')
    process, line = serve("--config", str(file), FASTSFU_SECRET="")
    process.terminate()
    process.communicate(timeout=120)
    assert line.endswith("/r/demo\n")


def test_doctor_finds_taken_ports_and_says_the_fix() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = CliRunner().invoke(
            app, ["doctor", "--host", "127.0.0.1", "--port", port], env={"COLUMNS": "200"}
        )
    assert done.exit_code == 1
    assert "bad HTTPS port" in done.stdout
    assert f"ss -lnp 'sport = :{port}'" in done.stdout
    for check in ("UDP buffers", "GSO", "encryption", "clock", "certificate"):
        assert check in done.stdout


def lines_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """What it logs, up to the first line with `text`."""
    assert process.stderr is not None
    impatience = threading.Timer(30, process.kill)
    impatience.start()
    lines = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            impatience.cancel()
            return lines
    raise AssertionError(f"no line with {text!r}: {lines}")


def test_sighup_reloads_configuration_and_certificate(tmp_path: Path) -> None:
    file = tmp_path / "fastsfu.toml"
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    files = f'cert = "{chain}"\nkey = "{key}"\n'
    write_pair(chain, key, "first.example")
    file.write_text(files + f'secret = "{SECRET}"\n')
    process, line = serve("--config", str(file))
    url = f"https://127.0.0.1:{re.findall(r':([0-9]+)/', line)[0]}"
    former = Tokens(SECRET).sign("standup")

    write_pair(chain, key, "second.example")
    changed = f'secret = "{SECRET[::-1]}"\nformer_secrets = ["{SECRET}"]\nworker_timeout = 9\n'
    file.write_text(files + changed)
    process.send_signal(signal.SIGHUP)
    logged = lines_until(process, "waiting for the next start: worker_timeout")
    assert any("configuration and certificate reloaded" in each for each in logged)
    assert SECRET not in "".join(logged)
    assert "second.example" in certificate_of(url)
    for token in (former, Tokens(SECRET[::-1]).sign("standup")):
        answer = httpx.post(
            f"{url}/v1/whip/standup", verify=False, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code != 401, answer.text

    file.write_text("prot = 1\n")
    process.send_signal(signal.SIGHUP)
    assert "not reloaded: prot" in lines_until(process, "not reloaded")[-1]
    assert httpx.get(f"{url}/healthz", verify=False).status_code == 200
    process.terminate()
    process.communicate(timeout=120)
    assert process.returncode == 0


def write_pair(chain: Path, key: Path, name: str) -> None:
    pair = self_signed([name], [])
    chain.write_bytes(pair.chain)
    key.write_bytes(pair.key)


def certificate_of(url: str) -> list[str]:
    host, port = url.removeprefix("https://").split(":")
    pem = ssl.get_server_certificate((host, int(port)))
    return Pair(pem.encode(), b"").names()


def test_sigusr1_logs_the_state_as_often_as_it_comes() -> None:
    process, _ = serve("--log-format", "json", "--workers", "2")
    for _ in range(2):
        process.send_signal(signal.SIGUSR1)
        lines = [json.loads(line) for line in lines_until(process, "a worker")]
        lines += [json.loads(line) for line in lines_until(process, "a worker")]
        assert [line["message"] for line in lines] == ["the server", "a worker", "a worker"]
        assert lines[0]["ready"] is True
        assert lines[0]["sessions"] == 0
        assert lines[1]["udp_port"] > 0
    process.terminate()
    process.communicate(timeout=120)
    assert process.returncode == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(second: signal.Signals) -> None:
    process, line = serve("--open-rooms", FASTSFU_DRAIN_TIMEOUT="3600")
    url = line.split()[-1].replace("/r/demo", "")
    headers = {"Content-Type": "application/sdp"}
    answer = httpx.post(f"{url}/v1/whip/demo", verify=False, headers=headers, content=PUBLISH)
    assert answer.status_code == 201, answer.text
    process.send_signal(signal.SIGTERM)
    while httpx.get(f"{url}/readyz", verify=False).status_code == 200:
        pass  # it takes calls until it has heard the signal
    process.send_signal(second)
    process.communicate(timeout=120)
    assert process.returncode == 0
