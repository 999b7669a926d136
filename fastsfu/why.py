"""`fastsfu why`: how the media of people in a call is doing and why, as a running server says it.

It asks the REST interface (docs/http.md), so it may run anywhere. It loads no more than it needs.
"""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

SECONDS = 15.0  # for an answer, which takes one in itself
AT_ONCE = 8

Answer = dict[str, Any]


class WhyError(Exception):
    """What the server says no to, or that there is none; the text is one sentence."""


class Rest:
    """A server's REST interface; `key` is an API key with the scope `rooms`."""

    def __init__(self, url: str, key: str, *, verify: bool) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}
        self._tls = ssl.create_default_context()
        if not verify:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE

    def get(self, *path: str) -> Any:
        """JSON. Raises WhyError."""
        url = "/".join([self._url, "v1", *(quote(part, safe="") for part in path)])
        request = urllib.request.Request(url, headers=self._headers)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS, context=self._tls) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise WhyError(_refusal(error)) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise WhyError(f"no server answers at {self._url}: {reason}") from None


def looks(rest: Rest, room: str, who: str | None, *, as_json: bool) -> Iterator[str]:
    """Of everybody in `room`, or of who has that session id or name. Raises WhyError."""
    people = rest.get("rooms", room, "participants")["data"]
    names = {one["session_id"]: one["user_name"] for one in people}
    chosen = [each for each, name in names.items() if who in (None, each, name)]
    if not chosen:
        raise WhyError(f"nobody in {room} is {who}" if who else f"nobody is in {room}")

    def look(session_id: str) -> Answer:
        stats: Answer = rest.get("rooms", room, "participants", session_id, "why")
        return stats

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for stats in pool.map(look, chosen):
            yield json.dumps(stats) if as_json else text(stats, names)


def text(stats: Answer, names: Mapping[str, str]) -> str:
    """SessionStats for people; `names` by session id."""
    name = names.get(stats["session_id"]) or "Guest"
    lines = [f"{name} ({stats['session_id']}): {_path(stats['path'])}"]
    lines += [_line("sends", each["source"], each, _sizes(each)) for each in stats["sends"]]
    for each in stats["receives"]:
        sender = names.get(each["session_id"]) or each["session_id"]
        lines.append(_line("gets", f"{each['source']} of {sender}", each, _size(each)))
    return "\n".join(lines)


def _path(path: Answer) -> str:
    if path["stage"] != "media":
        return {
            "no-offer": "has offered no media yet",
            "no-ice": "its media does not come to the server",
            "no-dtls": "its media is not encrypted yet",
        }[path["stage"]]
    facts = [path["address"] or "an unknown address"]
    if path["round_trip_time"] is not None:
        facts.append(f"{path['round_trip_time'] * 1000:.0f} ms")
    facts.append(f"{path['fraction_lost_up']:.1%} lost up, {path['fraction_lost_down']:.1%} down")
    if path["estimate_bps"]:
        facts.append(f"{_kbits(path['estimate_bps'])} fit")
    return ", ".join(facts)


def _line(verb: str, what: str, stream: Answer, size: str) -> str:
    mark = stream["limit"] or "ok"
    return f"  {verb:5} {what:28} {size:24} {mark}: {stream['why']}"


def _sizes(sent: Answer) -> str:
    comes = [one for one in sent["encodings"] if one["bits_per_second"]]
    lines = "/".join(str(one["height"]) for one in comes if one["height"])
    rate = sum(one["bits_per_second"] for one in comes)
    return " ".join(filter(None, (lines, _kbits(rate))))


def _size(received: Answer) -> str:
    stream = received["stream"]
    rate = stream and stream["bits_per_second"]
    lines = str(received["height"] or "")
    return " ".join(filter(None, (lines, _kbits(rate) if rate else "")))


def _kbits(bits_per_second: float) -> str:
    return f"{bits_per_second / 1000:.0f} kbit/s"


def _refusal(error: urllib.error.HTTPError) -> str:
    try:
        return f"{error.code}: {json.load(error)['info']}"
    except (ValueError, KeyError, TypeError):
        return f"{error.code}: {error.reason}"
