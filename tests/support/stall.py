"""Stop one thread of this process, as a bug in the kernel or in the code would: ptrace(2).

The tracer has to be another process, so it is a child; the thread goes on when that ends.
"""

import contextlib
import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

PTRACE_INTERRUPT, PTRACE_SEIZE = 0x4207, 0x4206
PR_SET_PTRACER, ANY = 0x59616D61, -1


@contextlib.contextmanager
def stalled(thread: int) -> Iterator[None]:
    """The thread with this native id does nothing within; skips the test where that is denied."""
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ctypes.c_long(ANY), 0, 0, 0)
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.stall", str(thread)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as tracer:
        assert tracer.stdout is not None
        assert tracer.stdin is not None
        if tracer.stdout.readline() != b"stopped\n":
            pytest.skip("this machine does not let us stop a thread of our own")
        try:
            yield
        finally:
            tracer.stdin.close()


def _trace(thread: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
        if libc.ptrace(request, thread, None, None) < 0:
            raise OSError(ctypes.get_errno(), "ptrace")
    os.waitpid(thread, 0x40000000)  # __WALL
    sys.stdout.write("stopped\n")
    sys.stdout.flush()
    sys.stdin.read()  # our end detaches it


if __name__ == "__main__":
    _trace(int(sys.argv[1]))
