"""Firefox ESR through puppeteer-core (WebDriver BiDi) in a Node process of its own."""

import asyncio
import itertools
import json
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

from tests.support.page import HOOK

SCRIPT = Path(__file__).with_name("firefox.mjs")
LINE_LIMIT = 1 << 24  # bytes: a page's stats are one line
COMMAND_TIMEOUT = 60.0
EXIT_TIMEOUT = 20.0


class Firefox:
    """`await Firefox.launch()`, then `open_page`; `close` ends the browser."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def launch(cls) -> "Firefox":
        """Start Node and the browser."""
        process = await asyncio.create_subprocess_exec(
            "node", str(SCRIPT), stdin=PIPE, stdout=PIPE, limit=LINE_LIMIT
        )
        return cls(process)

    async def open_page(self, url: str) -> "FirefoxPage":
        """Open `url` in a container of its own, with the test's hook installed."""
        return FirefoxPage(self, await self.command("open", url=url, hook=HOOK))

    async def command(self, what: str, **parameters: Any) -> Any:
        """The command's value; RuntimeError with what the browser said."""
        number = next(self._ids)
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        line = json.dumps({"id": number, "do": what, **parameters}) + "\n"
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())
        async with asyncio.timeout(COMMAND_TIMEOUT):
            return await future

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            reply = json.loads(line)
            future = self._waiting.pop(reply["id"])
            if future.cancelled():
                continue
            if "error" in reply:
                future.set_exception(RuntimeError(reply["error"]))
            else:
                future.set_result(reply["value"])
        for future in self._waiting.values():
            future.set_exception(RuntimeError("Firefox has ended"))

    async def close(self) -> None:
        """End the browser and Node."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), EXIT_TIMEOUT)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reader


class FirefoxPage:
    """Driver of page.py."""

    def __init__(self, browser: Firefox, number: int) -> None:
        self._browser = browser
        self._number = number

    async def evaluate(self, expression: str) -> Any:
        return await self._browser.command("evaluate", page=self._number, expression=expression)

    async def close(self) -> None:
        await self._browser.command("close", page=self._number)
