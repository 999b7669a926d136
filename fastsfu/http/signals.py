"""Signals that are heard in the event loop; SIGINT and SIGTERM are uvicorn's."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def hearing(called: Mapping[signal.Signals, Callable[[], None]]) -> Iterator[None]:
    """What is called at each signal, in a process of our own; in another thread nothing is."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {each: signal.getsignal(each) for each in called}
    for number, callback in called.items():
        loop.add_signal_handler(number, callback)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
