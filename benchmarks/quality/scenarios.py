"""Which networks a call is measured on, and what is asked of it there."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from benchmarks.quality.link import CLEAN, Conditions, Schedule, Way

SECONDS = 30.0  # from the weak receiver's join
FROM = 5.0  # when measuring begins
STEP = 10.0  # when the link changes
BACK = 18.0  # when it changes back
OUTAGE = 0.2
OUTAGES = (7.5, 12.5, 17.5, 22.5, 27.5)


@dataclass(frozen=True)
class Asked:
    """Bounds of one figure of a result; `figure` is its path, with dots."""

    figure: str
    least: float = float("-inf")
    most: float = float("inf")


@dataclass(frozen=True)
class Scenario:
    """A sender on one link; weak receivers on one that follows `weak`; another one on a clean link.

    `steps`: seconds at which the weak link changes, or is there again. Without `codec` it is VP8.
    """

    title: str
    weak: Schedule = ((0.0, CLEAN),)
    sender: Conditions = CLEAN
    asked: Sequence[Asked] = ()
    replayed: int = 0  # senders that send what was recorded, in place of the browser
    tile: int | None = None  # lines that each receiver wants of each picture
    receivers: int = 1
    height: int = 360
    codec: str | None = None
    screen: bool = False  # of text, in place of the camera
    tcp: bool = False
    steps: Sequence[float] = field(default=())

    @property
    def own_fault(self) -> bool:
        """Whether only the weak receiver's link is bad, so that the other one is a yardstick."""
        return self.sender == CLEAN


def down(rate_bps: int = 0, *, loss: float = 0.0, rtt_ms: float = 20.0) -> Conditions:
    """A link that is bad towards the household."""
    both = Way(delay_ms=rtt_ms / 2)
    return Conditions(replace(both, rate_bps=rate_bps, loss=loss), both)


def up(rate_bps: int = 0, *, loss: float = 0.0, rtt_ms: float = 20.0) -> Conditions:
    """A link that is bad from the household on."""
    turned = down(rate_bps, loss=loss, rtt_ms=rtt_ms)
    return Conditions(turned.up, turned.down)


def outages() -> Schedule:
    """Nothing passes for a moment, again and again."""
    around = ((at, CLEAN.gone()) for at in OUTAGES), ((at + OUTAGE, CLEAN) for at in OUTAGES)
    return sorted([(0.0, CLEAN), *around[0], *around[1]], key=lambda one: one[0])


