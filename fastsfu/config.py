"""Every option: its unit, its reason, its default.

Each comes, in falling precedence, from an argument, the environment (environment.py; lists
separated by commas), a TOML file (`Config.load(path)`), its default. A Config is frozen; a server
can be told to go on with another one (`SFU.reconfigure`).
"""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from fastsfu.auth.api_keys import ApiKey, ApiKeyList
from fastsfu.cores import usable_cores
from fastsfu.edge_options import EdgeOptions
from fastsfu.environment import Environment
from fastsfu.errors import ConfigError, all_faults
from fastsfu.options import (
    AUTO,
    Address,
    AddressSource,
    MediaAddresses,
    Networks,
    Origins,
    Port,
    Seconds,
    Secret,
    Secrets,
    Urls,
)
from fastsfu.terms import P2pPolicy, TopologyProperty
from fastsfu.transport.addresses import of_another_family, reachable_addresses

DEFAULT_KEY = "default"  # the id of `api_key`

# What a running server takes over when it is told to; the rest waits for its next start.
RELOADABLE = frozenset(
    (
        *("cert", "key", "key_passphrase_file", "secret", "former_secrets"),
        *("api_key", "api_keys", "api_requests_per_second"),
        *("allowed_origins", "open_rooms", "max_participants", "max_token_sessions"),
        *("topology", "p2p_policy", "back_to_p2p_after", "audio_forward"),
        *("video_codecs", "audio_codecs", "opus_dtx"),
        *("turn_urls", "turn_secret", "turn_credential_lifetime"),
        *("max_app_message_bytes", "app_messages_per_second", "app_message_burst"),
        *("resume_timeout", "join_timeout", "heartbeat", "drain_timeout"),
    )
)


