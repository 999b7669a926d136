"""Whether threads of this process may run in real time."""

import os
from concurrent.futures import ThreadPoolExecutor


def may_use_real_time() -> bool:
    """By RLIMIT_RTPRIO or CAP_SYS_NICE, unless they are put into another class; a thread tries."""

    def attempt() -> bool:
        if os.sched_getscheduler(0) != os.SCHED_OTHER:
            return False
        try:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        except PermissionError:
            return False
        return True

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(attempt).result()
