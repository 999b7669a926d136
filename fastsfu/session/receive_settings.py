"""What a client wants to receive, and may: its settings of sources, by whose they are."""

from collections.abc import Mapping

from fastsfu.terms import Source
from fastsfu.tracks import Publication, Wish

EVERYBODY = "*"

Settings = Mapping[str, Mapping[Source, bool | Wish]]  # by session id, or EVERYBODY


class ReceiveSettings:
    """One session's. By default everything; what is said of a session wins over what is said of
    everybody.
    """

    def __init__(self, watch: str | None) -> None:
        """`watch`: the only session id whose publications are received."""
        self.permitted = True  # False: nothing is received, whatever is wanted
        self._watch = watch
        self._sources: dict[str, dict[Source, bool | Wish]] = {}

    def update(self, settings: Settings) -> None:
        """Decline (False) or take back (True, or as far as a wish says) sources."""
        for session_id, sources in settings.items():
            self._sources.setdefault(session_id, {}).update(sources)

    def forget(self, session_id: str) -> None:
        """The session has left, so what was set for it is of no use any more."""
        self._sources.pop(session_id, None)

    def accepts(self, publication: Publication) -> bool:
        """Whether it is to be received."""
        if self._watch not in (None, publication.session_id) or not self.permitted:
            return False
        return self._of(publication) is not False

    def wish(self, publication: Publication) -> Wish | None:
        """How much of it is wanted; None while it is declined."""
        setting = self._of(publication)
        if isinstance(setting, Wish):
            return setting
        return Wish() if setting else None

    def _of(self, publication: Publication) -> bool | Wish:
        everybody = self._sources.get(EVERYBODY, {}).get(publication.source, True)
        return self._sources.get(publication.session_id, {}).get(publication.source, everybody)
