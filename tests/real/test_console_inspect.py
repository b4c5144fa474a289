"""The console's inspectors in a real browser: requests, events, webhooks, mails."""

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.axe import assert_accessible
from tests.support.browser import Chromium, Tab
from tests.support.live_server import Walk, platform
from tests.support.required_programs import need
from tests.support.screenshots import take
from tests.support.webhook_receiver import receiving


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


async def opened(walk: Walk, chromium: Chromium, view: str) -> Tab:
    return await chromium.open(f"{walk.ready['console']}#/w/default/{view}")


def check_quiet(tab: Tab) -> None:
    """Assert that the page reported no error, and requested nothing from other hosts."""
    assert not tab.complaints
    assert len(tab.hosts) == 1


async def run_in_shell(line: str) -> dict[str, Any]:
    need("curl")
    shell = await asyncio.create_subprocess_exec("sh", "-c", line, stdout=PIPE, stderr=PIPE)
    output, _ = await shell.communicate()
    values: dict[str, Any] = json.loads(output)
    return values


async def test_inspector_finds_a_failed_request_copies_and_replays_it(
    walk: Walk, chromium: Chromium
) -> None:
    # Given requests, one of them refused, and a page with a filter,
    walk.ask("GET", "/streams/")
    tab = await opened(walk, chromium, "requests?find=status%3A4xx")
    page = tab.page
    await page.wait_for_selector("main .empty, main table")
    assert not await page.locator("tr:has-text('/streams/')").count()

    # which keeps the space before a word that is typed after a pause,
    box = page.get_by_role("searchbox", name="Filter requests")
    await box.fill("")
    await box.press_sequentially("method:POST ")
    await page.wait_for_function("() => location.hash.endsWith('=method%3APOST')")
    await box.press_sequentially("status:4xx")
    await page.wait_for_function("() => location.hash.endsWith('status%3A4xx')")
    assert await box.input_value() == "method:POST status:4xx"

    # when another one fails, then it appears by itself, and can be opened.
    body = {"title": "", "catgory_id": "it's"}
    answer = walk.ask("POST", "/streams/", body)
    assert answer.status == 422
    await page.click("tr:has-text('POST /api/v1/streams/') >> button")
    detail = page.locator("article.detail")
    await detail.locator("h2:has-text('POST /api/v1/streams/')").wait_for()
    await detail.locator("text=Unknown fields: catgory_id").wait_for()

    # The offered shell command is the same request.
    await detail.locator("summary:has-text('As curl')").click()
    line = await detail.locator("pre.curl").inner_text()
    result = await run_in_shell(line)
    assert result["detail"] == answer.json["detail"]
    # The opened request stays open when its own request is added to the list.
    await page.locator("main tbody tr >> nth=1").wait_for()
    assert await page.locator("tr[aria-current=true]").count() == 1

    # A replay is another request, marked as one, with an equal answer.
    await detail.locator("button:has-text('Replay')").click()
    await detail.locator("dt:has-text('Replay of')").wait_for()
    await detail.locator(".badge:has-text('422')").first.wait_for()
    fault = await detail.locator("a:has-text('Make this fail')").get_attribute("href")
    assert fault is not None
    assert "faults?add=api.fail&operation=%2Fstreams&method=POST" in fault
    await assert_accessible(tab)
    await take(tab, "console-requests")
    check_quiet(tab)


async def test_inspector_shows_events_as_they_happen_and_their_causes(
    walk: Walk, chromium: Chromium
) -> None:
    tab = await opened(walk, chromium, "events?find=kind%3AStreamCreated")
    page = tab.page
    await page.wait_for_selector("main .empty, main table")
    stream = walk.create("Seen <b>", "ak_auto_ada")

    await page.click("tr:has-text('Seen <b>') >> button")
    detail = page.locator("article.detail")
    await detail.locator(f"pre.json:has-text('{stream['id']}')").wait_for()
    await assert_accessible(tab)
    await detail.locator("a:has-text('POST /api/v1/streams/')").click()
    await page.wait_for_selector("article.detail dd:has-text('ada')")
    check_quiet(tab)


async def test_inspector_resends_a_webhook(walk: Walk, chromium: Chromium) -> None:
    async with receiving() as receiver:
        # Given a webhook that is added in the page, and a delivery about a stream,
        tab = await opened(walk, chromium, "webhooks")
        page = tab.page
        await page.fill("input[name=url]", receiver.url)
        await page.check("input[name='stream.created']")
        await page.click("button:text-is('Add')")
        await page.wait_for_selector(f"li.card:has-text('{receiver.url}')")
        walk.create("Told", "ak_auto_teller")
        first = await receiver.next(1)

        # when the delivery is opened and sent again, then it arrives again, and both attempts are
        # shown.
        await page.click("tr:has-text('stream.created') >> button")
        detail = page.locator("article.detail")
        await detail.locator("pre.json:has-text('Told')").wait_for()
        await detail.locator("button:has-text('Resend')").click()
        assert (await receiver.next(2)).body == first.body
        await detail.locator("summary:has-text('2.')").click()
        signature = (await receiver.next(2)).headers["webhook-signature"]
        await detail.locator(f"dd:has-text('{signature}')").first.wait_for()
        await assert_accessible(tab)

        # A delivery can also be made up.
        await page.click("summary:has-text('Send one by hand')")
        await page.fill("textarea[name=body]", '{"data": {"title": "Made up"}}')
        await page.click("button:text-is('Send')")
        assert (await receiver.next(3)).payload["data"] == {"title": "Made up"}
        check_quiet(tab)


async def test_inspector_opens_a_mails_link(walk: Walk, chromium: Chromium) -> None:
    tab = await opened(walk, chromium, "mails")
    page = tab.page
    await page.wait_for_selector("main .empty")
    walk.ask("POST", "/auth/magic-link", {"email": "urbantech@example.com"}, None)

    await page.click("tr:has-text('urbantech@example.com') >> button")
    link = await page.get_attribute("article.detail .letter a", "href")
    assert link is not None
    assert "token=" in link
    async with page.context.expect_page() as opening:
        await page.click("article.detail a:has-text('Open the link')")
    assert (await opening.value).url == link
    await assert_accessible(tab)

    await page.click("button:text-is('Clear')")
    await page.click("dialog button:text-is('Clear')")
    await page.wait_for_selector("main .empty")
    check_quiet(tab)
