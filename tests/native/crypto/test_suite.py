"""Where keys lie (promise P5), and how a missing or foreign IPsec-MB is noticed at run time."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.native.crypto.support import MAKERS, PROFILES, Master
from tests.native.faces.srtp import CryptoSuite

# AddressSanitizer's mlock does nothing and says that it did.
LOCKS = "asan" not in os.environ.get("LD_PRELOAD", "")
ROOT = Path(__file__).resolve().parents[3]
NAME = "from tests.native.faces.srtp import CryptoSuite; print(CryptoSuite().name)"


def flags_of(address: int) -> set[str]:
    """VmFlags of the mapping at this address."""
    flags, inside = set(), False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        bounds = re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line)
        if bounds:
            inside = int(bounds[1], 16) <= address < int(bounds[2], 16)
        elif inside and line.startswith("VmFlags:"):
            flags = set(line.split()[1:])
    return flags


def test_keys_are_locked_and_left_out_of_core_dumps(suite: CryptoSuite, master: Master) -> None:
    context = master.context(suite)
    assert suite.keys == 2
    for address in (suite.address(), *suite.slabs()):
        assert "dd" in flags_of(address)
        assert ("lo" in flags_of(address)) == (suite.locked and LOCKS)
    del context


def test_keys_are_wiped(suite: CryptoSuite) -> None:
    masters = [Master.random(profile) for profile in PROFILES for _ in range(40)]
    contexts = [master.context(suite) for master in masters]
    assert suite.keys == 2 * len(contexts)
    assert len(suite.slabs()) == 4  # 63 cells each
    contexts.clear()
    assert suite.keys == 0
    assert suite.stray_key_bytes() == 0


def test_each_maker_by_its_name() -> None:
    for name, number in MAKERS.items():
        assert CryptoSuite(number).name == name


def name_with(library: Path) -> str:
    """What MAKER_AUTO chooses where the loader finds this library first."""
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library.parent)}
    done = subprocess.run(
        [sys.executable, "-c", NAME], cwd=ROOT, env=environment, capture_output=True, check=True
    )
    assert done.stderr == b""
    return done.stdout.decode().strip()


def test_openssl_where_ipsec_mb_does_not_load(tmp_path: Path) -> None:
    library = tmp_path / "libIPSec_MB.so.1"
    library.write_bytes(b"\x7fELF")
    assert name_with(library) == "openssl"


@pytest.mark.parametrize("version", ["0x10000", "0x10400", "0x20000"])
def test_openssl_where_ipsec_mb_is_of_another_version(tmp_path: Path, version: str) -> None:
    source, library = tmp_path / "fake.c", tmp_path / "libIPSec_MB.so.1"
    source.write_text(
        f"unsigned imb_get_version(void) {{ return {version}; }}\n"
        "unsigned long imb_get_mb_mgr_size(void) { __builtin_trap(); }\n"
    )
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    assert name_with(library) == "openssl"
