"""What `fastsfu doctor` looks at: each check says what it found and, when it is bad, the fix."""

import ctypes
import datetime
import importlib
import ipaddress
import os
import resource
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fastsfu.config import Config
from fastsfu.errors import ConfigError
from fastsfu.http.challenges import Challenges
from fastsfu.http.opening import open_acme
from fastsfu.http.tls import Pair
from fastsfu.public_address import located

# <linux/udp.h>; Python's socket module has no names for them.
SOL_UDP, UDP_SEGMENT, UDP_GRO = 17, 103, 104
BUFFER_BYTES = 8 * 1024 * 1024  # what the engine asks for each way
POOL_BYTES_PER_BUFFER = 2048
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
RENEW_DAYS = 14
IPSEC_MB = "libIPSec_MB.so.1"  # as the engine loads it
BROUGHT = Path(__file__).resolve().parents[1] / "fastsfu.libs"  # by a wheel
PACKAGES = {"usrsctp": "libusrsctp2", "ssl": "libssl3", "crypto": "libssl3"}  # Debian's


@dataclass(frozen=True)
class Finding:
    """One check's outcome; `fix` is a command or a sentence, empty when all is well."""

    check: str
    level: Literal["good", "warning", "bad"]
    found: str
    fix: str = ""


def examine(config: Config) -> Iterable[Finding]:
    """Run all checks, in the order in which they matter. Opens ports for a moment."""
    for check in CHECKS:
        yield check(config)


def _tcp_port(config: Config) -> Finding:
    return _bindable("HTTPS port", config.host, config.port, socket.SOCK_STREAM)


def _metrics_port(config: Config) -> Finding:
    if config.metrics_port is None:
        return Finding("metrics", "good", "at the HTTPS port")
    return _bindable("metrics", config.metrics_host, config.metrics_port, socket.SOCK_STREAM)


def _udp_port(config: Config) -> Finding:
    """Each worker has one, in a row."""
    ports = range(config.udp_port, config.udp_port + config.workers)
    for port in ports:
        finding = _bindable("media ports", config.host, port, socket.SOCK_DGRAM)
        if finding.level != "good":
            return finding
    if len(ports) == 1 or config.udp_port == 0:
        return finding
    found = f"UDP {config.host}:{ports[0]}-{ports[-1]} are free, one for each worker"
    return Finding("media ports", "good", found)


def _bindable(check: str, host: str, port: int, kind: socket.SocketKind) -> Finding:
    protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
    with socket.socket(_family(host), kind) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(protocol == "TCP"))
        try:
            trial.bind((host, port))
        except PermissionError:
            fix = f"sysctl -w net.ipv4.ip_unprivileged_port_start={port}, or --port 8443"
            return Finding(check, "bad", f"{protocol} {port} needs privileges", fix)
        except OSError as error:
            fix = f"see who has it (ss -lnp 'sport = :{port}'), or take another port"
            return Finding(check, "bad", f"{protocol} {host}:{port}: {error.strerror}", fix)
    return Finding(check, "good", f"{protocol} {host}:{port} is free")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _candidates(config: Config) -> Finding:
    try:
        config = located(config)
    except ConfigError as error:
        return Finding("addresses", "bad", error.info, "--media-ip with the public address")
    addresses = [ipaddress.ip_address(address) for address in config.media_ips]
    found = ", ".join(str(address) for address in addresses) or "none"
    if any(address.is_global for address in addresses):
        return Finding("addresses", "good", found)
    if all(address.is_loopback for address in addresses):
        fix = "--media-ip with an address that clients reach"
        return Finding("addresses", "bad", f"{found}: this machine only", fix)
    fix = "behind NAT: forward the media port and give --media-ip with the public address"
    return Finding("addresses", "warning", f"{found}: the local network only", fix)


def _udp_buffers(config: Config) -> Finding:
    limits = {
        name: int(Path(f"/proc/sys/net/core/{name}").read_text())
        for name in ("rmem_max", "wmem_max")
    }
    found = ", ".join(f"{name} {value // 1024} KiB" for name, value in limits.items())
    low = [name for name, value in limits.items() if value < BUFFER_BYTES]
    if not low:
        return Finding("UDP buffers", "good", found)
    fix = "sysctl -w " + " ".join(f"net.core.{name}={BUFFER_BYTES}" for name in low)
    return Finding("UDP buffers", "warning", f"{found}: bursts may be lost", fix)


def _segmentation(config: Config) -> Finding:
    missing = []
    with socket.socket(_family(config.host), socket.SOCK_DGRAM) as trial:
        for name, option, value in (("GSO", UDP_SEGMENT, 1200), ("GRO", UDP_GRO, 1)):
            try:
                trial.setsockopt(SOL_UDP, option, value)
            except OSError:
                missing.append(name)
    if not missing:
        return Finding("UDP GSO and GRO", "good", "the kernel has both")
    fix = "a Linux kernel from 5.0 on; without it each packet costs a send call of its own"
    return Finding("UDP GSO and GRO", "warning", f"no {' and no '.join(missing)}", fix)


