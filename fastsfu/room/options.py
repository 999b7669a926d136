"""What a room is, as one frozen value: who creates a room gives it, a live room is changed by it.

    sfu.rooms.create("standup", RoomOptions(max_participants=50))
    sfu.rooms.get("standup").update(RoomOptions(ends_at=time.time() + 600))

It is a pydantic model, so that it is read from JSON and written as JSON as it is. What it does not
say (`model_fields_set`) stays as the server is configured, or as the room was.
"""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fastsfu.config import Config
from fastsfu.errors import RequestError, first_fault
from fastsfu.events import RoomState
from fastsfu.options import Seconds
from fastsfu.terms import P2pPolicy, TopologyProperty

DIRECT_PARTICIPANTS = 2  # of a room that is never on the SFU


class RoomOptions(BaseModel):
    """Options of one room. Raises pydantic's ValidationError for what is wrong or unknown."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    max_participants: Annotated[int, Field(ge=1)] = 200
    """How many it takes; who is in stays when it becomes less."""

    starts_at: float | None = None
    """Seconds since 1970 before which nobody gets in; None: it is open."""

    ends_at: float | None = None
    """Seconds since 1970 at which it ends; None: it does not."""

    topology: TopologyProperty = "auto"
    """What carries its media, as in Config; one that is `p2p` takes two participants at most."""

    p2p_policy: P2pPolicy = "direct"
    """How two connect directly, as in Config."""

    back_to_p2p_after: Seconds | None = None
    """Seconds with two left after which it goes back to P2P; None: it does not."""

    audio_forward: Annotated[int, Field(ge=0, le=32)] = 6
    """Voices that the SFU passes on at most, as in Config."""

    opus_dtx: bool = True
    """Ask microphones to pause while nobody speaks, as in Config; from their next offer on."""

    locked: bool = False
    """Nobody gets in but owners and who comes back to a session that was lost."""

    enable_knocking: bool = False
    """Everybody but them waits until an owner lets them in, also while it is locked."""

    enforce_unique_user_ids: bool = False
    """Who comes with the user id of somebody who is in takes their place: they are ejected."""

    @classmethod
    def of(cls, config: Config) -> Self:
        """All of them, as the server's configuration has them."""
        return cls(
            max_participants=config.max_participants,
            starts_at=None,
            ends_at=None,
            topology=config.topology,
            p2p_policy=config.p2p_policy,
            back_to_p2p_after=config.back_to_p2p_after,
            audio_forward=config.audio_forward,
            opus_dtx=config.opus_dtx,
            locked=False,
            enable_knocking=False,
            enforce_unique_user_ids=False,
        )

    @property
    def seats(self) -> int:
        """How many it takes, whatever `max_participants` says of a room that is direct."""
        if self.topology == "p2p":
            return min(self.max_participants, DIRECT_PARTICIPANTS)
        return self.max_participants

    def over(self, others: "RoomOptions") -> "RoomOptions":
        """The `others`, but for what this one says; raises RequestError for a contradiction."""
        return others.changed(**self.model_dump(exclude_unset=True))

    def changed(self, **options: Any) -> "RoomOptions":
        """This value but for these options; raises RequestError for one that is wrong."""
        try:
            return RoomOptions(**{**self.model_dump(exclude_unset=True), **options})
        except ValidationError as error:
            raise RequestError(first_fault(error)) from None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.topology == "p2p" and self.p2p_policy == "off":
            raise ValueError("a room of topology p2p cannot have the p2p_policy off")
        return self


class RoomProperties:
    """What a room's options say, as attributes of the room."""

    name: str
    options: RoomOptions

    @property
    def state(self) -> RoomState:
        """What those in it know of its options."""
        options = self.options
        return RoomState(
            self.name, options.seats, options.ends_at, options.locked, options.enable_knocking
        )

    @property
    def max_participants(self) -> int:
        return self.options.seats

    @property
    def starts_at(self) -> float | None:
        return self.options.starts_at

    @property
    def ends_at(self) -> float | None:
        return self.options.ends_at

    @property
    def topology(self) -> TopologyProperty:
        return self.options.topology

    @property
    def p2p_policy(self) -> P2pPolicy:
        return self.options.p2p_policy

    @property
    def back_to_p2p_after(self) -> float | None:
        return self.options.back_to_p2p_after

    @property
    def audio_forward(self) -> int:
        return self.options.audio_forward

    @property
    def opus_dtx(self) -> bool:
        return self.options.opus_dtx

    @property
    def locked(self) -> bool:
        return self.options.locked
