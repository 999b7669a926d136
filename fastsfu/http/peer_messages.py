"""The part of the protocol about P2P: what carries the call, and what two clients that connect
directly have to say to each other. The server relays the latter and does not read it.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from fastsfu.http.model import Mid, Model, SessionId

MAX_SDP_BYTES = 64 * 1024
Number = Annotated[int, Field(ge=1, le=2**53, description="of the P2P connection")]


class PeerConnection(Model):
    """A P2P connection to make with another session; a new number is a new RTCPeerConnection.

    Perfect negotiation: the impolite side makes the first offer, with one section for each source
    in the order audio, video, screenVideo, screenAudio; each serves both directions.
    """

    number: Number
    session_id: SessionId
    polite: bool = Field(description="the other one offers first, and wins when both offer")
    relay: bool = Field(description="through TURN only: iceTransportPolicy `relay`")


class Topology(Model):
    """What carries the call for this client. State, not a step: each replaces the one before."""

    topology: Literal["none", "peer", "sfu"] = Field(
        description="what to show as soon as its media arrives; none: nobody is there to talk to"
    )
    sending: list[Literal["peer", "sfu"]] = Field(
        description="over what to send; both during a change, until both sides have said `carried`"
    )
    peer: PeerConnection | None = Field(
        default=None, description="the P2P connection to have or make; close any other"
    )


class TopologyMessage(Topology):
    """What carries the call has changed, is to change, or has done so on both sides."""

    type: Literal["topology"] = "topology"


class PeerDescriptionMessage(Model):
    """An offer or answer for the P2P connection of that number, relayed to its other side."""

    type: Literal["peer-description"] = "peer-description"
    number: Number
    kind: Literal["offer", "answer"]
    sdp: Annotated[str, StringConstraints(min_length=1, max_length=MAX_SDP_BYTES)]


class PeerCandidateMessage(Model):
    """A trickled ICE candidate (RFC 8838), relayed likewise; `""` ends those of a generation."""

    type: Literal["peer-candidate"] = "peer-candidate"
    number: Number
    candidate: Annotated[str, StringConstraints(max_length=1024)]
    sdp_mid: Mid | None = None
    sdp_mline_index: Annotated[int, Field(ge=0, le=1024)] | None = None
    username_fragment: Annotated[str, StringConstraints(max_length=256)] | None = None


class PeerState(Model):
    """How a P2P connection is: `failed` ends it, `interrupted` is being repaired."""

    type: Literal["peer-state"] = "peer-state"
    number: Number
    state: Literal["connected", "interrupted", "failed"]


class CarriedMessage(Model):
    """All that the other side has on arrives over this now, and is shown; see `topology`."""

    type: Literal["carried"] = "carried"
    number: Number
    by: Literal["peer", "sfu"]


class SetTopology(Model):
    """An owner asks for P2P (as soon as two are left), the SFU, or the default again."""

    type: Literal["set-topology"] = "set-topology"
    topology: Literal["auto", "peer", "sfu"]