def _libraries(config: Config) -> Finding:
    """All that a server loads, before anything else fails for want of it."""
    try:
        importlib.import_module("fastsfu.http.server")
    except ImportError as error:
        library = str(error).partition(":")[0]
        package = next((p for name, p in PACKAGES.items() if name in library), "")
        fix = f"apt install {package}" if package else "pip install --force-reinstall fastsfu"
        return Finding("libraries", "bad", f"cannot be loaded: {error}", fix)
    return Finding("libraries", "good", "all can be loaded")


def _crypto(config: Config) -> Finding:
    if any(map(_can_be_loaded, (IPSEC_MB, str(BROUGHT / IPSEC_MB)))):
        return Finding("encryption", "good", f"IPsec-MB ({IPSEC_MB})")
    fix = "apt install libipsec-mb1"
    if config.crypto == "ipsec-mb":
        fix += ", or leave out crypto"
        return Finding("encryption", "bad", f"crypto is ipsec-mb, and there is no {IPSEC_MB}", fix)
    return Finding("encryption", "warning", "no IPsec-MB, OpenSSL does it at more cost", fix)


def _can_be_loaded(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _locked_memory(config: Config) -> Finding:
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    if limit == resource.RLIM_INFINITY or os.geteuid() == 0:
        return Finding("locked memory", "good", "not limited")
    found = f"at most {limit // 1024} KiB: packet memory may be swapped out"
    fix = "LimitMEMLOCK=infinity in the systemd unit, or ulimit -l unlimited"
    return Finding("locked memory", "warning", found, fix)


def _open_files(config: Config) -> Finding:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # `serve` allows itself all of them
    if most >= 4096 or most == resource.RLIM_INFINITY:
        return Finding("open files", "good", f"at most {most}")
    fix = "LimitNOFILE=65536 in the systemd unit, or ulimit -Hn 65536"
    return Finding("open files", "warning", f"at most {most}, half for connections", fix)


def _clock(config: Config) -> Finding:
    # struct timex is 208 bytes on 64-bit Linux; zero modes: read only.
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    if state not in (-1, TIME_ERROR):
        return Finding("clock", "good", f"{now}, synchronised")
    fix = "timedatectl set-ntp true (tokens and certificates depend on the time)"
    return Finding("clock", "warning", f"{now}, not known to be synchronised", fix)


def _certificate(config: Config) -> Finding:
    if config.acme:
        return _by_acme(config)
    if config.cert is None or config.key is None:
        fix = "--cert and --key with a certificate that browsers trust"
        return Finding("certificate", "warning", "none given: self-signed at each start", fix)
    try:
        pair = Pair.read(config.cert, config.key, config.key_passphrase_file)
        pair.context()
        left = pair.expires_at() - datetime.datetime.now(datetime.UTC)
    except (OSError, ValueError) as error:
        fix = "both files PEM, readable, and of one pair"
        return Finding("certificate", "bad", f"{config.cert}: {error}", fix)
    if invalid := pair.why_invalid():
        fix = "renew it, or set the clock of this machine (timedatectl)"
        return Finding("certificate", "bad", f"it {invalid}: browsers refuse it", fix)
    if left.days >= RENEW_DAYS:
        return Finding("certificate", "good", f"valid for {left.days} days")
    return Finding("certificate", "warning", f"valid for {left.days} days", "renew it now")


def _by_acme(config: Config) -> Finding:
    try:
        acme = open_acme(config, Challenges())
    except ConfigError as error:
        return Finding("certificate", "bad", error.info, "pip install 'fastsfu[acme]'")
    assert acme is not None
    if (problem := acme.why_unkept()) is not None:
        fix = "FASTSFU_ACME_STATE with a folder that the server may write to"
        return Finding("certificate", "bad", problem, fix)
    found = f"by ACME for {', '.join(config.acme)}"
    if config.acme_challenge == "http-01":
        return _bindable("certificate", config.host, config.acme_http_port, socket.SOCK_STREAM)
    if config.port == 443:
        return Finding("certificate", "good", found)
    fix = f"--port 443, or lead port 443 of these names to {config.port}"
    return Finding("certificate", "warning", f"{found}, whose server comes to port 443", fix)


def _secret(config: Config) -> Finding:
    if config.secret is not None:
        return Finding("secret", "good", "set")
    fix = "export FASTSFU_SECRET=$(openssl rand -base64 32)"
    return Finding("secret", "warning", "not set: tokens end with the process", fix)


CHECKS: tuple[Callable[[Config], Finding], ...] = (
    _libraries,
    _tcp_port,
    _metrics_port,
    _udp_port,
    _candidates,
    _udp_buffers,
    _segmentation,
    _crypto,
    _locked_memory,
    _open_files,
    _clock,
    _certificate,
    _secret,
)
