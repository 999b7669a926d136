"""An internet of network namespaces: a server, and households behind routers with NAT."""

import ctypes
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

CLONE_NEWNET = 0x40000000
SERVER = "203.0.113.1"
_libc = ctypes.CDLL(None, use_errno=True)


class Namespaces:
    """Those of this process by short names, `server` first, which has the address SERVER.

    All are gone at the end. Raises PermissionError when they cannot be made here.
    """

    def __init__(self) -> None:
        self._made: list[str] = []

    def __enter__(self) -> Self:
        try:
            self.make("server")
            run("ip", "-n", self.namespace("server"), "address", "add", SERVER, "dev", "lo")
            self.connect()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def connect(self) -> None:
        """Make the others, and the ways to them."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        while self._made:
            run("ip", "netns", "delete", self._made.pop())

    def namespace(self, name: str) -> str:
        """As `ip netns` knows it."""
        return f"fastsfu-{os.getpid()}-{name}"

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """Sockets and processes that this thread makes within belong there."""
        with open("/proc/self/ns/net") as ours:
            with open(f"/run/netns/{self.namespace(name)}") as there:
                _enter(there.fileno())
            try:
                yield
            finally:
                _enter(ours.fileno())

    def launcher(self, name: str, program: Path, directory: Path) -> Path:
        """A script that runs the program there."""
        script = directory / f"{program.name}-{name}"
        command = f'ip netns exec {self.namespace(name)} {program} "$@"'
        script.write_text(f"#!/bin/sh\nexec {command}\n")
        script.chmod(0o755)
        return script

    def make(self, name: str) -> None:
        """One that forwards IPv4."""
        namespace = self.namespace(name)
        try:
            run("ip", "netns", "add", namespace)
        except RuntimeError as error:
            raise PermissionError(str(error)) from None
        self._made.append(namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
        with self.inside(name):
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
            # Or an IPv6 address comes up a second later, while a page loads, and browsers end
            # all their connections when the network changes.
            Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")


class Network(Namespaces):
    """`with Network("ada", "ben") as network:`; the names are those of the households.

    Each has a router, which is `NAME-router`.
    """

    def __init__(self, *households: str) -> None:
        super().__init__()
        self.households = households

    def connect(self) -> None:
        for number, household in enumerate(self.households):
            self._connect(household, f"198.51.100.{4 * number}", f"192.168.{number}")

    def let_out(
        self, household: str, *matches: str, never: Iterable[str] = (), symmetric: bool = False
    ) -> None:
        """Set the router: out goes what one of these iptables matches fits and none of `never`
        does, in come answers. Its NAT takes ports of its own choice for each destination when it
        is symmetric (RFC 3489 section 5), or else keeps the client's.
        """
        rules = [
            *("*filter", ":INPUT DROP", ":FORWARD DROP", ":OUTPUT ACCEPT"),
            *(f"-A FORWARD {match} -j DROP" for match in never),
            "-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
            *(f"-A FORWARD -i lan {match} -j ACCEPT" for match in matches),
            *("COMMIT", "*nat", ":POSTROUTING ACCEPT"),
            f"-A POSTROUTING -o wan -j MASQUERADE {'--random' if symmetric else ''}",
            "COMMIT\n",
        ]
        with self.inside(f"{household}-router"):
            run("iptables-restore", stdin="\n".join(rules))

    @contextmanager
    def cut(self, household: str) -> Iterator[None]:
        """Nothing goes in or out of it meanwhile, and none of its devices notices."""
        rule = ("FORWARD", "-j", "DROP")
        with self.inside(f"{household}-router"):
            run("iptables", "-I", *rule)
        try:
            yield
        finally:
            with self.inside(f"{household}-router"):
                run("iptables", "-D", *rule)

    def _connect(self, household: str, wan: str, lan: str) -> None:
        router = f"{household}-router"
        self.make(router)
        self.make(household)
        subnet, last = wan.rsplit(".", 1)
        gateway, outside = (f"{subnet}.{int(last) + host}" for host in (1, 2))
        self._link("server", household, f"{gateway}/30", router, "wan", f"{outside}/30")
        self._link(router, "lan", f"{lan}.1/24", household, "eth0", f"{lan}.2/24")
        for namespace, via in ((router, gateway), (household, f"{lan}.1")):
            run("ip", "-n", self.namespace(namespace), "route", "add", "default", "via", via)

    def _link(self, a: str, name: str, address: str, b: str, peer: str, peer_address: str) -> None:
        a, b = self.namespace(a), self.namespace(b)
        ends = ["name", name, "netns", a, "type", "veth", "peer", "name", peer, "netns", b]
        run("ip", "link", "add", *ends)
        for namespace, device, ip in ((a, name, address), (b, peer, peer_address)):
            run("ip", "-n", namespace, "address", "add", ip, "dev", device)
            run("ip", "-n", namespace, "link", "set", device, "up")


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def run(*command: str, stdin: str = "") -> None:
    """RuntimeError says what a command said that failed."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
