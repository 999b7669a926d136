"""Who gets in at the door, and who has to make room."""

from fastsfu.http.crowd import Crowd


def test_a_crowd_is_counted_by_address_and_network() -> None:
    crowd = Crowd(100, 2)
    first = crowd.enter("192.0.2.1")
    assert first
    assert crowd.enter("::ffff:192.0.2.1")
    assert not crowd.enter("192.0.2.1")
    for fourth, most in (("1", 2), ("2", 2), ("3", 0), ("101", 2), ("102", 2), ("201", 0)):
        entered = [crowd.enter(f"2001:db8:0:{fourth}::{i}") for i in range(3)]
        assert sum(each is not None for each in entered) == most, fourth
    assert crowd.enter("2001:db8:1::1")
    first.leave()
    first.leave()
    assert crowd.enter("192.0.2.1")
    assert not crowd.enter("192.0.2.1")


def test_whoever_is_silent_the_longest_makes_room() -> None:
    crowd, ended = Crowd(3, 10), list[str]()
    for name in "abc":
        place = crowd.enter("192.0.2.1")
        assert place
        place.abort = lambda name=name: ended.append(name)
        if name == "a":
            place.speak()
            place.fall_silent()
        if name == "b":
            place.speak()
    for _ in range(2):
        newcomer = crowd.enter("192.0.2.2")
        assert newcomer
        newcomer.speak()
    assert ended == ["a", "c"]
    assert crowd.enter("192.0.2.3") is None, "nobody is silent"
