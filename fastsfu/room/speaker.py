"""Who speaks: one choice from many loudness values, steady enough to look at.

Whoever speaks stays chosen until somebody else has been clearly louder for a while, or they have
been silent for longer: then who speaks next is chosen, however short. `SpeakerChoice` has no clock:
its caller says what time it is.
"""

import asyncio
from collections.abc import Callable

SPEECH_LEVEL = 80  # of 127; -47 dBov, above the noise of a quiet room
MARGIN = 8  # dB by which another one must be louder
SWITCH_AFTER = 0.5  # seconds that they must be so
SILENT_AFTER = 3.0  # seconds without a word until they are chosen no more
INTERVAL = 0.2  # seconds between two choices, while somebody speaks


class SpeakerChoice:
    """The choice for one room; `current` is the session id of who speaks, or None."""

    def __init__(self) -> None:
        self.current: str | None = None
        self._levels: dict[str, int] = {}  # of those who speak
        self._challenger: str | None = None
        self._challenged_at = 0.0
        self._spoken_at = 0.0  # when `current` last did

    @property
    def idle(self) -> bool:
        """True when the passing of time alone can change nothing."""
        return not self._levels and self.current is None

    def heard(self, session_id: str, level: int) -> None:
        """Note a loudness, 0 silent .. 127 loud; it holds until the next one."""
        if level >= SPEECH_LEVEL:
            self._levels[session_id] = level
        else:
            self._levels.pop(session_id, None)

    def forget(self, session_id: str) -> None:
        """They have left."""
        self._levels.pop(session_id, None)
        if self.current == session_id:
            self.current = None

    def decide(self, now: float) -> bool:
        """Choose; `now` in seconds. True when `current` has changed. For a few calls a second."""
        if self.current in self._levels:
            self._spoken_at = now
        loudest = max(self._levels, key=self._levels.__getitem__, default=None)
        if self.current is None or now - self._spoken_at >= SILENT_AFTER:
            return self._switch(loudest, now)
        if loudest is None:
            self._challenger = None
            return False
        if self._levels[loudest] < self._levels.get(self.current, SPEECH_LEVEL - MARGIN) + MARGIN:
            loudest = self.current
        if loudest == self.current:
            self._challenger = None
        elif loudest != self._challenger:
            self._challenger, self._challenged_at = loudest, now
        elif now - self._challenged_at >= SWITCH_AFTER:
            return self._switch(loudest, now)
        return False

    def _switch(self, session_id: str | None, now: float) -> bool:
        changed = session_id != self.current
        self.current, self._challenger, self._spoken_at = session_id, None, now
        return changed


class Speaker:
    """The choice at work: it looks a few times a second while somebody speaks."""

    def __init__(self, on_change: Callable[[str | None], None]) -> None:
        """`on_change` gets the session id of who speaks now, or None."""
        self._on_change = on_change
        self._choice = SpeakerChoice()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def current(self) -> str | None:
        """The session id of who speaks now."""
        return self._choice.current

    def heard(self, session_id: str, level: int) -> None:
        """Note a loudness, 0 silent .. 127 loud."""
        self._choice.heard(session_id, level)
        if self._timer is None and not self._choice.idle:
            self._look()

    def forget(self, session_id: str) -> None:
        """They have left."""
        spoke = self._choice.current == session_id
        self._choice.forget(session_id)
        if spoke:
            self._on_change(None)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        if self._choice.decide(loop.time()):
            self._on_change(self._choice.current)
        if not self._choice.idle:
            self._timer = loop.call_at(loop.time() + INTERVAL, self._look)
