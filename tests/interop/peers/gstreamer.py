"""GStreamer's webrtcbin behind the verbs of main.mjs: lines of JSON in and out.

For Debian's Python, which has its bindings. It encodes and decodes, and needs no film.
"""

import json
import sys
import threading
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

SOURCE = (
    "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1"
    " ! vp8enc deadline=1 keyframe-max-dist=7 ! rtpvp8pay pt=96 picture-id-mode=15-bit"
)
VP8 = "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000"
PATIENCE = 10.0  # seconds


class Peer:
    """One connection."""

    def __init__(self) -> None:
        self._pipeline = Gst.Pipeline()
        self._bin = Gst.ElementFactory.make("webrtcbin")
        self._bin.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self._pipeline.add(self._bin)
        self._bin.connect("pad-added", self._on_pad)
        self._gathered = threading.Event()
        self._bin.connect("notify::ice-gathering-state", self._on_gathering)
        self._frames = 0
        self._channels: dict[str, dict[str, Any]] = {}

    def offer(self, what: dict[str, Any]) -> dict[str, Any]:
        if what.get("publish"):
            source = Gst.parse_bin_from_description(SOURCE, True)
            self._pipeline.add(source)
            source.link_filtered(self._bin, Gst.Caps.from_string(VP8))
            pad = self._bin.get_static_pad("sink_0")
            pad.get_property("transceiver").set_property("do-nack", True)
        if what.get("watch"):
            direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
            transceiver = self._bin.emit("add-transceiver", direction, Gst.Caps.from_string(VP8))
            transceiver.set_property("do-nack", True)
        self._pipeline.set_state(Gst.State.READY)
        for label in what.get("channels", ()):
            self._open(label)
        self._pipeline.set_state(Gst.State.PLAYING)
        described = self._promised("create-offer", Gst.Structure.new_empty("options"))
        self._promised("set-local-description", described.get_value("offer"))
        if not self._gathered.wait(PATIENCE):
            raise TimeoutError("candidates")
        return {"sdp": self._bin.get_property("local-description").sdp.as_text()}

    def answer(self, what: dict[str, Any]) -> dict[str, Any]:
        _, message = GstSdp.SDPMessage.new_from_text(what["sdp"])
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self._promised("set-remote-description", answer)
        return {}

    def say(self, what: dict[str, Any]) -> dict[str, Any]:
        self._channels[what["label"]]["channel"].emit("send-string", what["text"])
        return {}

    def state(self, _: dict[str, Any]) -> dict[str, Any]:
        seen = {
            label: {"state": each["state"], "got": each["got"]}
            for label, each in self._channels.items()
        }
        state = self._bin.get_property("connection-state").value_nick
        return {"connection": state, "frames": self._frames, "channels": seen}

    def close(self, _: dict[str, Any]) -> dict[str, Any]:
        self._pipeline.set_state(Gst.State.NULL)
        return {}

    def _promised(self, verb: str, argument: Any) -> Any:
        promise = Gst.Promise.new()
        self._bin.emit(verb, argument, promise)
        if promise.wait() != Gst.PromiseResult.REPLIED:
            raise RuntimeError(f"{verb} was not done")
        reply = promise.get_reply()
        if reply is not None and reply.has_field("error"):
            raise RuntimeError(f"{verb}: {reply.get_value('error')}")
        return reply

    def _on_gathering(self, *_: Any) -> None:
        state = self._bin.get_property("ice-gathering-state")
        if state == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            self._gathered.set()

    def _on_pad(self, _: Any, pad: Any) -> None:
        """Decode what comes."""
        if pad.direction != Gst.PadDirection.SRC:
            return
        sink = Gst.parse_bin_from_description("rtpvp8depay ! vp8dec ! fakesink name=end", True)
        end = sink.get_by_name("end")
        end.set_property("signal-handoffs", True)
        end.connect("handoff", self._on_frame)
        self._pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    def _on_frame(self, *_: Any) -> None:
        self._frames += 1

    def _open(self, label: str) -> None:
        channel = self._bin.emit("create-data-channel", label, None)
        seen: dict[str, Any] = {"channel": channel, "state": "connecting", "got": []}
        self._channels[label] = seen
        channel.connect("on-open", lambda _: seen.update(state="open"))
        channel.connect("on-close", lambda _: seen.update(state="closed"))
        channel.connect("on-message-string", lambda _, text: seen["got"].append(text))


def main() -> None:
    Gst.init(None)
    threading.Thread(target=GLib.MainLoop().run, daemon=True).start()
    peers: dict[str, Peer] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            told = answer(peers, asked)
        except Exception as error:
            told = {"error": repr(error)}
        sys.stdout.write(json.dumps({"id": asked["id"], **told}) + "\n")
        sys.stdout.flush()


def answer(peers: dict[str, Peer], asked: dict[str, Any]) -> dict[str, Any]:
    if asked["do"] == "version":
        return {"version": ".".join(map(str, Gst.version()[:3]))}
    if asked["do"] == "offer":
        peers[asked["peer"]] = Peer()
    done: dict[str, Any] = getattr(peers[asked["peer"]], asked["do"])(asked)
    return done


if __name__ == "__main__":
    main()
