"""What one session receives: publications of others, one in each receiving section of its offers.

A publication waits here until an offer has a section for it, or goes, at a client that can be told
so, into one that was described and left empty (spares.py). A section whose publication has ended is
free for the next of its kind with the next offer. All but `follow` and `review` cost the same
however many there are.
"""

import asyncio
from collections.abc import Callable, Iterable

from fastsfu.engine.media import MediaEngine
from fastsfu.events import SubscriptionInfo
from fastsfu.sdp.codecs import MID, tells_by_number
from fastsfu.sdp.negotiate import Offer, SentStream
from fastsfu.session.bundle import Bundle
from fastsfu.session.decodable import matching_place, why_undecodable
from fastsfu.session.flows import Flows
from fastsfu.session.limits import Limits
from fastsfu.session.quotas import Account
from fastsfu.session.receive_settings import ReceiveSettings
from fastsfu.session.spares import Spare, Spares, spare_beyond
from fastsfu.terms import Kind
from fastsfu.tracks import (
    Bond,
    PayloadTypes,
    Publication,
    Subscription,
    same_payload_types,
)


class Subscriber:
    """One session's subscriptions by mid, and the publications that wait for one."""

    def __init__(
        self,
        engine: MediaEngine,
        account: Account,
        settings: ReceiveSettings,
        *,
        holds: bool = False,
        maps: bool = False,
        on_nothing_left: Callable[[], None] | None = None,
        on_picture: Callable[[], None] = lambda: None,
        limits: Limits | None = None,
    ) -> None:
        """Nothing is made in the engine before `open`.

        `settings`: what is to be received. `holds`: what is new waits for `release`. Firefox takes
        packets that overtake the answer for another section's, and never hears theirs then. `maps`:
        the client takes what `map` tells of. `on_nothing_left` is called, in a turn of the loop of
        its own, when all that was received has ended; `on_picture` when the first one of a video is
        on its way to the client.
        """
        self.limits = limits or Limits(lambda _: None, takes_all=False)
        self._flows = Flows(engine, account, self.limits, on_picture)
        self._is_open = False
        self._settings = settings
        self._holds, self._maps = holds or maps, maps
        self._on_nothing_left = on_nothing_left
        self._spares = Spares()
        self._by_publication: dict[Publication, Subscription] = {}
        self._held: dict[Subscription, None] = {}  # an ordered set, like the next three
        self._untold: dict[Subscription, None] = {}  # mapped, and not told since
        self.waiting: dict[Publication, None] = {}
        self.undecodable: dict[Publication, None] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.wanted: dict[Kind, int] = {"audio": 0, "video": 0}  # subscribed or waiting, by kind
        self.crowded = False  # not all that is wanted has room in one offer
        self.revision = 0  # of what the client was told
        self._answered = 0  # the revision of the last answer

    def tell_limits(self) -> None:
        """Again, to a client that has come back."""
        self.limits.tell_again(self.subscriptions.values())

    def gains(self, most: int) -> bool:
        """Another offer would bring more of what waits, in `most` sections at most: further ones,
        or what carries nothing.
        """
        count, spares = self.sections(most), self._spares
        kinds = {publication.kind for publication in self.waiting}
        return any(count[kind] > spares.offered[kind] or spares.idle(kind) for kind in kinds)

    def sections(self, most: int) -> dict[Kind, int]:
        """How many receiving sections the client should have, by kind: what is wanted, sound first,
        and as many spare ones as it has a use for, within `most` in all.
        """
        audio = min(self.wanted["audio"], max((most + 1) // 2, most - self.wanted["video"]))
        video = min(self.wanted["video"], most - audio)
        self.crowded = (audio, video) != tuple(self.wanted.values())
        counts: dict[Kind, int] = {"audio": audio, "video": video}
        if not self._maps:
            return counts
        room = (most - audio - video) // len(counts)
        return {kind: count + min(spare_beyond(count), room) for kind, count in counts.items()}

    def streams(self) -> dict[str, SentStream]:
        """What the sections carry, or could, by mid."""
        spares = {spare.section.mid: spare.stream for spare in self._spares}
        return spares | {mid: each.stream for mid, each in self.subscriptions.items()}

    def described(self) -> dict[str, SubscriptionInfo]:
        """Whose source each section carries, by mid."""
        return {mid: each.info for mid, each in self.subscriptions.items()}

    def add(self, publication: Publication) -> bool:
        """Take note of a new publication; True when it waits for a section now."""
        if not self._settings.accepts(publication):
            return False
        self.waiting[publication] = None
        self.wanted[publication.kind] += 1
        return True

    def remove(self, publication: Publication) -> None:
        """The publication ends; its section is free for another one."""
        self.undecodable.pop(publication, None)
        if publication in self.waiting:
            del self.waiting[publication]
            self.wanted[publication.kind] -= 1
        elif subscription := self._by_publication.get(publication):
            self._end(subscription)
            if not self.subscriptions and self._on_nothing_left is not None:
                asyncio.get_running_loop().call_soon(self._on_nothing_left)

    def forget(self, session_id: str) -> None:
        """The session has left, so what was set for it is of no use any more."""
        self._settings.forget(session_id)

    def review(self, publications: Iterable[Publication]) -> bool:
        """Decline (False) or take back (True, or as far as a wish says) sources; `publications` are
        those that this can concern.

        A declined source that is subscribed pauses, and keeps its section unless others have none.
        True when one waits for a section now.
        """
        asks = False
        for publication in publications:
            if subscription := self._by_publication.get(publication):
                if asks_others := self.crowded and not self._settings.accepts(publication):
                    self._end(subscription)
                else:
                    self._prefer(subscription)
                    self._flows.pause(subscription, not self._settings.accepts(publication))
                asks |= asks_others
            elif publication in self.waiting:
                if not self._settings.accepts(publication):
                    self.remove(publication)
            elif publication not in self.undecodable:
                asks |= self.add(publication)
        return asks

    def permit(self, permitted: bool, publications: Iterable[Publication]) -> bool:
        """Receive nothing any more, or these publications again; it returns what `review` does."""
        self._settings.permitted = permitted
        return self.review(publications)

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
            if not stays or bundle.collides(subscription.ssrc, subscription.rtx_ssrc):
                self._end(subscription)
                self.add(subscription.publication)
        self._spares.keep(sections, bundle.collides)
        known = self.subscriptions.keys() | {spare.section.mid for spare in self._spares}
        free = [section for mid, section in sections.items() if mid not in known]
        self._spares.add(free, bundle.allocate_ssrc, self._waiting_kinds())
        self.revision += 1
        self._answered = self.revision
        self._untold.clear()
        undecodable = self._fill([*self.waiting, *self.undecodable], strict=False)
        if not self._maps:
            self._spares.clear()
        self._open_all()
        return undecodable

    def map(self) -> tuple[dict[str, SubscriptionInfo], list[str]]:
        """Put what waits into sections that are described and empty.

        Returns what the client is to be told now, by mid, under the new `revision`; and, like
        `follow`, what is undecodable.
        """
        if not self._maps:
            return {}, []
        self.revision += 1
        before = len(self._held)
        undecodable = self._fill(list(self.waiting), strict=True)
        begun = list(self._held)[before:]
        for subscription in begun:
            self._open(subscription)
        told = {**self._untold, **dict.fromkeys(begun)}
        self._untold.clear()
        for subscription in told:
            subscription.held = self.revision
        return {each.mid: each.info for each in told}, undecodable

    def tell_again(self) -> bool:
        """What was told and not confirmed may have got lost. True when there is such."""
        self._untold = dict(self._held) if self._maps else {}
        return bool(self._untold)

    def open(self) -> None:
        """Media can go: the client is at an address that it has proven."""
        self._is_open = True
        self._open_all()

    def release(self, revision: int | None = None) -> None:
        """The client has confirmed what was told until this revision (None: the last answer): what
        was new in it may come now.
        """
        confirmed = self._answered if revision is None else revision
        for subscription in [each for each in self._held if each.held <= confirmed]:
            del self._held[subscription]
            self._untold.pop(subscription, None)
            self._flows.release(subscription)

    def close(self) -> None:
        """Forget everything; the streams are freed with the transport."""
        self.limits.close()
        for subscription in self.subscriptions.values():
            self._flows.forget(subscription)
        self._by_publication.clear()
        self.waiting.clear()
        self.undecodable.clear()
        self._held.clear()
        self._untold.clear()
        self.subscriptions.clear()
        self.wanted = {"audio": 0, "video": 0}

    def _waiting_kinds(self) -> dict[Bond, list[Kind]]:
        kinds: dict[Bond, list[Kind]] = {}
        for publication in self.waiting:
            kinds.setdefault(publication.bond, []).append(publication.kind)
        return kinds

    def _fill(self, publications: Iterable[Publication], *, strict: bool) -> list[str]:
        undecodable = []
        waiting = self._waiting_kinds()
        for publication in publications:
            if not self._settings.accepts(publication):
                continue
            bond, kind = publication.bond, publication.kind
            found = matching_place(
                publication, self._spares.places(bond, kind, waiting, strict=strict)
            )
            if found is not None:
                self._begin(publication, *found)
                continue
            places = self._spares.places(bond, kind, waiting, strict=strict)
            sections = [place.section for place in places]
            if sections and publication in self.waiting:
                self.remove(publication)
                self.undecodable[publication] = None
                undecodable.append(why_undecodable(publication, sections))
        return undecodable

    def _begin(self, publication: Publication, spare: Spare, payload_types: PayloadTypes) -> None:
        if publication in self.undecodable:
            del self.undecodable[publication]
            self.wanted[publication.kind] += 1
        else:
            del self.waiting[publication]
        self._spares.take(spare, publication.bond)
        has_rtx = any(rtx_pt != -1 for _, _, rtx_pt in payload_types)
        subscription = Subscription(
            publication=publication,
            mid=spare.section.mid,
            codecs=spare.section.codecs,
            ssrc=spare.ssrc,
            rtx_ssrc=spare.rtx_ssrc if has_rtx else None,
            payload_types=payload_types,
            held=self.revision if self._holds else 0,
            named=MID in spare.section.extensions,
            numbered=tells_by_number(spare.section),
            stream_id=spare.pair.stream if self._maps else None,
        )
        if subscription.held:
            self._held[subscription] = None
        self._by_publication[publication] = subscription
        self.subscriptions[subscription.mid] = subscription
        self._prefer(subscription)

    def _prefer(self, subscription: Subscription) -> None:
        """As much of it as is wanted. A source that is declined keeps its wish."""
        wish = self._settings.wish(subscription.publication)
        if wish is not None:
            self._flows.wish(subscription, wish)

    def _open_all(self) -> None:
        for subscription in self.subscriptions.values():
            self._open(subscription)

    def _open(self, subscription: Subscription) -> None:
        if self._is_open and subscription.outbound is None:
            self._flows.open(subscription)

    def _end(self, subscription: Subscription) -> None:
        del self.subscriptions[subscription.mid]
        del self._by_publication[subscription.publication]
        self._held.pop(subscription, None)
        self._untold.pop(subscription, None)
        self._spares.end(subscription.mid)
        self.wanted[subscription.publication.kind] -= 1
        self._flows.end(subscription)
