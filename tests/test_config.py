"""Options: where they come from, which values they take, what is said of wrong ones."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from fastsfu.config import Config
from fastsfu.config_document import document
from fastsfu.cores import usable_cores
from fastsfu.errors import ConfigError

SECRET = "correct-horse-battery-staple-2026"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Config.model_fields:
        monkeypatch.delenv(f"FASTSFU_{field.upper()}", raising=False)


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    path = tmp_path / "fastsfu.toml"
    path.write_text('port = 7001\nmedia_ips = ["203.0.113.7"]\ngso = false\n')
    return path


def refused(**options: object) -> str:
    with pytest.raises(ConfigError) as error:
        Config.load(**options)  # type: ignore[arg-type]
    assert error.value.type == "bad-config"
    return error.value.info


def test_every_option_is_described() -> None:
    for name, field in Config.model_fields.items():
        assert field.description, name


def test_document_is_up_to_date() -> None:
    path = Path(__file__).parent.parent / "docs" / "configuration.md"
    command = "python -m fastsfu.config_document > docs/configuration.md"
    assert path.read_text() == document(), f"run: {command}"


def test_defaults() -> None:
    config = Config()
    assert (config.host, config.port, config.udp_port) == ("0.0.0.0", 8443, 8443)
    assert config.workers == usable_cores()
    assert config.secret is None
    assert not config.open_rooms
    assert config.video_codecs == ["VP8", "H264", "VP9", "AV1"]
    assert config.audio_codecs == ["red", "opus", "PCMU", "PCMA"]


def test_names_that_are_no_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTSFU_MEDIA_POTR", "9000")
    assert refused() == "FASTSFU_MEDIA_POTR is no option; did you mean FASTSFU_MEDIA_PORT?"
    monkeypatch.delenv("FASTSFU_MEDIA_POTR")
    monkeypatch.setenv("FASTSFU_XYZZY", "1")
    assert refused() == "FASTSFU_XYZZY is no option"


def test_flags_are_variables_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTSFU_MEDIA_IP", "203.0.113.7")
    assert Config.load().media_ips == ["203.0.113.7"]
    monkeypatch.setenv("FASTSFU_MEDIA_IPS", "203.0.113.8")
    assert "FASTSFU_MEDIA_IPS is given twice, the other time as FASTSFU_MEDIA_IP" in refused()


def test_secrets_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    monkeypatch.setenv("FASTSFU_API_KEY_FILE", str(file))
    key = Config.load().api_key
    assert key is not None
    assert key.get_secret_value() == SECRET
    monkeypatch.setenv("FASTSFU_API_KEY", SECRET)
    info = refused()
    assert "FASTSFU_API_KEY is given twice" in info
    assert SECRET not in info


def test_secret_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTSFU_SECRET_FILE", str(tmp_path / "none"))
    assert refused() == f"FASTSFU_SECRET_FILE: {tmp_path}/none: No such file or directory"
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    monkeypatch.setenv("FASTSFU_SECRET_FILE", str(binary))
    assert refused() == f"FASTSFU_SECRET_FILE: {binary} is no text file"
    monkeypatch.delenv("FASTSFU_SECRET_FILE")
    monkeypatch.setenv("FASTSFU_PORT_FILE", str(binary))  # a port is no secret
    assert refused().startswith("FASTSFU_PORT_FILE is no option")


def test_precedence(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Config.load(toml).port == 7001
    monkeypatch.setenv("FASTSFU_PORT", "7002")
    assert Config.load(toml).port == 7002
    assert Config.load(toml, port=7003).port == 7003
    assert Config.load(toml, port=None, gro=False).port == 7002
    config = Config.load(toml)
    assert (config.media_ips, config.gso, config.gro) == (["203.0.113.7"], False, True)
    assert type(config) is Config


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTSFU_MEDIA_IPS", "203.0.113.7, 198.51.100.1")
    monkeypatch.setenv("FASTSFU_VIDEO_CODECS", "av1,h264")
    monkeypatch.setenv("FASTSFU_OPEN_ROOMS", "true")
    monkeypatch.setenv("FASTSFU_SECRET", SECRET)
    monkeypatch.setenv("FASTSFU_CERT", "")  # empty is as good as absent
    monkeypatch.setenv("FASTSFU_FACES", "1")  # not an option
    config = Config()
    assert config.media_ips == ["203.0.113.7", "198.51.100.1"]
    assert config.video_codecs == ["AV1", "H264"]
    assert config.open_rooms
    assert config.secret is not None
    assert config.secret.get_secret_value() == SECRET
    assert config.cert is None


def test_files_may_hold_secrets_and_show_none(toml: Path) -> None:
    toml.write_text(f'secret = "{SECRET}"\napi_key = "{SECRET[::-1]}"\n')
    config = Config.load(toml)
    assert SECRET not in repr(config) + str(config) + config.model_dump_json()
    assert SECRET[::-1] not in repr(config)
    toml.write_text(f'secret = "{SECRET[:9]}"\n')
    info = refused(path=toml)
    assert info.startswith("secret: must be at least 32 bytes")
    assert SECRET[:9] not in info


def test_errors_show_no_input() -> None:
    with pytest.raises(ValidationError) as error:
        Config(secret=SECRET[:9])  # type: ignore[arg-type]
    assert SECRET[:9] not in str(error.value)


def test_each_wrong_option_is_named() -> None:
    info = refused(port=70_000, hold_us=-1, crypto="rot13", colour="red")
    for name in ("port: ", "hold_us: ", "crypto: ", "colour: "):
        assert name in info


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"host": "localhost"}, "host: 'localhost' is no IP address"),
        ({"media_ips": ["media.example"]}, "media_ips: 'media.example' is no IP address"),
        ({"media_ips": ["0.0.0.0"]}, "0.0.0.0 is no address that a client can send to"),
        ({"media_ips": ["224.0.0.1"]}, "224.0.0.1 is no address that a client can send to"),
        ({"media_ips": ["2001:db8::1"]}, "media_ips: 2001:db8::1 cannot reach"),
        ({"workers": 3, "media_port": 65534}, "workers: no 3 ports from 65534 on"),
        ({"video_codecs": ["VP8", "H265"]}, "unknown: H265; known are VP8, H264, VP9, AV1"),
        ({"audio_codecs": []}, "audio_codecs: none is given; known are red, opus, PCMU, PCMA"),
        ({"cert": "cert.pem"}, "cert and key belong together: give both or neither"),
        ({"key": "key.pem"}, "cert and key belong together: give both or neither"),
        ({"port": 9443, "metrics_port": 9443}, "port and metrics_port are both 9443"),
        ({"consent_timeout": 0}, "consent_timeout: "),
        ({"turn_urls": ["http://a"]}, "turn_urls: 'http://a' is no TURN or STUN URL"),
        ({"turn_urls": ["stun:a?transport=udp"]}, "is no TURN or STUN URL"),
        ({"turn_urls": ["turn:a"]}, "turn_urls need the turn_secret"),
        ({"turn_secret": "short"}, "turn_secret: must be at least 32 bytes"),
        ({"drain_timeout": float("nan")}, "drain_timeout: "),
        ({"resume_timeout": float("inf")}, "resume_timeout: "),
    ],
)
def test_wrong_values(options: dict[str, object], says: str) -> None:
    assert says in refused(**options)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert refused(path=tmp_path / "none.toml").startswith("There is no configuration file at")
    broken = tmp_path / "broken.toml"
    broken.write_text("port 1\n")
    assert "broken.toml cannot be read" in refused(path=broken)
    unknown = tmp_path / "unknown.toml"
    unknown.write_text("prot = 1\n")
    assert "prot: " in refused(path=unknown)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    assert "binary.toml cannot be read" in refused(path=binary)


def test_media_port_follows_port() -> None:
    assert Config(port=5000).udp_port == 5000
    assert Config(port=5000, media_port=6000).udp_port == 6000
    assert Config(port=5000, media_port=0).udp_port == 0


def test_config_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Config().port = 1


def test_given_addresses_are_kept_in_order_and_once() -> None:
    config = Config(media_ips=["203.0.113.7", "198.51.100.1", "203.0.113.7"])
    assert config.media_ips == ["203.0.113.7", "198.51.100.1"]


def test_former_secrets_are_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "former"
    file.write_text(f"{SECRET},{SECRET[::-1]}\n")
    monkeypatch.setenv("FASTSFU_FORMER_SECRETS_FILE", str(file))
    former = Config.load().former_secrets
    assert [each.get_secret_value() for each in former] == [SECRET, SECRET[::-1]]
    assert SECRET not in refused(former_secrets=[SECRET, "short"])
