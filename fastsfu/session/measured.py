"""A session's statistics, read from what the engines have counted."""

import time
from collections.abc import Iterable
from typing import Any, Protocol

from fastsfu.engine.media import MediaEngine
from fastsfu.engine.rows import ANY, INBOUND, NO_ROW, OUTBOUND, TRANSPORT, Row, Rows
from fastsfu.events import Participant
from fastsfu.session.metadata import Metadata
from fastsfu.session.path import Path
from fastsfu.session.publisher import Publisher
from fastsfu.session.reasons import Reception, of_reception, of_sending, reasons_of
from fastsfu.session.stats import (
    EncodingStats,
    Limit,
    PathStats,
    ReceivedStats,
    SentStats,
    SessionStats,
    State,
    StreamStats,
)
from fastsfu.session.subscriber import Subscriber
from fastsfu.terms import SendingLimit
from fastsfu.tracks import ALL, Encoding, Publication, Subscription

Key = tuple[str, ...]  # of a stream, from one look to the next
Standing = Subscription | Limit  # how a publication is received, or why it is not

STATES: tuple[State, ...] = ("waiting", "flowing", "paused")  # by a row's `state`


class Room(Protocol):
    """The session's."""

    name: str

    def publications_for(self, session: Any, ids: Iterable[str]) -> list[Publication]: ...
    def changed(self, session: Any, *, metadata: bool) -> None: ...


class Subject(Protocol):
    """A session."""

    id: str
    engine: MediaEngine
    path: Path
    publisher: Publisher
    subscriber: Subscriber
    metadata: Metadata

    @property
    def room(self) -> Room: ...
    @property
    def is_direct(self) -> bool: ...
    def others(self) -> list[Participant]: ...


class Measured:
    """What a Session says of its media."""

    def stats(self: Subject, since: SessionStats | None = None) -> SessionStats:
        """How its media is doing, and why; bits a second are those since an earlier value.

        It costs a copy of the counters of its worker, and of those of whom it receives.
        """
        return Look(self, since).stats()

    def limit_sending(self: Subject, limits: Iterable[SendingLimit]) -> None:
        """What makes what it sends less than it could be, as its client sees it: the others are
        told.
        """
        found = frozenset(limits)
        if found != self.metadata.limited_by:
            self.metadata.limited_by = found
            self.room.changed(self, metadata=False)


