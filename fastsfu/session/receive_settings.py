"""What a client wants to receive, and may: its settings of sources, by whose they are."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from fastsfu.terms import Source
from fastsfu.tracks import ALL, Publication, Wish

EVERYBODY = "*"

Settings = Mapping[str, Mapping[Source, bool | Wish]]  # by session id, or EVERYBODY


class ReceiveSettings:
    """One session's. By default everything; what is said of a session wins over what is said of
    everybody.

    Of the cameras of all others that nothing is said of, those of the `last_n` who spoke last are
    received. Who speaks again while shown changes nothing, and who is new takes the place of the
    one who has been silent for longest: so pictures do not flap.
    """

    def __init__(self, own: str, watch: str | None, order: Callable[[], Iterable[str]]) -> None:
        """`own` is the session's id, `watch` the only one whose publications are received; `order`
        returns the ids of all who have a camera, who spoke last first.
        """
        self.permitted = True  # False: nothing is received, whatever is wanted
        self._own = own
        self._watch = watch
        self._order = order
        self._sources: dict[str, dict[Source, bool | Wish]] = {}
        self._chosen: frozenset[str] | None = None  # None: not by who speaks

    def update(self, settings: Settings) -> None:
        """Decline (False) or take back (True, or as far as a wish says) sources; then `choose`."""
        for session_id, sources in settings.items():
            self._sources.setdefault(session_id, {}).update(sources)

    def choose(self) -> frozenset[str]:
        """Choose anew whose cameras are received; of whom that is another choice than before."""
        before, self._chosen = self._chosen, None
        everybody = self._sources.get(EVERYBODY, {}).get("video")
        if isinstance(everybody, Wish) and everybody.last_n is not None:
            others = (each for each in self._order() if each != self._own)
            unsaid = (each for each in others if "video" not in self._sources.get(each, {}))
            self._chosen = frozenset(islice(unsaid, everybody.last_n))
        return (before or frozenset()) ^ (self._chosen or frozenset())

    def forget(self, session_id: str) -> None:
        """The session has left, so what was set for it is of no use any more."""
        self._sources.pop(session_id, None)

    def accepts(self, publication: Publication) -> bool:
        """Whether it is to be received."""
        if self._watch not in (None, publication.session_id) or not self.permitted:
            return False
        own = self._sources.get(publication.session_id, {})
        if self._chosen is not None and publication.source == "video" and "video" not in own:
            return publication.session_id in self._chosen
        return self._of(publication) is not False

    def wish(self, publication: Publication) -> Wish | None:
        """How much of it is wanted; None while it is declined."""
        setting = self._of(publication)
        if isinstance(setting, Wish):
            return setting
        return ALL if setting else None

    def _of(self, publication: Publication) -> bool | Wish:
        everybody = self._sources.get(EVERYBODY, {}).get(publication.source, True)
        return self._sources.get(publication.session_id, {}).get(publication.source, everybody)
