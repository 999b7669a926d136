"""A library that is missing or broken is named by the command line, with what helps."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command import run


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str], str]:
    """LD_LIBRARY_PATH with which a library of this name cannot be loaded."""

    def broken_library(name: str) -> str:
        (tmp_path / name).write_text("no library")
        return str(tmp_path)

    return broken_library


def test_a_library_that_cannot_be_loaded_is_named(broken: Callable[[str], str]) -> None:
    path = broken("libusrsctp.so.2")
    served = run("serve", "--port", "0", LD_LIBRARY_PATH=path)
    assert served.returncode == 2
    assert "libusrsctp.so.2" in served.stderr
    assert "Traceback" not in served.stderr
    examined = run("doctor", "--port", "0", LD_LIBRARY_PATH=path, COLUMNS="300")
    assert examined.returncode == 1
    assert "bad libraries" in examined.stdout
    assert "apt install libusrsctp2" in examined.stdout


def test_an_encryption_that_is_not_here_is_named(broken: Callable[[str], str]) -> None:
    library = {"LD_LIBRARY_PATH": broken("libIPSec_MB.so.1"), "FASTSFU_CRYPTO": "ipsec-mb"}
    served = run("serve", "--port", "0", "--media-port", "0", **library)
    assert served.returncode == 2
    assert served.stderr.startswith("fastsfu: crypto: ")
    assert "Traceback" not in served.stderr
    examined = run("doctor", "--port", "0", COLUMNS="300", **library)
    assert "bad encryption" in examined.stdout
