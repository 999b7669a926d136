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
        self.cameras: list[str] = []  # ids of the sessions that have one, who spoke last first

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
        if publication.source == "video":
            self.cameras.append(publication.session_id)
            for each in self._sessions.values():  # it can take nobody's place there
                each.receive_settings.choose()
        return [
            each
            for each in self._sessions.values()
            if each.id != publication.session_id and each.subscriber.add(publication)
        ]

    def remove(self, publication: Publication) -> list[Session]:
        """It has ended; those who now wait for a section for what takes its place."""
        publications = self._publications[publication.session_id]
        del publications[publication]
        if not publications:
            del self._publications[publication.session_id]
        for each in self._sessions.values():
            each.subscriber.remove(publication)
        if publication.source != "video":
            return []
        self.cameras.remove(publication.session_id)
        return self._choose()

    def spoke(self, session_id: str) -> list[Session]:
        """Who speaks now; those who now wait for a section for that one's camera."""
        if session_id not in self.cameras:
            return []
        self.cameras.remove(session_id)
        self.cameras.insert(0, session_id)
        return self._choose()

    def _choose(self) -> list[Session]:
        """Let everybody who receives the last to speak choose anew."""
        return [
            each
            for each in self._sessions.values()
            if (ids := each.receive_settings.choose())
            and each.subscriber.review(self.some_for(each, ids))
        ]
