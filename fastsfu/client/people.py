"""Who is in the call, as the server says it."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from fastsfu.client.tracks import Track

Person = dict[str, Any]

SOURCES = ("audio", "video", "screenVideo", "screenAudio")
SHOWN = (
    *("session_id", "user_id", "user_name", "owner", "audio", "video", "user_data", "joined_at"),
    *("origin", "permissions", "held"),
)
REMEMBERED = 1000  # of those who have left


class People:
    """Attributes: `you`, `others` by session id, `gone` (session ids of who has left)."""

    def __init__(self) -> None:
        self.you: Person = {}
        self.others: dict[str, Person] = {}
        self.gone: deque[str] = deque(maxlen=REMEMBERED)

    def welcome(self, welcome: Mapping[str, Any]) -> tuple[Iterable[Person], Iterable[Person]]:
        """They are these now; who has left meanwhile, and who is new."""
        before = self.others
        self.you = welcome["you"]
        self.others = {each["session_id"]: each for each in welcome["participants"]}
        left = before.keys() - self.others.keys()
        self.gone.extend(left)
        new = [each for key, each in self.others.items() if key not in before]
        return [before[key] for key in left], new

    def learn(self, person: Person) -> None:
        """Somebody is new, or is like this now."""
        if person["session_id"] == self.you["session_id"]:
            self.you = person
        else:
            self.others[person["session_id"]] = person

    def left(self, session_id: str) -> Person | None:
        """Somebody has gone, whom it returns if they were known."""
        self.gone.append(session_id)
        return self.others.pop(session_id, None)

    def shown(self, person: Person, tracks: Mapping[tuple[str, str], Track]) -> Person:
        """As the browser library shows it; of `tracks` by session id and source, theirs."""
        session_id = person.get("session_id", "")
        return {
            **{name: person.get(name) for name in SHOWN},
            "local": person is self.you,
            "screen": person.get("screenVideo", False),
            "tracks": {source: tracks.get((session_id, source)) for source in SOURCES},
        }
