"""A direct call and the server choose the same speaker from the same levels."""

import json
import random
import subprocess
from pathlib import Path

from fastsfu.room.speaker import MARGIN, SPEECH_LEVEL, SpeakerChoice

MODULE = Path(__file__).resolve().parents[2] / "fastsfu" / "web" / "sdk" / "active-speaker.js"
STEP_MS = 250  # exact as seconds in binary too
LOOKS = 3000
CHOOSE = """
import { readFileSync } from 'node:fs';
const { chooseSpeaker } = await import(process.argv[1]);
let choice = { current: null, challenger: null, challengedAt: 0, spokenAt: 0 };
const chosen = JSON.parse(readFileSync(0, 'utf8')).map(([now, levels]) => {
  choice = chooseSpeaker(choice, new Map(Object.entries(levels)), now);
  return choice.current;
});
console.log(JSON.stringify(chosen));
"""


def test_the_same_choice_as_the_server() -> None:
    looks = conversation(random.Random(4))
    chosen = subprocess.run(
        ["node", "--input-type=module", "-e", CHOOSE, MODULE.as_uri()],
        input=json.dumps(looks), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    expected = by_the_server(looks)
    assert json.loads(chosen) == expected
    assert set(expected) == {"ada", "ben", None}


def conversation(dice: random.Random) -> list[tuple[int, dict[str, int]]]:
    """Levels near every threshold that hold for a while, with long silences between them."""
    steps = (-MARGIN, -1, 0, MARGIN - 1, MARGIN, 2 * MARGIN)
    levels = {"ada": 0, "ben": 0}
    looks = []
    for look in range(1, LOOKS):
        for name in levels:
            if dice.random() < 0.2:
                levels[name] = dice.choice([0, 0, *(SPEECH_LEVEL + step for step in steps)])
        looks.append((look * STEP_MS, dict(levels)))
    return looks


def by_the_server(looks: list[tuple[int, dict[str, int]]]) -> list[str | None]:
    choice = SpeakerChoice()
    chosen = []
    for now, levels in looks:
        for name, level in levels.items():
            choice.heard(name, level)
        choice.decide(now / 1000)
        chosen.append(choice.current)
    return chosen
