"""Certificates by ACME (RFC 8555): an account, an order, its challenges, the files of all that.

It blocks, and so runs in a thread of its own (renewal.py). Whatever goes wrong is an AcmeError with
a sentence; nothing is tried again here.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import josepy
import requests
from acme import challenges as acme_challenges
from acme import client, crypto_util, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.http.challenges import AcmeError, Challenges
from fastsfu.http.plain_challenges import PlainChallenges
from fastsfu.http.tls import Pair
from fastsfu.transport.self_signed import pem_of

Result = TypeVar("Result")

ORDER_SECONDS: Final = 90.0
RATE_LIMITED: Final = "urn:ietf:params:acme:error:rateLimited"


class TLSALPN01Response(acme_challenges.KeyAuthorizationChallengeResponse):
    """RFC 8737: "{}" says that we are ready."""

    typ = "tls-alpn-01"


@acme_challenges.Challenge.register
class TLSALPN01(acme_challenges.KeyAuthorizationChallenge):
    """RFC 8737 section 3."""

    response_cls = TLSALPN01Response
    typ = response_cls.typ

    def validation(self, account_key: josepy.jwk.JWK, **_: Any) -> bytes:
        """What the certificate has to show."""
        return hashlib.sha256(self.key_authorization(account_key).encode()).digest()


class Acme:
    """A server's dealings with the ACME server of its configuration."""

    def __init__(self, config: Config, pending: Challenges) -> None:
        self._config = config
        self._pending = pending
        self._plain = PlainChallenges(config.host, config.acme_http_port)
        self._files = Files(config)
        self._client: client.ClientV2 | None = None

    def stored(self) -> Pair | None:
        """The certificate of before, if it is good for these domains now."""
        pair = self._files.pair()
        if pair is None or pair.why_invalid() or set(pair.names()) != set(self._config.acme):
            return None
        return pair

    def why_unkept(self) -> str | None:
        """Why nothing could be kept of it; None: it could."""
        return self._files.why_unkept()

    def obtain(self) -> Pair:
        """A new certificate, which is also kept in files. Raises AcmeError."""
        try:
            pair = _said(self._order)
        except AcmeError:
            self._client = None  # its account may be gone there: the next time begins with it
            raise
        self._files.keep(pair)
        return pair

    def suggested(self, pair: Pair) -> datetime | None:
        """When the ACME server suggests to renew it (ARI, RFC 9773), if it does (UTC)."""
        at = _said(lambda: self._connected().renewal_time(pair.chain)[0])
        return at and at.astimezone(UTC)

    def _order(self) -> Pair:
        connected = self._connected()
        key = ec.generate_private_key(ec.SECP256R1())
        pem = pem_of(key)
        order = connected.new_order(crypto_util.make_csr(pem, self._config.acme))
        with ExitStack() as answered:
            for each in order.authorizations:
                if each.body.status != messages.STATUS_VALID:
                    self._answer(connected, each, answered)
            deadline = datetime.now() + timedelta(seconds=ORDER_SECONDS)
            done = connected.poll_and_finalize(order, deadline)
        return Pair(done.fullchain_pem.encode(), pem)

    def _answer(
        self,
        connected: client.ClientV2,
        authorization: messages.AuthorizationResource,
        answered: ExitStack,
    ) -> None:
        domain = authorization.body.identifier.value
        offered = {each.chall.typ: each for each in authorization.body.challenges}
        wanted = self._config.acme_challenge
        if wanted not in offered:
            raise AcmeError(f"the ACME server offers no {wanted} for {domain}")
        challenge, key = offered[wanted], connected.net.key
        said = challenge.chall.validation(key)
        if wanted == TLSALPN01.typ:
            answered.enter_context(self._pending.pending(domain, said))
        else:
            answered.enter_context(self._plain.pending(challenge.chall.path, said))
        connected.answer_challenge(challenge, challenge.chall.response(key))

    def _connected(self) -> client.ClientV2:
        """With our account, which is made if there is none for our key."""
        if self._client is None:
            network = client.ClientNetwork(
                self._files.account_key(),
                alg=josepy.jwa.ES256,
                user_agent=f"fastsfu/{version('fastsfu')}",
            )
            if self._config.acme_roots is not None:
                network.verify_ssl = str(self._config.acme_roots)  # type: ignore[assignment]
            directory = client.ClientV2.get_directory(self._config.acme_directory, network)
            connected = client.ClientV2(directory, network)
            asked = messages.NewRegistration.from_data(
                email=self._config.acme_email, terms_of_service_agreed=True
            )
            try:
                connected.new_account(asked)
            except errors.ConflictError as there:  # RFC 8555 section 7.3.1
                network.account = messages.RegistrationResource(
                    uri=there.location, body=messages.Registration()
                )
            self._client = connected
        return self._client


class Files:
    """What is kept of one ACME server, for this user alone."""

    def __init__(self, config: Config) -> None:
        host = urlsplit(config.acme_directory).netloc.replace(":", "-")
        self._folder = (config.acme_state or _default_folder()) / host

    def why_unkept(self) -> str | None:
        """Why no file can be made there; None: they can."""
        there = next(each for each in (self._folder, *self._folder.parents) if each.exists())
        if not there.is_dir():
            return f"{there} is no folder"
        return None if os.access(there, os.W_OK) else f"{there} cannot be written to"

    def account_key(self) -> josepy.jwk.JWK:
        """Made at the first time. Raises OSError, ValueError."""
        path = self._folder / "account.pem"
        if not path.exists():
            self._write(path, pem_of(ec.generate_private_key(ec.SECP256R1())))
        return josepy.jwk.JWK.load(path.read_bytes())

    def pair(self) -> Pair | None:
        """The last certificate with its key, in one file, so that they are always of each other."""
        try:
            text = (self._folder / "certificate.pem").read_bytes()
            begin = text.index(b"-----BEGIN PRIVATE KEY")
            x509.load_pem_x509_certificates(text[:begin])
        except (OSError, ValueError):
            return None
        return Pair(text[:begin], text[begin:])

    def keep(self, pair: Pair) -> None:
        """In the place of the one before."""
        self._write(self._folder / "certificate.pem", pair.chain.rstrip() + b"\n" + pair.key)

    def _write(self, path: Path, text: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:  # mode 0600
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(file.name, path)
        except OSError as error:
            raise AcmeError(f"{path}: {error.strerror}") from None


def _default_folder() -> Path:
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.partition(":")[0])
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "fastsfu"


def _said(attempt: Callable[[], Result]) -> Result:
    """What it returns; whatever it raises as an AcmeError with a sentence."""
    try:
        return attempt()
    except AcmeError:
        raise
    except ConfigError as error:
        raise AcmeError(f"http-01: {error.info}") from None
    except messages.Error as error:
        raise AcmeError(_of(error), rate_limited=error.typ == RATE_LIMITED) from None
    except errors.ValidationError as error:
        refused = [
            f"{each.body.identifier.value}: {_of(challenge.error)}"
            for each in error.failed_authzrs
            for challenge in each.body.challenges
            if challenge.error is not None
        ]
        raise AcmeError("; ".join(refused) or "the challenge failed") from None
    except errors.TimeoutError:
        info = f"the ACME server was not done after {ORDER_SECONDS:.0f} s"
        raise AcmeError(info) from None
    except requests.RequestException as error:
        raise AcmeError(f"the ACME server cannot be reached: {error}") from None
    except (errors.Error, josepy.errors.Error, OSError, ValueError) as error:
        raise AcmeError(f"{type(error).__name__}: {error}") from None


def _of(error: messages.Error) -> str:
    return f"{error.detail or error.description or error.typ}"
