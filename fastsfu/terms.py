"""Words that options, messages and the domain share: what is sent, and what carries a call."""

from typing import Literal, get_args

Kind = Literal["audio", "video"]
Source = Literal["audio", "video", "screenVideo", "screenAudio"]
SOURCES: tuple[Source, ...] = get_args(Source)

# In the order in which sections without a named source get theirs.
SOURCES_OF: dict[Kind, tuple[Source, ...]] = {
    "audio": ("audio", "screenAudio"),
    "video": ("video", "screenVideo"),
}
KIND_OF: dict[Source, Kind] = {
    source: kind for kind, sources in SOURCES_OF.items() for source in sources
}

# What the way to a receiver leaves of a picture: less of it, or nothing.
Unfit = Literal["bandwidth", "suspended"]

Carrier = Literal["peer", "sfu"]
Carried = Literal["none", "peer", "sfu"]  # none: nobody is there to talk to

PathKind = Literal["udp", "tcp", "relay"]  # how a client's media comes

# Properties of a room
TopologyProperty = Literal["auto", "sfu", "p2p"]
P2pPolicy = Literal["direct", "relay", "off"]

# What rights and moderation are about: the screen is shared, or taken away, with its sound.
Publishable = Literal["audio", "video", "screen"]
SOURCES_UNDER: dict[Publishable, tuple[Source, ...]] = {
    "audio": ("audio",),
    "video": ("video",),
    "screen": ("screenVideo", "screenAudio"),
}

# What makes what a client sends less than it could be, as it says itself.
SendingLimit = Literal["uplink", "cpu"]
