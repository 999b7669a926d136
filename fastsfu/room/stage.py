"""What is published in a room, and by whom it may be received."""

from collections.abc import Iterable, Mapping

from fastsfu.engine.voices import RoomVoices
from fastsfu.session.session import Session
from fastsfu.tracks import Publication


class Stage:
    """One room's publications, by session id."""

    def __init__(self, sessions: Mapping[str, Session], audio_forward: int) -> None:
        """`sessions` by id are those in the room, whoever comes or goes; `audio_forward` of its
        options.
        """
        self.voices = RoomVoices(audio_forward)
        self._sessions = sessions
        self._publications: dict[str, dict[Publication, None]] = {}

    def all_for(self, session: Session) -> list[Publication]:
        """All that others than `session` publish."""
        return self.some_for(session, self._publications)

    def some_for(self, session: Session, ids: Iterable[str]) -> list[Publication]:
        """Those of the sessions with these ids."""
        return [
            publication
            for each in ids
            if each != session.id
            for publication in self._publications.get(each, ())
        ]

    def add(self, publication: Publication) -> list[Session]:
        """Show a new one to everybody; those who now wait for a section for it."""
        if publication.source == "audio":
            publication.voices = self.voices
        self._publications.setdefault(publication.session_id, {})[publication] = None
        return [
            each
            for each in self._sessions.values()
            if each.id != publication.session_id and each.subscriber.add(publication)
        ]

    def remove(self, publication: Publication) -> None:
        """It has ended."""
        publications = self._publications[publication.session_id]
        del publications[publication]
        if not publications:
            del self._publications[publication.session_id]
        for each in self._sessions.values():
            each.subscriber.remove(publication)
