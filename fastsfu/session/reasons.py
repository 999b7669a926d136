"""Why a stream is as it is, in words: questions in order, of which the first says it. Pure."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fastsfu.session.stats import (
    EncodingStats,
    Limit,
    PathStats,
    ReceivedStats,
    SentStats,
    Stage,
    State,
)
from fastsfu.terms import SendingLimit
from fastsfu.tracks import Wish

LIVE_SECONDS = 2.0  # without a packet an encoding of a picture is not sent any more
SILENT_SECONDS = 5.0  # the same of sound, which pauses while nobody speaks (DTX)
LOSSY = 0.02  # share of packets

STAGES: dict[Stage, str] = {
    "no-offer": "The client has not offered any media yet.",
    "no-ice": "No ICE check has come from the client, on UDP or TCP: a firewall blocks them, or "
    "media_ips are not what it reaches.",
    "no-dtls": "ICE checks have come from the client, but no DTLS: something on the way lets "
    "nothing else than STUN through.",
    "media": "",
}


class Reason(NamedTuple):
    """`limit` None: nothing limits it."""

    limit: Limit | None
    why: str


@dataclass(frozen=True, slots=True)
class Reception:
    """What is known of one source on its way to one receiver."""

    path: PathStats  # the receiver's
    is_direct: bool  # another connection carries the call
    is_video: bool
    encodings: Sequence[EncodingStats]  # of the sender, the smallest first
    scanty: Collection[int]  # those of which too little comes to be shown
    current: int | None  # which of them flows
    state: State
    absent: Limit | None  # why it is not forwarded at all
    is_on: bool  # its sender has it on, and may
    limited_by: Collection[SendingLimit]  # what its sender says of what it sends
    is_held: bool  # until the receiver has confirmed it
    fits: int  # the highest encoding that does, ANY: whatever there is
    is_thinned: bool  # of that one not all pictures fit
    wish: Wish

    @property
    def seconds(self) -> float:
        """Without a packet, until it is not sent any more."""
        return LIVE_SECONDS if self.is_video else SILENT_SECONDS

    @property
    def live(self) -> list[int]:
        """The encodings that come and are of use."""
        return [
            place
            for place, one in enumerate(self.encodings)
            if is_live(one, self.seconds) and place not in self.scanty
        ]


def is_live(encoding: EncodingStats, seconds: float = LIVE_SECONDS) -> bool:
    return encoding.idle is not None and encoding.idle < seconds


def has_stopped(encoding: EncodingStats, seconds: float) -> bool:
    """It is wanted, and came once. (Browsers leave out the smallest of a small picture, always.)"""
    return encoding.wanted and encoding.idle is not None and encoding.idle >= seconds


def of_reception(about: Reception) -> Reason:
    """Why somebody gets a source as they do."""
    for question in _QUESTIONS:
        if answer := question(about):
            return answer
    size = _lines(about.encodings[about.current].height) if about.current is not None else ""
    return Reason(None, f"All that its sender sends{f', {size}' if size else ''}.")


def of_sending(
    is_on: bool, is_video: bool, encodings: Sequence[EncodingStats], path: PathStats
) -> Reason:
    """Why what a client sends comes as it does."""
    seconds = LIVE_SECONDS if is_video else SILENT_SECONDS
    wanted = [one for one in encodings if one.wanted]
    if path.stage != "media":
        return Reason("no-path", STAGES[path.stage])
    if not is_on:
        return Reason("sender-off", "It is turned off, by its sender or a host, or not allowed.")
    if 0 < len(wanted) == len(encodings) and not any(is_live(one, seconds) for one in wanted):
        return Reason("sender-silent", "Nothing of it comes from the client.")
    lost = max((one.fraction_lost for one in encodings), default=0.0)
    if lost >= LOSSY:
        words = f"{lost:.0%} of it is lost between the client and the server."
        return Reason("sender-link", words)
    if stopped := sum(has_stopped(one, seconds) for one in encodings):
        words = f"{stopped} of {len(encodings)} encodings do not come: the client's uplink"
        return Reason("sender-link", f"{words} or machine is too weak for them.")
    return Reason(None, "All that is wanted of it comes.")


def reasons_of(
    path: PathStats, sends: Iterable[SentStats], receives: Iterable[ReceivedStats]
) -> list[str]:
    """All that is not as it could be, of a whole session."""
    if path.stage != "media":
        return [STAGES[path.stage]]
    found = [f"Sends {each.source}: {each.why}" for each in sends if each.limit]
    found += [
        f"Receives {each.source} of {each.session_id}: {each.why}"
        for each in receives
        if each.limit
    ]
    if path.kind == "tcp":
        found.append("Its media goes over TCP: something on the way lets no UDP through.")
    if path.fraction_lost_down >= LOSSY:
        found.append(f"{path.fraction_lost_down:.0%} is lost between the server and the client.")
    return found


def _not_forwarded(about: Reception) -> Reason | None:
    if about.path.stage != "media":
        return Reason("no-path", STAGES[about.path.stage])
    if about.is_direct:
        return Reason("direct", "The call is direct: its media does not pass through the server.")
    return None if about.absent is None else Reason(about.absent, _ABSENT[about.absent])


def _not_sent(about: Reception) -> Reason | None:
    if not about.is_on:
        return Reason("sender-off", "Its sender has turned it off, or a host has.")
    if about.is_held:
        return Reason("unconfirmed", "The client has not confirmed yet that it knows of it.")
    if not about.live:
        return Reason("sender-silent", "Nothing of it comes from its sender.")
    return None


def _suspended(about: Reception) -> Reason | None:
    if about.state == "suspended":
        words = f"Suspended: {_fits(about)}, too little for its smallest size beside the sound."
        return Reason("suspended", words)
    if about.state == "waiting" or about.current is None:
        return Reason("keyframe", "It waits for the next keyframe of its sender.")
    return None


def _smaller(about: Reception) -> Reason | None:
    """A larger one comes than the client gets."""
    largest = max(about.live)
    if about.current is None or about.current >= largest:
        return _thinned(about)
    size, most = (_lines(about.encodings[place].height) for place in (about.current, largest))
    words = f"{size or 'A smaller size'} instead of {most or 'the largest'}"
    if size and size == most:  # a shared screen
        words = "Fewer pictures a second"
    if about.current >= _most_wished(about, largest):
        return Reason("wish", f"{words}: the client asks for no more.")
    if about.fits <= about.current:
        rate = about.encodings[largest].bits_per_second
        needs = "" if rate is None else f", and the larger one needs {_kbits(rate)}"
        return Reason("bandwidth", f"{words}: {_fits(about)}{needs}.")
    return Reason("keyframe", f"{words}: it waits for the larger one's next keyframe.")


def _most_wished(about: Reception, largest: int) -> int:
    """Which encoding the receiver asks for at most."""
    wish, most = about.wish, largest
    if wish.layer is not None:
        most = min(most, wish.layer)
    while most and wish.max_height and (about.encodings[most].height or 0) > wish.max_height:
        most -= 1
    return most


def _thinned(about: Reception) -> Reason | None:
    if about.is_thinned and about.current is not None and about.fits <= about.current:
        return Reason("bandwidth", f"Fewer pictures a second: {_fits(about)}.")
    return None


def _lossy(about: Reception) -> Reason | None:
    lost = about.encodings[about.current or 0].fraction_lost
    if lost >= LOSSY:
        words = f"{lost:.0%} of it is lost between its sender and the server."
        return Reason("sender-link", words)
    if "cpu" in about.limited_by:
        return Reason("sender-cpu", "Its sender's machine is too busy to send more.")
    if "uplink" in about.limited_by:
        return Reason("sender-link", "Its sender's uplink is too weak for more.")
    if about.scanty or any(has_stopped(one, about.seconds) for one in about.encodings):
        words = "Its sender sends no larger size: its uplink or its machine is too weak."
        return Reason("sender-link", words)
    return None


_QUESTIONS: tuple[Callable[[Reception], Reason | None], ...] = (
    _not_forwarded, _not_sent, _suspended, _smaller, _lossy,
)  # fmt: skip
_ABSENT: dict[Limit, str] = {
    "no-section": "The client has not offered a section to receive it in yet.",
    "no-codec": "The client knows none of the codecs that its sender sends.",
    "no-capacity": "The server, or the quota of the token or room, has no stream left for it.",
    "declined": "The client declines it, or may not receive.",
    "sender-silent": "Its sender has no media path to the server.",
}


def _fits(about: Reception) -> str:
    estimate = about.path.estimate_bps
    return "its link is full" if not estimate else f"{_kbits(estimate)} fit to the client"


def _kbits(bits_per_second: float) -> str:
    return f"{bits_per_second / 1000:.0f} kbit/s"


def _lines(height: int | None) -> str:
    return f"{height} lines" if height else ""
