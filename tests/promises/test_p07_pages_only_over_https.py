"""P7: the web app comes over HTTPS only, with the headers that keep it so, and nothing else."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fastsfu.http.pages import WEB
from tests.support.server import live_server

TEXT = {".html", ".js", ".css", ".svg", ".webmanifest"}
# Names of vocabularies, never fetched.
NAMES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


async def test_every_answer_has_the_headers() -> None:
    async with live_server() as server:
        for path in ("", "r/standup", "sdk/fastsfu.js", "nowhere", "v1/whip/r", "healthz"):
            headers = (await server.http.get(path)).headers
            assert headers["strict-transport-security"] == "max-age=31536000"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cross-origin-opener-policy"] == "same-origin"
            assert "server" not in headers


async def test_content_security_policy_allows_this_origin_alone() -> None:
    async with live_server() as server:
        policy = (await server.http.get("r/standup")).headers["content-security-policy"]
        allowed = {name: set(sources) for name, *sources in map(str.split, policy.split(";"))}
        assert allowed["default-src"] == {"'none'"}
        assert allowed["script-src"] == allowed["connect-src"] == {"'self'"}
        assert allowed["frame-ancestors"] == allowed["base-uri"] == {"'none'"}
        sources = set().union(*allowed.values())
        assert sources <= {"'none'", "'self'", "data:", "blob:"}


async def test_camera_is_for_this_origin_alone() -> None:
    async with live_server() as server:
        header = (await server.http.get("r/standup")).headers["permissions-policy"]
        policy = dict(part.split("=") for part in header.split(", "))
        for name in ("camera", "microphone", "display-capture"):
            assert policy[name] == "(self)"
        assert policy["geolocation"] == "()"


async def test_frames_may_be_allowed_by_the_operator() -> None:
    async with live_server(frame_ancestors="https://intranet.example") as server:
        policy = (await server.http.get("r/standup")).headers["content-security-policy"]
        assert policy.endswith("frame-ancestors https://intranet.example")


class Inline(HTMLParser):
    """Finds what the policy would block: scripts and styles in the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)
        self.found += [name for name in names if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("page", sorted(WEB.rglob("*.html")), ids=lambda page: page.parent.name)
def test_pages_have_nothing_inline(page: Path) -> None:
    parser = Inline()
    parser.feed(page.read_text())
    assert parser.found == []


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(WEB.rglob("*")) if path.suffix in TEXT],
    ids=lambda path: str(path.relative_to(WEB)),
)
def test_files_name_no_other_origin(path: Path) -> None:
    urls = set(re.findall(r"\b(?:https?|wss?)://[^\s'\"`<>)$]+", path.read_text()))
    assert urls <= NAMES
