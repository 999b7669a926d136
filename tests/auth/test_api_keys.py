"""Which key opens what."""

import json

import pytest

from fastsfu.auth.api_keys import ApiKey, Keyring
from fastsfu.config import Config
from fastsfu.errors import ConfigError

FIRST, SECOND = "first-" + "0" * 32, "second-" + "0" * 32
IPS = ["192.0.2.10"]


def test_scopes() -> None:
    every = ApiKey(id="every", key=FIRST)
    reader = ApiKey(id="reader", key=FIRST, scopes=["read-only"])
    maker = ApiKey(id="maker", key=FIRST, scopes=["tokens"])
    assert all(every.may(each, reads=False) for each in ("rooms", "tokens", "metrics"))
    assert reader.may("rooms", reads=True)
    assert not reader.may("rooms", reads=False)
    assert not reader.may("tokens", reads=True)
    assert not reader.may("metrics", reads=True)
    assert maker.may("tokens", reads=False)
    assert not maker.may("rooms", reads=True)


def test_a_key_is_found_by_all_of_it() -> None:
    first, second = ApiKey(id="a", key=FIRST), ApiKey(id="b", key=SECOND)
    keyring = Keyring([first, second])
    assert keyring.find(FIRST) is first
    assert keyring.find(SECOND) is second
    for wrong in ("", FIRST[:-1], FIRST + " ", "\udcff"):
        assert keyring.find(wrong) is None
    assert not Keyring([])


def test_keys_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [{"id": "ci", "key": SECOND, "scopes": ["tokens"]}]
    monkeypatch.setenv("FASTSFU_API_KEYS", json.dumps(given))
    monkeypatch.setenv("FASTSFU_API_KEY", FIRST)
    keys = Config.load(media_ips=IPS).all_api_keys
    assert [(each.id, each.scopes) for each in keys] == [
        ("default", ("rooms", "tokens", "metrics")),
        ("ci", ("tokens",)),
    ]
    assert SECOND not in repr(keys)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([{"id": "a", "key": FIRST}, {"id": "a", "key": SECOND}], "two keys of the id a"),
        ([{"id": "default", "key": FIRST}], "default"),
        ([{"id": "a b", "key": FIRST}], "id"),
        ([{"id": "a", "key": "short"}], "32 bytes"),
        ([{"id": "a", "key": FIRST, "scopes": []}], "scopes"),
        ([{"id": "a", "key": FIRST, "scopes": ["all"]}], "scopes"),
    ],
)
def test_wrong_keys_are_named_and_not_shown(given: list[dict[str, str]], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.load(media_ips=IPS, api_key=SECOND, api_keys=given)
    assert said in caught.value.info
    assert FIRST not in str(caught.value)
