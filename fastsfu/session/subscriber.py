"""What one session receives: publications of others, one in each receiving section of its offers.

A publication waits here until an offer has a section for it; a section whose publication has ended
is free for the next of its kind. All but `follow` and `set` cost the same however many there are.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

from fastsfu.engine.media import MediaEngine
from fastsfu.sdp.codecs import described, tells_by_number
from fastsfu.sdp.negotiate import Offer, OfferedSection, match_payload_types
from fastsfu.session.bundle import Bundle
from fastsfu.session.flows import Flows
from fastsfu.session.quotas import Account
from fastsfu.terms import Kind, Source
from fastsfu.tracks import (
    PayloadTypes,
    Publication,
    Subscription,
    SubscriptionInfo,
    Wish,
    same_payload_types,
)

EVERYBODY = "*"


class Subscriber:
    """One session's subscriptions by mid, and the publications that wait for one."""

    def __init__(
        self,
        engine: MediaEngine,
        account: Account,
        watch: str | None = None,
        *,
        holds: bool = False,
        on_nothing_left: Callable[[], None] | None = None,
    ) -> None:
        """Nothing is made in the engine before `open`.

        `watch`: the only session id whose publications are received. `holds`: what is new waits
        for `release`. Firefox takes packets that overtake the answer for another section's, and
        never hears theirs then. `on_nothing_left` is called, in a turn of the loop of its own, when
        all that was received has ended.
        """
        self._flows = Flows(engine, account)
        self._is_open = False
        self._permitted = True
        self._watch = watch
        self._holds = holds
        self._on_nothing_left = on_nothing_left
        self._by_publication: dict[Publication, Subscription] = {}
        self._waiting: dict[Publication, None] = {}  # an ordered set, like the next one
        self._undecodable: dict[Publication, None] = {}
        self._settings: dict[str, dict[Source, bool | Wish]] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.wanted: dict[Kind, int] = {"audio": 0, "video": 0}  # subscribed or waiting, by kind
        self.most_wanted = dict(self.wanted)  # ever: a client keeps the sections of what has ended

    @property
    def waits(self) -> bool:
        """True when another offer would bring more."""
        return bool(self._waiting)

    def described(self) -> dict[str, SubscriptionInfo]:
        """Whose source each section carries, by mid."""
        return {
            mid: SubscriptionInfo(each.publication.session_id, each.publication.source)
            for mid, each in self.subscriptions.items()
        }

    def add(self, publication: Publication) -> bool:
        """Take note of a new publication; True when it waits for a section now."""
        if not self._accepts(publication):
            return False
        self._waiting[publication] = None
        kind = publication.kind
        self.wanted[kind] += 1
        self.most_wanted[kind] = max(self.most_wanted[kind], self.wanted[kind])
        return True

    def remove(self, publication: Publication) -> None:
        """The publication ends; its section is free for another one."""
        self._undecodable.pop(publication, None)
        if publication in self._waiting:
            del self._waiting[publication]
            self.wanted[publication.kind] -= 1
        elif subscription := self._by_publication.get(publication):
            self._end(subscription)
            if not self.subscriptions and self._on_nothing_left is not None:
                asyncio.get_running_loop().call_soon(self._on_nothing_left)

    def forget(self, session_id: str) -> None:
        """The session has left, so what was set for it is of no use any more."""
        self._settings.pop(session_id, None)

    def set(
        self,
        settings: Mapping[str, Mapping[Source, bool | Wish]],
        publications: Iterable[Publication],
    ) -> bool:
        """Decline (False) or take back (True, or as far as a wish says) sources; `publications` are
        those that this can concern.

        A declined source that is subscribed keeps its section and pauses. True when one waits for a
        section now.
        """
        for session_id, sources in settings.items():
            self._settings.setdefault(session_id, {}).update(sources)
        asks = False
        for publication in publications:
            if subscription := self._by_publication.get(publication):
                self._prefer(subscription)
                self._flows.pause(subscription, not self._accepts(publication))
            elif publication in self._waiting:
                if not self._accepts(publication):
                    self.remove(publication)
            elif publication not in self._undecodable:
                asks |= self.add(publication)
        return asks

    def permit(self, permitted: bool, publications: Iterable[Publication]) -> bool:
        """Receive nothing any more, or these publications again; what it returns is as of `set`."""
        self._permitted = permitted
        return self.set({}, publications)

    def follow(self, bundle: Bundle, offer: Offer) -> list[str]:
        """Fill the receiving sections of `offer`; returns why, in a sentence each, what newly
        turned out to be undecodable is so.

        Subscriptions whose section is gone, or has other codecs, or whose SSRC the client now uses
        itself, give way and wait again.
        """
        self._flows.bundle = bundle
        sections = {
            each.mid: each for each in offer.sections if each.client_receives and each.codecs
        }
        for subscription in list(self.subscriptions.values()):
            section = sections.get(subscription.mid)
            stays = section is not None and same_payload_types(section.codecs, subscription.codecs)
            if not stays or bundle.collides(subscription.stream):
                self._end(subscription)
                self.add(subscription.publication)
        free: dict[str, list[OfferedSection]] = {"audio": [], "video": []}
        for mid, section in sections.items():
            if mid not in self.subscriptions:
                free[section.kind].append(section)
        undecodable = self._fill(bundle, free)
        self._open_all()
        return undecodable

    def open(self) -> None:
        """Media can go: the client is at an address that it has proven."""
        self._is_open = True
        self._open_all()

    def release(self) -> None:
        """The client has the last answer in force: what is new in it may come now."""
        for subscription in self.subscriptions.values():
            if subscription.held:
                self._flows.release(subscription)

    def close(self) -> None:
        """Forget everything; the streams are freed with the transport."""
        for subscription in self.subscriptions.values():
            self._flows.forget(subscription)
        self._by_publication.clear()
        self._waiting.clear()
        self._undecodable.clear()
        self.subscriptions.clear()
        self.wanted = {"audio": 0, "video": 0}

    def _accepts(self, publication: Publication) -> bool:
        """By default yes; what is said of its session wins over what is said of everybody."""
        if self._watch not in (None, publication.session_id) or not self._permitted:
            return False
        return self._setting(publication) is not False

    def _setting(self, publication: Publication) -> bool | Wish:
        everybody = self._settings.get(EVERYBODY, {}).get(publication.source, True)
        return self._settings.get(publication.session_id, {}).get(publication.source, everybody)

    def _fill(self, bundle: Bundle, free: Mapping[str, list[OfferedSection]]) -> list[str]:
        undecodable = []
        for publication in [*self._waiting, *self._undecodable]:
            sections = free[publication.kind]
            if not sections or not self._accepts(publication):
                continue
            found = _matching_section(publication, sections)
            if found is not None:
                position, payload_types = found
                self._begin(bundle, publication, sections.pop(position), payload_types)
            elif publication in self._waiting:
                self.remove(publication)
                self._undecodable[publication] = None
                undecodable.append(_why_undecodable(publication, sections))
        return undecodable

    def _begin(
        self,
        bundle: Bundle,
        publication: Publication,
        section: OfferedSection,
        payload_types: PayloadTypes,
    ) -> None:
        if publication in self._undecodable:
            del self._undecodable[publication]
            self.wanted[publication.kind] += 1
        else:
            del self._waiting[publication]
        has_rtx = any(rtx_pt != -1 for _, _, rtx_pt in payload_types)
        subscription = Subscription(
            publication=publication,
            mid=section.mid,
            codecs=section.codecs,
            ssrc=bundle.allocate_ssrc(),
            rtx_ssrc=bundle.allocate_ssrc() if has_rtx else None,
            payload_types=payload_types,
            held=self._holds,
            numbered=tells_by_number(section),
        )
        self._by_publication[publication] = subscription
        self.subscriptions[section.mid] = subscription
        self._prefer(subscription)

    def _prefer(self, subscription: Subscription) -> None:
        """As much of it as is wanted. A source that is declined keeps its wish."""
        setting = self._setting(subscription.publication)
        if setting is not False:
            self._flows.wish(subscription, setting if isinstance(setting, Wish) else Wish())

    def _open_all(self) -> None:
        if self._is_open:
            for subscription in self.subscriptions.values():
                if subscription.outbound is None:
                    self._flows.open(subscription)

    def _end(self, subscription: Subscription) -> None:
        del self.subscriptions[subscription.mid]
        del self._by_publication[subscription.publication]
        self.wanted[subscription.publication.kind] -= 1
        self._flows.end(subscription)


def _matching_section(
    publication: Publication, sections: Sequence[OfferedSection]
) -> tuple[int, PayloadTypes] | None:
    """The first section that can carry it, and how payload types map; sections of one client mostly
    have the same codecs, which are then tried once.
    """
    tried = None
    for position, section in enumerate(sections):
        if tried is not None and same_payload_types(section.codecs, tried):
            continue
        tried = section.codecs
        if payload_types := match_payload_types(publication.codecs, section.codecs):
            return position, payload_types
    return None


def _why_undecodable(publication: Publication, sections: Sequence[OfferedSection]) -> str:
    takes = described(codec for section in sections for codec in section.codecs)
    return (
        f"The {publication.source} of {publication.session_id} comes in "
        f"{described(publication.codecs)} only, and the client takes {takes}."
    )
