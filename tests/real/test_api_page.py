"""`/docs` in a real browser: find an operation, link to it, and call it on this server."""

from collections.abc import Iterator

import pytest

from tests.support.axe import assert_accessible
from tests.support.browser import Chromium
from tests.support.live_server import Walk, platform


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


async def test_api_page_finds_links_and_tries_operations(walk: Walk, chromium: Chromium) -> None:
    # Given the page under another host name than the one in its documents,
    tab = await chromium.open(f"{walk.ready['http'].replace('127.0.0.1', 'localhost')}/docs")
    await tab.page.wait_for_selector("#status:has-text('operations')")

    # when one operation is searched for and opened, then the address links to it;
    await tab.page.fill("#find", "get auth/me")
    await tab.page.click("#operations a:visible >> text=/me$/")
    await tab.page.wait_for_selector(".opblock.is-open .opblock-summary-path[data-path='/auth/me']")
    address = tab.page.url
    assert "#/" in address
    # and a call of it is answered, as the demo account.
    async with tab.page.expect_response(lambda answer: answer.url.endswith("/auth/me")) as asked:
        await tab.page.click("button.execute")
    assert (await (await asked.value).json())["username"] == "demo"
    await tab.page.wait_for_selector(".live-responses-table .response-col_status:has-text('200')")

    # The address opens it again; the page links to the other documents.
    other = await chromium.open(address)
    await other.page.wait_for_selector(".opblock.is-open button.execute")
    await tab.page.click("a[data-document=admin]")
    await tab.page.fill("#find", "clock/advance")
    await tab.page.wait_for_selector("#status:text-is('1 operation')")
    await tab.page.wait_for_selector("#operations a:visible:has-text('/clock/advance')")
    for page in (tab, other):
        assert not page.complaints
        assert len(page.hosts) == 1


async def test_api_page_is_accessible(walk: Walk, chromium: Chromium) -> None:
    tab = await chromium.open(f"{walk.ready['http']}/docs")
    await tab.page.wait_for_selector("#status:has-text('operations')")
    await tab.page.fill("#find", "post chat/bans")
    # By keyboard: from the search field to the list, and into the operation.
    await tab.page.keyboard.press("Tab")
    await tab.page.keyboard.press("Enter")
    await tab.page.wait_for_selector("button.execute")

    await assert_accessible(tab)
