"""The choice of the active speaker, on a clock of the test's own."""

from fastsfu.room.speaker import MARGIN, SILENT_AFTER, SPEECH_LEVEL, SWITCH_AFTER, SpeakerChoice

LOUD = SPEECH_LEVEL + 10


def test_first_voice_is_chosen_at_once() -> None:
    choice = SpeakerChoice()
    choice.heard("ada", SPEECH_LEVEL - 1)
    assert choice.idle
    assert not choice.decide(0.0)
    choice.heard("ada", LOUD)
    assert choice.decide(0.1)
    assert choice.current == "ada"
    assert not choice.decide(0.2)


def test_another_one_must_be_louder_for_a_while() -> None:
    choice = SpeakerChoice()
    choice.heard("ada", LOUD)
    choice.decide(0.0)
    choice.heard("bob", LOUD + MARGIN)
    assert not choice.decide(1.0)
    assert not choice.decide(1.0 + SWITCH_AFTER * 0.9)
    assert choice.decide(1.0 + SWITCH_AFTER)
    assert choice.current == "bob"


def test_a_short_noise_and_a_slightly_louder_voice_change_nothing() -> None:
    choice = SpeakerChoice()
    choice.heard("ada", LOUD)
    choice.decide(0.0)
    choice.heard("bob", LOUD + MARGIN - 1)
    assert not any(choice.decide(now / 10) for now in range(50))
    choice.heard("bob", LOUD + MARGIN)
    assert not choice.decide(5.0)
    choice.heard("bob", 0)
    assert not choice.decide(5.2)
    choice.heard("bob", LOUD + MARGIN)
    assert not choice.decide(5.4)
    assert choice.current == "ada"


def test_who_answers_a_speaker_that_fell_silent_is_chosen() -> None:
    choice = SpeakerChoice()
    choice.heard("ada", LOUD)
    choice.decide(0.0)
    choice.heard("ada", 0)
    choice.heard("bob", SPEECH_LEVEL)
    assert not choice.decide(1.0)
    assert choice.decide(1.0 + SWITCH_AFTER)
    assert choice.current == "bob"


def test_single_words_take_over_from_one_who_has_been_silent_for_long() -> None:
    choice = SpeakerChoice()
    choice.heard("ada", LOUD)
    choice.decide(0.0)
    choice.heard("ada", 0)
    for half_seconds in range(1, 6):
        choice.heard("bob", LOUD)
        assert not choice.decide(half_seconds / 2), "one word each time"
        choice.heard("bob", 0)
        assert not choice.decide(half_seconds / 2 + SWITCH_AFTER / 2)
    choice.heard("bob", LOUD)
    assert choice.decide(SILENT_AFTER)
    assert choice.current == "bob"
    choice.heard("bob", 0)
    assert not choice.decide(2 * SILENT_AFTER - 0.1), "whose silence begins with the last word"


def test_nobody_after_a_silence() -> None:
    choice = SpeakerChoice()
    choice.heard("ada", LOUD)
    choice.decide(0.0)
    choice.heard("ada", 0)
    assert not choice.decide(SILENT_AFTER * 0.9)
    assert not choice.idle
    assert choice.decide(SILENT_AFTER)
    assert choice.current is None
    assert choice.idle


def test_who_leaves_is_forgotten() -> None:
    choice = SpeakerChoice()
    choice.heard("ada", LOUD)
    choice.decide(0.0)
    choice.forget("ada")
    assert choice.current is None
    assert choice.idle