class Config(EdgeOptions):
    """The options of one server."""

    # Where it listens

    host: Address = "0.0.0.0"
    """Address to listen on, TCP and UDP: 0.0.0.0 (IPv4), :: (both), or one address."""

    port: Port = 8443
    """TCP port of HTTPS and WSS; 0 takes a free one."""

    media_ips: MediaAddresses = []
    """IP addresses that clients reach the media port at, most preferred first. Set it behind NAT
    (the public address, or `auto`: `public_address_from` says it). Default: every address of this
    machine, loopback last so that a browser on it works too.
    """

    public_address_from: AddressSource | None = None
    """Who says this machine's public address when the server starts, for `media_ips` `auto`: a STUN
    server (`stun:stun.example.org:3478`), or the cloud that it runs in: `aws`, `google`, `azure`.
    """

    media_port: Port | None = None
    """UDP port of the media; 0 takes a free one. Default: the number of `port`. Each further worker
    has the next one.
    """

    media_tcp_port: Port | None = None
    """TCP port of the media (ICE over TCP, TURN over TCP and TLS) where the server is part of an
    application whose own port is not ours; 0 takes a free one. Without it media goes by UDP alone
    there. `fastsfu serve` takes media at `port` anyway.
    """

    workers: Annotated[int, Field(ge=1)] = Field(default_factory=usable_cores)
    """Media threads, each with a UDP port of its own. Default: one for each usable core."""

    spread_at: Annotated[float, Field(ge=0, le=1)] = 0.7
    """Load of a worker, as a share of its core, at which further clients of its rooms go to another
    worker; 0 spreads each room from the beginning.
    """

    worker_timeout: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 5.0
    """Seconds after which a worker that does nothing is given up: its sessions end, the others go
    on.
    """

    # Who gets in

    cert: Path | None = None
    """PEM file of the TLS certificate chain; watched and reloaded. Default: self-signed."""

    key: Path | None = None
    """PEM file of the TLS private key."""

    key_passphrase_file: Path | None = None
    """File with the passphrase of the private key, for one that is encrypted."""

    secret: Secret | None = None
    """Signs meeting tokens, at least 32 bytes. Default: a random one for this process, so that its
    tokens end with it.
    """

    former_secrets: Secrets = []
    """Secrets that signed tokens before `secret` did: their tokens are good as long as they are
    listed here. At most 8.
    """

    api_key: Secret | None = None
    """What `Authorization: Bearer` must carry for the REST interface: the key of the id `default`,
    which has all scopes. Default: nobody may use it, unless there are `api_keys`.
    """

    api_keys: ApiKeyList = []
    """Further keys, each with an `id`, its `key` and its `scopes` (`rooms`, `tokens`, `metrics`:
    all three by default; `read-only`: what `rooms` may read). In the environment, or in the file
    of FASTSFU_API_KEYS_FILE, as a JSON list of such objects.
    """

    api_requests_per_second: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 250.0
    """Requests that one API key may make on average; twice as many at once."""

    allowed_origins: Origins = []
    """Origins (`https://app.example`) whose pages may open signaling connections besides this
    server's own; `*` allows all, since a token is asked for anyway.
    """

    frame_ancestors: str = "'none'"
    """Which pages may show the call page in a frame: a CSP source list (CSP3 frame-ancestors)."""

    open_rooms: bool = False
    """Let everybody into every room without a token: for trials only."""

    max_participants: Annotated[int, Field(ge=1, le=10_000)] = 200
    """How many a room takes, unless it says otherwise itself."""

    max_token_sessions: Annotated[int, Field(ge=1)] = 64
    """Sessions that one token (its `sub`, else `jti`) may have; more is for shared invitations."""

    # Who carries a call; rooms may say otherwise themselves

    topology: TopologyProperty = "auto"
    """What carries a room's media: auto (directly between two, the SFU from the third on), sfu
    (always), p2p (always directly, and so never more than two).
    """

    p2p_policy: P2pPolicy = "direct"
    """How two connect directly: direct shows each side's address to the other, relay goes through
    TURN only and hides them, off leaves all to the SFU.
    """

    back_to_p2p_after: Seconds | None = None
    """Seconds with two left after which a call on the SFU goes back to P2P. Default: it stays there
    until one is left.
    """

    # What outlives the process

    database: SecretStr | None = None
    """Where rooms and meetings are kept: `sqlite:///calls.db` (a file) or
    `postgresql://user:password@host/name`. Default: in memory.
    """

    meeting_retention: Seconds = 90 * 86_400.0
    """Seconds that meetings are kept after they have ended, where there is a database."""

    webhook_allowed_networks: Networks = []
    """Networks (`10.0.0.0/8`) that webhooks may lead to though they are not public. Default: none,
    so that nobody reaches inside by naming a URL.
    """

    # Messages

    max_app_message_bytes: Annotated[int, Field(ge=16, le=65_536)] = 4096
    """Bytes of JSON that one app message may have; clients are told, and refuse larger ones."""

    app_messages_per_second: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 50.0
    """App messages that a participant may send on average; beyond, it is read more slowly."""

    app_message_burst: Annotated[int, Field(ge=1)] = 200
    """App messages that a participant may send at once, before the average counts."""

    max_connections_per_address: Annotated[int, Field(ge=1)] | None = None
    """TCP connections that one address may have, or one IPv6 network of 64 bits. Default: 1,024, or
    an eighth of the file descriptors; more is for a server behind a load balancer that hides them.
    """

    # When it stops

    control: Path | None = None
    """Unix socket by which the next process of this server, started while this one runs, takes its
    calls. The next one has the media ports after those of this one, or before: let both in.
    """

    alternates: Urls = []
    """Base URLs (`https://b.example/`) of servers with the same `secret` that go on with the calls
    of this one when it stops, or is gone. Clients are told, and their pages may go there; each has
    to have this one's origin in its `allowed_origins`.
    """

    # Time

    consent_timeout: Seconds = 30.0
    """Seconds without an authentic packet until a client counts as gone (RFC 7675 section 5.1)."""

    resume_timeout: Seconds = 30.0
    """Seconds that a session outlives its WebSocket, for a client on a bad network to come back."""

    join_timeout: Seconds = 10.0
    """Seconds that a new WebSocket has for its first message."""

    heartbeat: Seconds = 10.0
    """Seconds between a client's pings; after three without one its WebSocket is closed."""

    keep_alive: Seconds = 75.0
    """Seconds that a connection may wait for its next request. More than a load balancer in front
    keeps its own (60 s mostly), or it sends requests into connections that are being closed.
    """

    drain_timeout: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10.0
    """Seconds that running calls get to end after SIGTERM."""

    @classmethod
    def load(cls, path: Path | str | None = None, **options: Any) -> Self:
        """From `options`, the environment and the TOML file at `path`; options that are None do
        not count.

        Raises ConfigError with one line for each wrong option.
        """
        given = {name: value for name, value in options.items() if value is not None}
        try:
            if path is None:
                return cls(**given)
            if not Path(path).is_file():
                raise ConfigError(f"There is no configuration file at {path}.")

            class FromFile(cls):  # type: ignore[misc, valid-type]
                model_config = SettingsConfigDict(toml_file=path)

            return cls.model_construct(**dict(FromFile(**given)))
        except ValidationError as error:
            raise ConfigError(all_faults(error)) from None
        except ValueError as error:
            raise ConfigError(f"{path or 'The environment'} cannot be read: {error}.") from None

    def changed_in(self, other: Self) -> set[str]:
        """The names of the options that `other` has another value of."""
        return {
            name for name in type(self).model_fields if getattr(self, name) != getattr(other, name)
        }

    @property
    def all_api_keys(self) -> list[ApiKey]:
        """All API keys."""
        if self.api_key is None:
            return self.api_keys
        return [ApiKey(id=DEFAULT_KEY, key=self.api_key), *self.api_keys]

    @property
    def udp_port(self) -> int:
        """The media port in effect."""
        return self.port if self.media_port is None else self.media_port

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, Environment(settings_cls), TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.cert is None) != (self.key is None):
            raise ValueError("cert and key belong together: give both or neither")
        if self.acme and self.cert is not None:
            raise ValueError("acme and cert: a server has its certificate from one of them")
        if self.port == self.metrics_port != 0:
            raise ValueError(f"port and metrics_port are both {self.port}")
        if self.key_passphrase_file is not None and self.key is None:
            raise ValueError("key_passphrase_file belongs to a key")
        if self.api_key is not None and any(each.id == DEFAULT_KEY for each in self.api_keys):
            raise ValueError(f"api_keys: the id {DEFAULT_KEY} is that of the api_key")
        if self.turn_min_port > self.turn_max_port:
            raise ValueError("turn_min_port is above turn_max_port")
        if self.turn_secret is None and any(url.startswith("turn") for url in self.turn_urls):
            raise ValueError("turn_urls need the turn_secret that their servers know")
        if self.topology == "p2p" and self.p2p_policy == "off":
            raise ValueError("topology p2p cannot have the p2p_policy off")
        if self.udp_port + self.workers > 65536:
            raise ValueError(f"workers: no {self.workers} ports from {self.udp_port} on")
        if (self.media_ips == [AUTO]) != (self.public_address_from is not None):
            raise ValueError("media_ips auto and public_address_from belong together")
        if self.media_ips == [AUTO]:
            return self
        unreachable = of_another_family(self.host, self.media_ips)
        if unreachable:
            raise ValueError(f"media_ips: {unreachable[0]} cannot reach a socket on {self.host}")
        if not self.media_ips:
            # Frozen for its users, not yet while it is being made.
            self.__dict__["media_ips"] = reachable_addresses(self.host)
        return self