OTHER = (Asked("other.fps", least=28), Asked("other.height", least=360))
OTHER_RATE = Asked("other.kbps", least=1300)
KEYFRAMES = Asked("sender.keyframes", most=5)
KEYFRAMES_ASKED = Asked("sender.keyframes_asked", most=5)
# Where a link narrows, or others fill it, its queue drops some words before anybody can know.
SOUND_WHOLE = Asked("weak.concealed", most=0.01)
FAR = Way(delay_ms=75, loss=0.02)
SCENARIOS = {
    "clean": Scenario(
        "clean link",
        asked=(
            *OTHER,
            OTHER_RATE,
            Asked("weak.fps", least=28),
            Asked("weak.first_frame_ms", most=450),
        ),
    ),
    "down-500k": Scenario(
        "500 kbit/s down",
        weak=((0.0, down(500_000)),),
        asked=(
            *OTHER,
            OTHER_RATE,
            Asked("weak.fps", least=24),
            Asked("weak.height", least=180),
            Asked("weak.concealed", most=0.002),
            KEYFRAMES,
            Asked("link.queue_ms.p50", most=100),
        ),
    ),
    "down-1m": Scenario(
        "1 Mbit/s down",
        weak=((0.0, down(1_000_000)),),
        asked=(
            *OTHER,
            OTHER_RATE,
            Asked("weak.fps", least=24),
            Asked("weak.height", least=180),
            Asked("weak.concealed", most=0.002),
            KEYFRAMES,
            Asked("link.queue_ms.p50", most=100),
        ),
    ),
    "down-150k": Scenario(
        "150 kbit/s down",
        weak=((0.0, down(150_000)),),
        asked=(*OTHER, OTHER_RATE, SOUND_WHOLE),
    ),
    "step-down": Scenario(
        "2 Mbit/s, then 0.5",
        weak=((0.0, down(2_000_000)), (STEP, down(500_000))),
        asked=(*OTHER, OTHER_RATE, SOUND_WHOLE, Asked("weak.back_after", most=1.5)),
        steps=(STEP,),
    ),
    "step-up": Scenario(
        "0.5 Mbit/s, then 2",
        weak=((0.0, down(500_000)), (STEP, down(2_000_000))),
        asked=(*OTHER, OTHER_RATE, SOUND_WHOLE, Asked("weak.full_after", most=5)),
        steps=(STEP,),
    ),
    "loss-down": Scenario(
        "5 % lost down",
        weak=((0.0, down(loss=0.05, rtt_ms=60)),),
        asked=(
            *OTHER,
            OTHER_RATE,
            Asked("weak.freezes", most=2),
            Asked("weak.frozen", most=0.4),
            Asked("weak.concealed", most=0.003),
        ),
    ),
    "loss-up": Scenario(
        "5 % lost up, at the sender",
        sender=up(loss=0.05, rtt_ms=60),
        asked=(
            Asked("weak.freezes", most=2),
            Asked("weak.frozen", most=0.4),
            Asked("weak.concealed", most=0.003),
        ),
    ),
    "far": Scenario(
        "150 ms, 2 % lost both ways",
        weak=((0.0, Conditions(FAR, FAR)),),
        asked=(
            *OTHER,
            OTHER_RATE,
            Asked("weak.freezes", most=4),
            Asked("weak.frozen", most=1.0),
            Asked("weak.concealed", most=0.003),
        ),
    ),
    "outages": Scenario(
        "200 ms of nothing every 5 s",
        weak=outages(),
        asked=(
            *OTHER,
            OTHER_RATE,
            Asked("weak.freezes", most=5),
            Asked("weak.frozen", most=1.15),
            Asked("weak.after_outage_ms", most=100),
        ),
        steps=[at + OUTAGE for at in OUTAGES],
    ),
    "up-400k": Scenario(
        "400 kbit/s up, at the sender",
        sender=up(400_000),
        asked=(Asked("weak.fps", least=24), Asked("weak.height", least=180)),
    ),
    "shared": Scenario(
        "two weak receivers behind 1 Mbit/s",
        weak=((0.0, down(1_000_000)),),
        receivers=2,
        asked=(*OTHER, OTHER_RATE, SOUND_WHOLE, Asked("unfair", most=2)),
    ),
    "tcp": Scenario(
        "2 Mbit/s down beside a download",
        weak=((0.0, down(2_000_000)),),
        tcp=True,
        asked=(*OTHER, OTHER_RATE, SOUND_WHOLE, Asked("unfair", most=2)),
    ),
    "grid": Scenario(
        "eight others in tiles of 180 lines, 2 Mbit/s down",
        weak=((0.0, down(2_000_000)),),
        replayed=8,
        tile=180,
        asked=(
            Asked("other.slowest_fps", least=28),
            Asked("weak.pictures", least=8),
            Asked("weak.slowest_fps", least=12),
            SOUND_WHOLE,
        ),
    ),
    "hd-steps": Scenario(
        "1280 x 720: 3 Mbit/s, then 1, then 3",
        weak=((0.0, down(3_000_000)), (STEP, down(1_000_000)), (BACK, down(3_000_000))),
        asked=(
            Asked("other.fps", least=28),
            Asked("other.height", least=720),
            Asked("weak.back_after", most=1.5),
            Asked("weak.last_full_after", most=5),
            SOUND_WHOLE,
        ),
        height=720,
        steps=(STEP, BACK),
    ),
    "screen-1m": Scenario(
        "a screen of text, 1 Mbit/s down",
        weak=((0.0, down(1_000_000)),),
        asked=(
            Asked("other.height", least=720),
            Asked("weak.first_full_ms", most=3000),
            Asked("weak.concealed", most=0.002),
        ),
        height=720,
        screen=True,
    ),
    "screen-500k": Scenario(
        "a screen of text, 500 kbit/s down",
        weak=((0.0, down(500_000)),),
        asked=(
            Asked("other.height", least=720),
            Asked("weak.first_full_ms", most=3000),
            Asked("weak.concealed", most=0.002),
        ),
        height=720,
        screen=True,
    ),
}
# The same with other codecs has to be as good. Of layers (SVC) Chromium itself bounds the rate:
# 560 kbit/s in all at this size. OpenH264 makes keyframes where it finds that the scene changes, so
# only those count that the server asked for.
for _name in ("down-500k", "step-down", "step-up", "hd-steps"):
    for _codec in ("VP9", "AV1", "H264"):
        _scenario = SCENARIOS[_name]
        if _codec == "H264":
            _asked = [KEYFRAMES_ASKED if one is KEYFRAMES else one for one in _scenario.asked]
        else:
            _asked = [one for one in _scenario.asked if one is not OTHER_RATE]
        SCENARIOS[f"{_name}-{_codec.lower()}"] = replace(
            _scenario, title=f"{_scenario.title}, {_codec}", codec=_codec, asked=_asked
        )
