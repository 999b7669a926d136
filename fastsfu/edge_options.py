"""Options of the edge of a server: certificates by ACME, load balancers, metrics."""

from pathlib import Path
from typing import Literal

from fastsfu.media_options import MediaOptions
from fastsfu.options import Address, Domains, Networks, Port


class EdgeOptions(MediaOptions):
    """Those of Config, which describes where options come from."""

    acme: Domains = []
    """Domains (`calls.example.org`) to have a certificate for by ACME (RFC 8555), in the place of
    `cert` and `key`: it is asked for when the server starts, and renewed. The ACME server has to
    reach this one at port 443 by each name. Whoever sets it agrees to the terms of that server.
    """

    acme_challenge: Literal["tls-alpn-01", "http-01"] = "tls-alpn-01"
    """How the ACME server sees that a domain is ours: by TLS at this server's own port, or by plain
    HTTP at port 80, which is open only while it is asked, and answers nothing else.
    """

    acme_http_port: Port = 80
    """TCP port for http-01, to which port 80 of the domains leads."""

    acme_directory: str = "https://acme-v02.api.letsencrypt.org/directory"
    """URL of the ACME server's directory. Default: that of Let's Encrypt."""

    acme_email: str | None = None
    """Where the ACME server may write to."""

    acme_state: Path | None = None
    """Folder for account and certificates, for this user alone. Default: systemd's StateDirectory,
    else ~/.local/state/fastsfu.
    """

    acme_roots: Path | None = None
    """PEM file of the roots that an ACME server of your own is trusted by. Default: public ones."""

    proxy_networks: Networks = []
    """Networks (`10.0.0.0/8`) of load balancers that begin each TCP connection with the address of
    its client (PROXY protocol, version 1 or 2). What comes from there without it is closed; nobody
    else may say it. Default: none.
    """

    forwarded_networks: Networks = []
    """Networks of load balancers that end TLS and say by X-Forwarded-For whom a request comes from;
    nobody else is believed. Default: none.
    """

    metrics_port: Port | None = None
    """TCP port of `fastsfu serve` for `/metrics` (HTTPS), which is not at `port` then; 0 takes a
    free one. Default: at `port`, as all else.
    """

    metrics_host: Address = "127.0.0.1"
    """Address to listen on at `metrics_port`. At a loopback address everybody on this machine may
    read metrics; at another one, who shows an API key of the scope `metrics`.
    """