class Look:
    """At one session, at one moment."""

    def __init__(self, session: Subject, since: SessionStats | None) -> None:
        self._session = session
        self._rows = Rows()
        self._now_us = time.monotonic_ns() // 1000
        self._seconds = 0.0 if since is None else self._now_us / 1e6 - since.at
        self._bytes_before: dict[Key, int] = {} if since is None else _bytes_in(since)

    def stats(self) -> SessionStats:
        session = self._session
        others = {each.session_id: each for each in session.others()}
        publications = session.room.publications_for(session, others)
        standings = standings_of(session.subscriber)
        receives = {each: standings.get(each, "declined") for each in publications}
        path = self._path([one for one in receives.values() if isinstance(one, Subscription)])
        sent = [self._sent(each, path) for each in session.publisher.publications.values()]
        received = [
            self._received(each, standing, path, others[each.session_id])
            for each, standing in receives.items()
        ]
        return SessionStats(
            session_id=session.id,
            room=session.room.name,
            at=self._now_us / 1e6,
            path=path,
            sends=sent,
            receives=received,
            why=reasons_of(path, sent, received),
        )

    def _path(self, receives: Iterable[Subscription]) -> PathStats:
        session, path = self._session, self._session.path
        transport = self._rows.find(session.engine, TRANSPORT, path.handle)
        sends = session.publisher.publications.values()
        up = [self._inbound(each, one) for each in sends for one in each.encodings]
        down = [self._outbound(each) for each in receives]
        rtt_us = max((int(row["rtt_us"]) for row in down if row is not None), default=0)
        estimate_bps = 0 if transport is None else int(transport["estimate_bps"])
        return PathStats(
            stage=path.stage,
            address=path.address,
            kind=path.kind,
            is_own_address=path.is_own_address,
            srtp_profile=path.srtp_profile,
            round_trip_time=rtt_us / 1e6 if rtt_us else None,
            estimate_bps=estimate_bps or None,
            fraction_lost_up=_most_lost(up),
            fraction_lost_down=_most_lost(down),
        )

    def _sent(self, publication: Publication, path: PathStats) -> SentStats:
        is_on = publication.source in self._session.publisher.passing
        encodings = self._encodings(publication, self._ladder(publication))
        limit, why = of_sending(is_on, publication.kind == "video", encodings, path)
        return SentStats(source=publication.source, encodings=encodings, limit=limit, why=why)

    def _received(
        self, publication: Publication, standing: Standing, path: PathStats, sender: Participant
    ) -> ReceivedStats:
        subscription = standing if isinstance(standing, Subscription) else None
        row = None if subscription is None else self._outbound(subscription)
        ladder = self._ladder(publication)
        about = Reception(
            path=path,
            is_direct=self._session.is_direct,
            is_video=publication.kind == "video",
            encodings=self._encodings(publication, ladder),
            scanty=[place for place, each in enumerate(ladder.values()) if each["scanty"]],
            current=self._place(row, list(ladder)),
            state=_state(subscription, row),
            absent=_absent(publication, standing),
            is_on=publication.source in sender.sources,
            limited_by=sender.limited_by if publication.kind == "video" else (),
            is_held=subscription is not None and subscription.held > 0,
            fits=0 if row is None else int(row["fits"]),
            is_thinned=row is not None and int(row["fits_temporal"]) != ANY,
            wish=ALL if subscription is None else subscription.wish,
        )
        flows = about.state == "flowing" and about.current is not None
        key = (publication.session_id, publication.source)
        limit, why = of_reception(about)
        return ReceivedStats(
            session_id=publication.session_id,
            source=publication.source,
            state=about.state,
            encodings=list(about.encodings),
            encoding=about.current if flows else None,
            height=about.encodings[about.current or 0].height if flows else None,
            stream=None if row is None else StreamStats(**self._counted(row, key)),
            limit=limit,
            why=why,
        )

    def _ladder(self, publication: Publication) -> dict[int, Row]:
        """Of its encodings by handle, the smallest first, as the engine has them."""
        rows = {each.inbound: self._inbound(publication, each) for each in publication.encodings}
        return dict(sorted(rows.items(), key=lambda item: int(item[1]["layer"])))

    def _encodings(self, publication: Publication, ladder: dict[int, Row]) -> list[EncodingStats]:
        by_handle = {each.inbound: each for each in publication.encodings}
        return [
            self._encoding(publication, by_handle[handle], row) for handle, row in ladder.items()
        ]

    def _encoding(self, publication: Publication, encoding: Encoding, row: Row) -> EncodingStats:
        key = (publication.session_id, publication.source, encoding.rid)
        return EncodingStats(
            **self._counted(row, key),
            rid=encoding.rid,
            height=int(row["height"]) or None,
            wanted=encoding.wanted,
            key_frames=int(row["keyframes"]),
            key_frame_age=self._age(int(row["last_keyframe_us"])),
        )

    def _place(self, row: Row | None, handles: list[int]) -> int | None:
        """Which of the encodings a stream carries."""
        if row is None or not row["source"]:
            return None
        origin = self._rows.origin(self._session.engine, int(row["source"]))
        return handles.index(origin) if origin in handles else None

    def _inbound(self, publication: Publication, encoding: Encoding) -> Row:
        row = self._rows.find(publication.replicas.home, INBOUND, encoding.inbound)
        return NO_ROW if row is None else row

    def _outbound(self, subscription: Subscription) -> Row | None:
        return self._rows.find(self._session.engine, OUTBOUND, subscription.outbound)

    def _counted(self, row: Row, key: Key) -> dict[str, Any]:
        """What StreamStats has of a row."""
        before = self._bytes_before.get(key)
        rate = None
        if before is not None and self._seconds > 0:
            rate = max(0, int(row["bytes"]) - before) * 8 / self._seconds
        return {
            "packets": int(row["packets"]),
            "bytes": int(row["bytes"]),
            "bits_per_second": rate,
            "packets_lost": int(row["lost"]),
            "fraction_lost": int(row["fraction_lost"]) / 256,
            "jitter": int(row["jitter_us"]) / 1e6,
            "retransmitted": int(row["retransmitted"]),
            "nack_count": int(row["nack_count"]),
            "pli_count": int(row["pli_count"]),
            "idle": self._age(int(row["last_packet_us"])),
        }

    def _age(self, then_us: int) -> float | None:
        return max(0, self._now_us - then_us) / 1e6 if then_us else None


def standings_of(subscriber: Subscriber) -> dict[Publication, Standing]:
    """Of what is not declined."""
    standings: dict[Publication, Standing] = {}
    standings |= dict.fromkeys(subscriber.waiting, "no-section")
    standings |= dict.fromkeys(subscriber.undecodable, "no-codec")
    return standings | {each.publication: each for each in subscriber.subscriptions.values()}


def _bytes_in(stats: SessionStats) -> dict[Key, int]:
    """By stream."""
    encodings = [(stats.session_id, each.source, each.encodings) for each in stats.sends]
    encodings += [(each.session_id, each.source, each.encodings) for each in stats.receives]
    sent: dict[Key, int] = {
        (session_id, source, one.rid): one.bytes
        for session_id, source, each in encodings
        for one in each
    }
    received: dict[Key, int] = {
        (each.session_id, each.source): each.stream.bytes
        for each in stats.receives
        if each.stream is not None
    }
    return sent | received


def _most_lost(rows: Iterable[Row | None]) -> float:
    shares = [int(row["fraction_lost"]) / 256 for row in rows if row is not None]
    return max(shares, default=0.0)


def _state(subscription: Subscription | None, row: Row | None) -> State:
    if subscription is None or row is None:
        return "absent"
    if subscription.paused:
        return "paused"
    return "suspended" if subscription.suspended else STATES[int(row["state"])]


def _absent(publication: Publication, standing: Standing) -> Limit | None:
    """Why it is not forwarded at all."""
    if not isinstance(standing, Subscription):
        return standing
    if standing.paused:
        return "declined"
    if standing.outbound is None:
        return "no-capacity" if publication.encodings else "sender-silent"
    return None
