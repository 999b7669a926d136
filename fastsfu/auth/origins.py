"""Origins of web pages (RFC 6454), and which ones may talk to this server."""

from collections.abc import Collection
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
ANY = "*"


def normalised(origin: str) -> str:
    """An origin as browsers write it: `https://App.Example:443/` is `https://app.example`.

    Raises ValueError for what is none.
    """
    parts = urlsplit(origin.strip())
    host = parts.hostname
    if not parts.scheme or not host or parts.path not in ("", "/") or "@" in parts.netloc:
        raise ValueError(f"{origin!r} is no origin; one is like https://app.example")
    if parts.query or parts.fragment:
        raise ValueError(f"{origin!r} is more than an origin; one is like https://app.example")
    named = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{parts.scheme}://{named}{port}"


def may_connect(
    origin: str | None, host: str, allowed: Collection[str], *, encrypted: bool
) -> bool:
    """Whether a page of this origin may talk to us: of the same `host`, or an `allowed` one.

    `allowed` are normalised ones. What is no browser sends no origin (section 7.3); it needs a
    token like everybody. Over TLS a page that came without it is another origin than ours; behind a
    proxy that ends TLS nothing says how it came.
    """
    if origin is None or ANY in allowed:
        return True
    schemes = ("https",) if encrypted else ("https", "http")
    try:
        own = [normalised(f"{scheme}://{host}") for scheme in schemes]
        return normalised(origin) in {*allowed, *own}
    except ValueError:
        return False
