"""The call page where one has to be let in: the host sees who asks, and answers."""

from playwright.async_api import Page, expect

from benchmarks.load.server import SECRET
from fastsfu.auth.tokens import Tokens
from tests.interop.conftest import Visit

FOCUSED = "document.activeElement.textContent"


async def test_a_host_lets_in_who_knocks_or_not(visit: Visit, room: str) -> None:
    tokens = Tokens(SECRET)

    async def arrive(name: str, owner: bool = False) -> Page:
        return await visit(t=tokens.sign(room, name=name, owner=owner), name=name, autojoin="1")

    host = await arrive("Host", owner=True)
    await expect(host.locator("#meeting")).to_be_visible()
    await host.evaluate("window.call.updateRoom({ enableKnocking: true })")
    knocks, items = host.locator("#knocks"), host.locator("#knocks-list li")
    await expect(knocks).to_be_hidden()

    ada = await arrive("Ada")
    await expect(ada.locator("#joining-text")).to_have_text("Waiting to be let in…")
    await expect(items).to_have_count(1)
    await expect(host.locator("#knocks-title")).to_have_text("Somebody asks to be let in")
    await expect(host.locator("#knocks-all")).to_be_hidden()
    eve = await arrive("Eve")
    await expect(host.locator("#knocks-title")).to_have_text("2 people ask to be let in")

    await host.get_by_role("button", name="Let in: Ada").press("Enter")
    await expect(ada.locator("#meeting")).to_be_visible()
    await expect(items).to_have_count(1)
    assert await host.evaluate(FOCUSED) == "Decline", "the next one's"
    await host.get_by_role("button", name="Decline: Eve").press("Enter")
    await expect(eve.locator("#over")).to_be_visible()
    await expect(knocks).to_be_hidden()
    await expect(host.locator("#meeting-title")).to_be_focused()
    await expect(ada.locator("#knocks")).to_be_hidden()

    others = [await arrive(name) for name in ("Bob", "Cem")]
    await expect(items).to_have_count(2)
    await host.get_by_role("button", name="Let all in").click()
    for page in others:
        await expect(page.locator("#meeting")).to_be_visible()
    await expect(knocks).to_be_hidden()
