"""The console of before, and the API page, until their parts have views in the new one."""

from collections.abc import Iterator

import pytest

from tests.support.browser import Chromium
from tests.support.live_server import Walk, platform


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


async def test_console_moderates_a_chat(walk: Walk, chromium: Chromium) -> None:
    # Given a chat in which bob is rude,
    stream = walk.create("Kept in order", "ak_auto_orderly")
    path = f"/streams/{stream['id']}/chat"
    walk.ask("POST", path, {"content": "rude <b>"}, "ak_auto_bob")
    tab = await chromium.open(walk.ready["console"] + "console-before")
    await tab.page.wait_for_selector(f"#room option[value='{stream['id']}']", state="attached")
    await tab.page.select_option("#room", stream["id"])

    # when his line is taken away and he is timed out, then nobody sees it, and he is refused;
    await tab.page.click("#lines li:has-text('bob: rude <b>') >> button:has-text('Delete')")
    await tab.page.wait_for_selector("#lines .gone:has-text('rude')")
    assert walk.ask("GET", path, key="ak_auto_bob").json["messages"] == []
    walk.ask("POST", path, {"content": "again"}, "ak_auto_bob")
    await tab.page.click("#lines li:has-text('bob: again') >> button:has-text('Time out')")
    await tab.page.wait_for_selector("#banned li:has-text('bob is timed out until')")
    assert walk.ask("POST", path, {"content": "hey"}, "ak_auto_bob").status == 403

    # when he is let back and the owner speaks and slows all down, then that holds.
    await tab.page.click("#banned button")
    await tab.page.wait_for_selector("#banned li", state="detached")
    await tab.page.fill("#line", "be nice")
    await tab.page.press("#line", "Enter")
    await tab.page.wait_for_selector("#lines li:has-text('orderly: be nice')")
    async with tab.page.expect_response(lambda answer: answer.request.method == "PUT"):
        await tab.page.select_option("#slow", "30")
    assert walk.ask("GET", f"{path}/settings").json["slow_mode_seconds"] == 30
    async with tab.page.expect_response(lambda answer: answer.request.method == "DELETE"):
        await tab.page.click("#clear")
    assert walk.ask("GET", path, key="ak_auto_bob").json["messages"] == []
    assert not tab.complaints


async def test_console_api_page_shows_and_searches_operations(
    walk: Walk, chromium: Chromium
) -> None:
    tab = await chromium.open(f"{walk.ready['http']}/docs", width=320, scheme="dark")
    await tab.page.wait_for_selector("#told:has-text('operations')")

    await tab.page.fill("#find", "post chat/bans")
    await tab.page.wait_for_selector("#told:text-is('1 operation')")
    await tab.page.click("details:not([hidden]) summary")

    await tab.page.wait_for_selector("details[open] pre:has-text('duration_seconds')")
    await tab.page.wait_for_selector("details[open] p:has-text('Refuses with 401')")
    assert not tab.complaints
    assert len(tab.hosts) == 1
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await tab.page.evaluate(wide) == 0
    await tab.page.click("button[data-document*='_emulator']")
    await tab.page.fill("#find", "clock/advance")
    await tab.page.wait_for_selector("summary:has-text('/_emulator/clock/advance')")
