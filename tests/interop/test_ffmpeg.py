"""ffmpeg publishes a real file by WHIP; a Chromium page shows it."""

from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from benchmarks.load.server import ServerProcess
from tests.interop.conftest import OpenPage
from tests.support import media


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """H.264 and Opus, made by ffmpeg."""
    return await media.make_file(tmp_path_factory.mktemp("media") / "film.mkv")


async def test_whip_is_shown(
    browser: Browser,
    open_page: OpenPage,
    server: ServerProcess,
    room: str,
    token: str,
    film: Path,
    tmp_path: Path,
) -> None:
    ada = await open_page(browser, "Ada")
    log = tmp_path / "ffmpeg.log"
    ffmpeg = await media.publish(film, f"{server.url}/v1/whip/{room}", token, log)
    try:
        stats = await ada.receiving(video=1, audio=1)
        await ada.goes_on(video=1, audio=1)
    except TimeoutError as error:
        raise AssertionError(f"{error}\n{log.read_text()}") from None
    finally:
        await media.end(ffmpeg)
    video = next(one for one in stats["inbound"] if one["kind"] == "video")
    assert (video["frameWidth"], video["frameHeight"]) == (640, 360)
