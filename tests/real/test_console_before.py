"""The API page of before, until another one takes its place."""

from collections.abc import Iterator

import pytest

from tests.support.browser import Chromium
from tests.support.live_server import Walk, platform


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


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
