"""What answers look like, and that aiortc takes them; browsers judge in test_browsers."""

import asyncio
import re

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from fastsfu.sdp import answer as answers
from fastsfu.sdp.model import MediaDescription, SentStream
from fastsfu.sdp.parse import parse
from tests.sdp.offers import CERTIFICATE, NAMES, answer, offer, read, recorded, section, stream

TRANSPORT_EXTENSION = "3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"


def direction(media: MediaDescription) -> str:
    found = [
        n for n, _ in media.attributes if n in ("sendrecv", "sendonly", "recvonly", "inactive")
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("name", NAMES)
def test_sections_stand_in_the_offers_order(name: str) -> None:
    offered, answered = parse(recorded(name)), parse(answer(read(recorded(name))))
    assert [m.kind for m in answered.media] == [m.kind for m in offered.media]
    assert [m.attributes.first("mid") for m in answered.media] == [
        m.attributes.first("mid") for m in offered.media
    ]
    for theirs, ours in zip(offered.media, answered.media, strict=True):
        assert set(ours.formats) <= set(theirs.formats)
        assert ours.protocol == theirs.protocol
        extensions = {
            each.replace("/recvonly", "/sendonly") for each in ours.attributes.all("extmap")
        }
        assert extensions <= set(theirs.attributes.all("extmap"))
        assert set(ours.attributes.all("rtcp-fb")) <= set(theirs.attributes.all("rtcp-fb"))


def test_transport() -> None:
    answered = parse(answer(read(recorded("chromium_balanced_sendrecv_datachannel"))))
    assert answered.lines[0] == ("v", "0")
    assert answered.attributes.has("ice-lite")
    assert answered.attributes.first("group") == "BUNDLE 0 1 2"
    assert answered.attributes.has("extmap-allow-mixed")
    audio, video, application = answered.media
    for media in (audio, video):
        assert media.attributes.first("setup") == "passive"
        assert media.attributes.first("fingerprint") == f"sha-256 {CERTIFICATE.fingerprint}"
        assert len(media.attributes.first("ice-ufrag") or "") == 8
        assert len(media.attributes.first("ice-pwd") or "") == 24
        assert media.attributes.has("rtcp-mux")
        assert media.attributes.has("rtcp-rsize")
        assert media.port == 9
        # aiortc takes those of the last section for the whole BUNDLE.
        assert list(media.attributes.all("candidate")) == [
            "1 1 udp 2130706431 192.0.2.1 8443 typ host",
            "2 1 udp 2130706175 2001:db8::1 8443 typ host",
        ]
        assert media.attributes.has("end-of-candidates")
    assert application.port == 9
    assert application.formats == ["webrtc-datachannel"]
    assert list(application.attributes)[:3] == [
        ("mid", "2"),
        ("sctp-port", "5000"),
        ("max-message-size", "65536"),
    ]
    assert application.attributes.first("setup") == "passive"


def test_bundle_is_in_the_offers_order_and_without_the_rejected() -> None:
    """Its first section describes the transport (RFC 9143 section 7.3.1)."""
    text = recorded("chromium_publish_receive").replace("BUNDLE 0 1 2", "BUNDLE 2 1")
    answered = parse(answer(read(text)))
    assert answered.attributes.first("group") == "BUNDLE 2 1 3 4 5"
    assert [media.port for media in answered.media] == [0, 9, 9, 9, 9, 9]


def test_we_are_the_dtls_client_of_a_server() -> None:
    answered = parse(answer(read(recorded("ffmpeg_whip"))))
    assert [m.attributes.first("setup") for m in answered.media] == ["active"] * 2


def test_directions() -> None:
    offer = read(recorded("chromium_balanced_sendrecv_datachannel"))
    for sending, receiving, expected in (
        ({}, [], "inactive"),
        ({}, ["1"], "recvonly"),
        ({"1": stream(1)}, [], "sendonly"),
        ({"1": stream(1)}, ["1"], "sendrecv"),
    ):
        answered = parse(answer(offer, sending, receiving))
        assert direction(answered.media[1]) == expected
        assert direction(answered.media[0]) == "inactive"


def test_sent_stream() -> None:
    offer = read(recorded("chromium_publish_receive"))
    audio, video = parse(answer(offer, {"2": stream(1), "3": stream(2)})).media[2:4]
    assert audio.attributes.first("msid") == "stream1 track1"
    assert list(audio.attributes.all("ssrc")) == ["1001 cname:cname1", "1001 msid:stream1 track1"]
    assert not audio.attributes.has("ssrc-group")  # no RTX was offered
    assert video.attributes.first("ssrc-group") == "FID 1002 2002"
    assert list(video.attributes.all("ssrc")) == [
        "1002 cname:cname2",
        "1002 msid:stream2 track2",
        "2002 cname:cname2",
        "2002 msid:stream2 track2",
    ]


def test_transport_feedback_in_both_directions() -> None:
    offer = read(recorded("chromium_balanced_sendrecv_datachannel"))
    media = parse(answer(offer, {"1": stream(1)}, ["0"])).media
    assert TRANSPORT_EXTENSION in media[0].attributes.all("extmap")
    assert "111 transport-cc" in media[0].attributes.all("rtcp-fb")
    assert TRANSPORT_EXTENSION in media[1].attributes.all("extmap")
    feedback = list(media[1].attributes.all("rtcp-fb"))
    assert feedback[:4] == ["96 nack", "96 nack pli", "96 ccm fir", "96 transport-cc"]
    assert not any("goog-remb" in each for each in feedback)


def test_without_transport_feedback_estimates_are_told_by_remb() -> None:
    """A receiver tells its own; a sender is told what is wanted."""
    text = recorded("chromium_balanced_sendrecv_datachannel")
    offer = read(re.sub(r"a=rtcp-fb:\d+ transport-cc\r\n", "", text))
    sent = parse(answer(offer, {"1": stream(1)}, [])).media[1]
    assert "96 goog-remb" in list(sent.attributes.all("rtcp-fb"))
    received = parse(answer(offer, {}, ["1"])).media[1]
    assert "96 goog-remb" in list(received.attributes.all("rtcp-fb"))


def test_parameters_tell_configurations_apart_and_limit_nobody() -> None:
    media = parse(answer(read(recorded("chromium_publish_receive")))).media
    assert list(media[0].attributes.all("fmtp")) == [
        "63 111/111",
        "111 minptime=10;useinbandfec=1",
    ]
    fmtp = dict(line.split(" ", 1) for line in media[1].attributes.all("fmtp"))
    assert fmtp["102"] == ("level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f")
    assert fmtp["98"] == "profile-id=0"
    assert fmtp["45"] == "level-idx=5;profile=0;tier=0"
    assert fmtp["97"] == "apt=96"
    # max-fs and max-fr are what Firefox can decode, no wish of the room.
    firefox = parse(answer(read(recorded("firefox_publish_receive")))).media[1]
    assert list(firefox.attributes.all("fmtp")) == ["124 apt=120", "125 apt=121", "100 apt=99"]


def test_stereo_is_asked_of_who_has_it() -> None:
    text = recorded("chromium_publish_receive")
    stereo = text.replace("useinbandfec=1", "useinbandfec=1;stereo=1;sprop-stereo=1")
    audio = parse(answer(read(stereo))).media[0]
    assert "111 minptime=10;useinbandfec=1;stereo=1" in audio.attributes.all("fmtp")
    # Firefox says stereo=1 of every microphone: it can receive it.
    firefox = parse(answer(read(recorded("firefox_publish_receive")))).media[0]
    assert firefox.attributes.first("fmtp") == "109 useinbandfec=1"


@pytest.mark.parametrize(
    ("sending", "receiving"),
    [({"9": stream(1)}, []), ({"0": stream(1)}, []), ({}, ["2"]), ({}, ["9"])],
)
def test_mids_that_the_offer_has_not(sending: dict[str, SentStream], receiving: list[str]) -> None:
    with pytest.raises(ValueError, match="the client does not"):
        answer(read(recorded("chromium_publish_receive")), sending, receiving)


def test_rejected_section_cannot_be_used() -> None:
    with pytest.raises(ValueError, match="does not send in a section '2'"):
        answer(read(recorded("chromium_balanced_sendrecv_datachannel")), {}, ["2"])


async def test_aiortc_takes_the_answer() -> None:
    """As a publisher that also receives, and as a viewer."""
    for publishes in (True, False):
        connection = RTCPeerConnection()
        if publishes:
            connection.addTrack(AudioStreamTrack())
            connection.addTrack(VideoStreamTrack())
        else:
            connection.addTransceiver("audio", direction="recvonly")
            connection.addTransceiver("video", direction="recvonly")
        tracks: asyncio.Queue[str] = asyncio.Queue()
        connection.on("track", lambda track, tracks=tracks: tracks.put_nowait(track.id))
        await connection.setLocalDescription(await connection.createOffer())
        offer = read(connection.localDescription.sdp)
        text = answer(offer, {"0": stream(1), "1": stream(2)})
        await connection.setRemoteDescription(RTCSessionDescription(text, "answer"))
        assert connection.signalingState == "stable"
        expected = "sendrecv" if publishes else "recvonly"
        assert [t.currentDirection for t in connection.getTransceivers()] == [expected] * 2
        assert {tracks.get_nowait(), tracks.get_nowait()} == {"track1", "track2"}
        await connection.close()


def test_clients_of_one_browser_share_what_is_answered() -> None:
    """Whatever they call themselves and send, and whatever parameters no answer repeats."""
    answers._kept_body.cache_clear()
    for client in range(1, 4):
        own = f"a=ssrc:{client} cname:{client}\r\na=msid:{client} {client}\r\n"
        fmtp = f"a=fmtp:111 minptime=10;useinbandfec=1;x{client}=1\r\n"
        answer(read(offer(section("0", attributes=own + fmtp), section("1", "video"))))
    assert answers._kept_body.cache_info().currsize == 2


def test_a_large_description_is_answered_and_not_remembered() -> None:
    answers._kept_body.cache_clear()
    fmtp = f"a=fmtp:96 profile-level-id={'4' * answers.MAX_KEPT};packetization-mode=1\r\n"
    h264 = section("0", "video", fmtp).replace("VP8", "H264")
    text = answer(read(offer(h264, session="a=group:BUNDLE 0\r\n")))
    assert answers._kept_body.cache_info().currsize == 0
    assert "H264" in str(text)
