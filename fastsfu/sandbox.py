"""What the server process gives up once it has what it needs, so that a fault in it is worth less.

    before its threads start: new privileges by exec (no_new_privs), and all but the capabilities
                              to bind low ports and lock memory, and what real time takes
    once it is ready: system calls that it never makes, in all threads (seccomp, by libseccomp)

Embedded in another process nothing of this happens: it is that one's to decide.
"""

import ctypes
import logging
import os
import resource
import socket
from collections.abc import Iterable, Iterator
from errno import EAFNOSUPPORT, ENOSYS, EPERM
from pathlib import Path
from typing import Final

from fastsfu.errors import ConfigError

logger = logging.getLogger("fastsfu.sandbox")

# <linux/prctl.h>, <linux/capability.h>
PR_SET_NO_NEW_PRIVS: Final = 38
CAPABILITY_VERSION: Final = 0x20080522
DAC_READ_SEARCH, NET_BIND_SERVICE, IPC_LOCK, SYS_NICE = 1 << 2, 1 << 10, 1 << 14, 1 << 23
KEPT: Final = NET_BIND_SERVICE | IPC_LOCK  # pools are locked while calls run (promise P5)

# <seccomp.h>
LIBRARY = "libseccomp.so.2"
ALLOW: Final = 0x7FFF0000
ERRNO: Final = 0x00050000  # or the errno
TSYNC: Final = 4  # attribute: all threads get the filter
MASKED_EQUAL: Final = 7

# <linux/sched.h>: CLONE_NEW* of time, mount, cgroup, UTS, IPC, user, PID, network
NAMESPACES: Final = (
    *(0x00000080, 0x00020000, 0x02000000, 0x04000000),
    *(0x08000000, 0x10000000, 0x20000000, 0x40000000),
)
FAMILIES: Final = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}
LAST_FAMILY: Final = 45  # AF_MCTP
PROGRAMS: Final = ("execve", "execveat")
OTHER_PROCESSES: Final = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"),
    *("perf_event_open", "move_pages", "migrate_pages"),
)
THE_SYSTEM: Final = (
    *("mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig"),
    *("fsmount", "fspick", "mount_setattr", "unshare", "setns", "swapon", "swapoff", "reboot"),
    *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module"),
    *("settimeofday", "clock_settime", "adjtimex", "clock_adjtime", "acct", "quotactl"),
    *("sethostname", "setdomainname", "syslog", "vhangup", "iopl", "ioperm", "mknod", "mknodat"),
)
# In the kernel. The event loop goes on with the ring of io_uring that it has.
OFTEN_AT_FAULT: Final = (
    *("bpf", "userfaultfd", "io_uring_setup"),
    *("keyctl", "add_key", "request_key", "open_by_handle_at", "name_to_handle_at"),
    *("lookup_dcookie", "personality", "modify_ldt", "vmsplice"),
)


class Sandbox:
    """For this process. `required`: raise ConfigError where it is not to be had, else log it."""

    def __init__(self, *, required: bool) -> None:
        self._required = required
        self._libc = ctypes.CDLL(None, use_errno=True)

    def drop_privileges(self, files: Iterable[Path] = (), *, real_time: bool = False) -> None:
        """In this thread and those that it starts. `files` will be read again: where that takes
        the right to read everybody's (root reading what is another user's), it is kept. So is the
        right to the lowest priority in real time, if workers are to have it: as a limit, and where
        that cannot be set, as the capability to set any priority.
        """
        self._libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        permitted = self._permitted()
        kept = permitted & KEPT
        if real_time and not _allow_real_time():
            kept |= permitted & SYS_NICE
        self._limit(kept, permitted)
        if not all(os.access(each, os.R_OK, effective_ids=True) for each in files):
            kept |= permitted & DAC_READ_SEARCH
        self._limit(kept, kept)

    def close(self) -> None:
        """Refuse, in all threads, the system calls that a server never makes."""
        try:
            filtering = Filter()
        except OSError:
            self._miss(f"{LIBRARY} is not installed (Debian: libseccomp2)")
            return
        for rule in rules():
            filtering.refuse(*rule)
        error = filtering.load()
        if error:
            self._miss(f"the kernel takes no filter of system calls: {os.strerror(error)}")

    def _miss(self, why: str) -> None:
        if self._required:
            raise ConfigError(f"--sandbox: {why}")
        logger.info("the server runs without a filter of system calls: %s", why)

    def _permitted(self) -> int:
        header, data = _Header(CAPABILITY_VERSION, 0), (_Capabilities * 2)()
        self._libc.capget(ctypes.byref(header), data)
        return int(data[0].permitted) | int(data[1].permitted) << 32

    def _limit(self, effective: int, permitted: int) -> None:
        """To less than before, which is always allowed."""
        header, data = _Header(CAPABILITY_VERSION, 0), (_Capabilities * 2)()
        for half, shift in ((data[0], 0), (data[1], 32)):
            half.effective = effective >> shift & 0xFFFFFFFF
            half.permitted = permitted >> shift & 0xFFFFFFFF
        self._libc.capset(ctypes.byref(header), data)


def _allow_real_time() -> bool:
    """To threads of this process, by a limit, which takes no capability to be used."""
    soft, hard = resource.getrlimit(resource.RLIMIT_RTPRIO)
    if soft == 0:
        try:
            resource.setrlimit(resource.RLIMIT_RTPRIO, (1, hard or 1))
        except (OSError, ValueError):  # which of them depends on what is missing
            return False
    return True


def rules() -> Iterator[tuple[str, int, int, int]]:
    """(system call, mask, value, errno): refused where its first argument under the mask is that;
    a mask of 0: always.
    """
    for name in (*PROGRAMS, *OTHER_PROCESSES, *THE_SYSTEM, *OFTEN_AT_FAULT):
        yield name, 0, 0, EPERM
    for flag in NAMESPACES:
        yield "clone", flag, flag, EPERM
    yield "clone3", 0, 0, ENOSYS  # its flags cannot be seen; the C library falls back to clone
    for family in set(range(LAST_FAMILY + 1)) - FAMILIES:
        yield "socket", 0xFFFFFFFF, family, EAFNOSUPPORT


class Filter:
    """libseccomp's, which allows what is not refused. Raises OSError where the library is not."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(LIBRARY)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._context = ctypes.c_void_p(self._library.seccomp_init(ALLOW))

    def refuse(self, name: str, mask: int, value: int, error: int) -> None:
        """With this error; a system call that libseccomp does not know is left as it is."""
        number = self._library.seccomp_syscall_resolve_name(name.encode())
        condition = _Condition(0, MASKED_EQUAL, mask, value)
        self._library.seccomp_rule_add_array(
            self._context, ERRNO | error, number, int(mask != 0), ctypes.byref(condition)
        )

    def load(self) -> int:
        """Into all threads; 0, or the errno."""
        self._library.seccomp_attr_set(self._context, TSYNC, 1)
        result: int = self._library.seccomp_load(self._context)
        self._library.seccomp_release(self._context)
        return -result


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Capabilities(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable"))


class _Condition(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operation", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    )
