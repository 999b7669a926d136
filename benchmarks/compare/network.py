"""A network namespace with an address that is not loopback, for servers that take no other.

Nothing leaves it: its packets go through the kernel's loopback as all others here do.
"""

import os
import shutil
import sys

ADDRESS = "192.0.2.1"  # RFC 5737
_MARK = "FASTSFU_BENCHMARK_NETWORK"
_SCRIPT = f"""
ip link set lo up && ip link add media0 type veth peer media1 &&
ip address add {ADDRESS}/24 dev media0 &&
ip link set media1 up && ip link set media0 up && exec "$@"
"""


def enter() -> None:
    """Run this program anew inside such a namespace, unless it is in one; needs root."""
    if os.environ.get(_MARK):
        return
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() != 0:
        raise SystemExit(
            "A network namespace is needed: run this as root, with util-linux's unshare."
        )
    os.environ[_MARK] = "1"
    command = [unshare, "--net", "sh", "-c", _SCRIPT, "sh", sys.executable, *sys.orig_argv[1:]]
    os.execv(unshare, command)
