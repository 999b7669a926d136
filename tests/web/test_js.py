"""The browser side: its unit tests run in node, its types are checked, its messages are ours."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from fastsfu.http import host_messages, peer_messages, protocol, values
from fastsfu.http.model import Model
from fastsfu.http.refusals import FATAL_ERRORS
from fastsfu.transport import frames

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "fastsfu" / "web" / "sdk"
# What goes both ways stands in both lists.
MODELS: Sequence[type[Model]] = list(
    dict.fromkeys(
        [
            values.Participant,
            values.Permissions,
            values.WaitingParticipant,
            host_messages.PermissionsUpdate,
            host_messages.ParticipantUpdate,
            values.Sections,
            values.RoomInfo,
            values.ClientConfig,
            values.Subscribed,
            values.ReceivingLimit,
            values.PreviousSession,
            values.IceServer,
            values.VideoWish,
            values.ReceiveSettings,
            values.WantedEncoding,
            peer_messages.Topology,
            peer_messages.PeerConnection,
            *protocol.CLIENT_MESSAGES,
            *protocol.SERVER_MESSAGES,
        ]
    )
)
INTERFACE = re.compile(r"^export interface (\w+) \{\n(.*?)^\}", re.M | re.S)
MEMBER = re.compile(r"^  (\w+)\??:", re.M)
TYPE = re.compile(r"^  type: '([a-z-]+)';", re.M)


def run(*command: str) -> None:
    installed = ROOT / "node_modules" / ".bin" / command[0]
    program = str(installed) if installed.exists() else shutil.which(command[0])
    assert program, f"{command[0]} is missing: make test installs it"
    done = subprocess.run(
        [program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_units() -> None:
    tests = sorted(str(path) for path in Path(__file__).parent.glob("*.test.js"))
    assert tests
    run("node", "--test", *tests)


def test_types() -> None:
    run("tsc", "-p", "tsconfig.json")


def test_frames() -> None:
    interfaces = dict(INTERFACE.findall((SDK / "frames.d.ts").read_text()))
    models = (*frames.FRAMES, frames.WireMessage)
    assert set(interfaces) == {model.__name__ for model in models}
    for model in models:
        fields = model.model_fields
        members = {field.alias or name for name, field in fields.items()}
        assert set(MEMBER.findall(interfaces[model.__name__])) == members
        if "type" in fields:
            assert TYPE.findall(interfaces[model.__name__]) == [fields["type"].default]


@pytest.fixture(scope="module")
def interfaces() -> dict[str, str]:
    return dict(INTERFACE.findall((SDK / "protocol.d.ts").read_text()))


@pytest.mark.parametrize(
    "model",
    MODELS,
    ids=[model.__name__ for model in MODELS],
)
def test_protocol(interfaces: dict[str, str], model: type[Model]) -> None:
    declared = interfaces[model.__name__]
    assert set(MEMBER.findall(declared)) == set(model.model_fields)
    if "type" in model.model_fields:
        assert TYPE.findall(declared) == [model.model_fields["type"].default]


def test_protocol_has_nothing_more(interfaces: dict[str, str]) -> None:
    assert set(interfaces) == {model.__name__ for model in MODELS}


def test_every_fatal_error_of_the_server_is_known() -> None:
    """Others become `connection-error`: they tell of a broken client or server, not of the call."""
    known = set(re.findall(r"'([a-z-]+)'", (SDK / "errors.js").read_text().split("]);")[0]))
    assert set(FATAL_ERRORS) - known == {"bad-message", "bad-origin", "timeout", "rate-limit"}


@pytest.mark.parametrize("path", sorted((ROOT / "fastsfu/web").rglob("*.html")), ids=str)
def test_pages_hold_nothing_inline(path: Path) -> None:
    """The content security policy would refuse it; and URLs are relative (any prefix)."""
    page = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)
    assert not re.search(r"(?:src|href)=\"(?:/|https?:)", page)
