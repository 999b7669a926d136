"""Receiving sections that carry nothing yet, described to the client all the same: what is
published next goes into one of them without another offer.

Each has SSRCs of its own, which are used for one publication only (RFC 3711 section 9.1): when that
has ended, the section is of use again after the client's next offer. A section of sound and one of
pictures make a pair, whose tracks belong to one MediaStream: by that browsers keep lips and voice
together. So a pair is for sources that belong together, or for one source alone.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fastsfu.sdp.negotiate import OfferedSection, SentStream
from fastsfu.terms import Kind
from fastsfu.tracks import Bond, same_payload_types

# Of each kind. An offer costs both sides what all its sections do, and many spare ones save offers.
MOST_SPARE = 24

Collides = Callable[..., bool]  # the client uses one of these SSRCs itself
Waiting = Mapping[Bond, Collection[Kind]]  # what waits for a section


def spare_beyond(wanted: int) -> int:
    """How many sections to have besides those that are wanted: as many again, within reason."""
    return max(1, min(wanted, MOST_SPARE))


@dataclass(eq=False, slots=True)
class Pair:
    """Sections whose tracks are one MediaStream at the client."""

    stream: str  # its id, and the CNAME of what it carries
    owner: Bond | None = None  # whose sources it carries
    free: dict[Kind, "Spare"] = field(default_factory=dict)
    carries: set[Kind] = field(default_factory=set)

    def lacks(self, kind: Kind) -> bool:
        return kind not in self.free and kind not in self.carries


@dataclass(eq=False, slots=True)
class Spare:
    """A section that carries nothing yet, as the answer describes it."""

    section: OfferedSection
    kind: Kind
    pair: Pair
    ssrc: int
    rtx_ssrc: int | None

    @property
    def stream(self) -> SentStream:
        stream = self.pair.stream
        return SentStream(self.ssrc, self.rtx_ssrc, stream, stream, self.kind)


class Spares:
    """Those of one session, and the pairs that they and what was taken of them make."""

    def __init__(self) -> None:
        self._unowned: dict[Pair, None] = {}  # an ordered set
        self._owned: dict[Bond, Pair] = {}
        self._taken: dict[str, tuple[Pair, Kind]] = {}  # by mid
        self.offered: dict[Kind, int] = {"audio": 0, "video": 0}  # sections of the last offer

    def __iter__(self) -> Iterator[Spare]:
        pairs = (*self._unowned, *self._owned.values())
        return (spare for pair in pairs for spare in pair.free.values())

    def keep(self, sections: Mapping[str, OfferedSection], collides: Collides) -> None:
        """Those whose sections are what they were, in a later offer; forget the others."""
        sound = sum(section.kind == "audio" for section in sections.values())
        self.offered = {"audio": sound, "video": len(sections) - sound}
        for spare in list(self):
            section = sections.get(spare.section.mid)
            same = section and same_payload_types(section.codecs, spare.section.codecs)
            if section is not None and same and not collides(spare.ssrc, spare.rtx_ssrc):
                spare.section = section
            else:
                self._forget(spare)

    def idle(self, kind: Kind) -> int:
        """Sections of the last offer that carry nothing: the next one can fill them."""
        return self.offered[kind] - sum(taken == kind for _, taken in self._taken.values())

    def clear(self) -> None:
        """Nothing is described that carries nothing."""
        for spare in list(self):
            self._forget(spare)

    def add(
        self,
        sections: Iterable[OfferedSection],
        allocate_ssrc: Callable[[], int],
        waiting: Waiting,
    ) -> None:
        """Sections that are free: for what waits for one beside what it belongs to, else for pairs
        that are nobody's.
        """
        free: dict[Kind, list[OfferedSection]] = {"audio": [], "video": []}
        for section in sections:
            free["audio" if section.kind == "audio" else "video"].append(section)
        for kind, found in free.items():
            incomplete = iter(self._incomplete(kind, waiting))
            for section in found:
                repeats = any(codec.rtx_pt is not None for codec in section.codecs)
                pair = next(incomplete, None) or Pair(secrets.token_hex(8))
                if pair.owner is None:
                    self._unowned[pair] = None
                pair.free[kind] = Spare(
                    section, kind, pair, allocate_ssrc(), allocate_ssrc() if repeats else None
                )

    def places(self, bond: Bond, kind: Kind, waiting: Waiting, *, strict: bool) -> Iterator[Spare]:
        """Where a source of this kind may go, the best place first, as a rule the only one that is
        looked at.

        `strict`: nowhere but beside what it belongs to, when that is carried already.
        """
        own = self._owned.get(bond)
        if own is not None and kind in own.free:
            yield own.free[kind]
        if own is not None and strict:
            return
        both = len(waiting.get(bond, ())) > 1
        for whole in (both, not both):
            for pair in self._unowned:
                if kind in pair.free and (len(pair.free) > 1) == whole:
                    yield pair.free[kind]

    def take(self, spare: Spare, bond: Bond) -> None:
        """It carries a source of this bond from now on."""
        pair = spare.pair
        del pair.free[spare.kind]
        pair.carries.add(spare.kind)
        self._taken[spare.section.mid] = (pair, spare.kind)
        if pair.owner is None and bond not in self._owned:
            pair.owner = bond
            self._owned[bond] = pair
            del self._unowned[pair]

    def end(self, mid: str) -> None:
        """What was taken there has ended: its section is of no use before the next offer."""
        pair, kind = self._taken.pop(mid)
        pair.carries.discard(kind)
        if not pair.carries and pair.owner is not None:
            del self._owned[pair.owner]
            pair.owner = None
            self._unowned[pair] = None
        self._tidy(pair)

    def _incomplete(self, kind: Kind, waiting: Waiting) -> list[Pair]:
        owned = (self._owned.get(bond) for bond, kinds in waiting.items() if kind in kinds)
        return [pair for pair in (*owned, *self._unowned) if pair is not None and pair.lacks(kind)]

    def _forget(self, spare: Spare) -> None:
        del spare.pair.free[spare.kind]
        self._tidy(spare.pair)

    def _tidy(self, pair: Pair) -> None:
        if not pair.free and not pair.carries:
            self._unowned.pop(pair, None)
