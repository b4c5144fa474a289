"""The console in a real browser, as a person uses it: mouse, keyboard, links."""

import json
import re
from collections.abc import Iterator

import pytest

from emulator.web.pages import assets
from tests.support.axe import assert_accessible
from tests.support.browser import Chromium, Tab
from tests.support.live_server import Walk, platform

# Every view, and the panels that open in some of them; each by a text that shows it is there.
PLACES = {
    path.stem: "main h1" for path in sorted((assets.FOLDER / "console" / "views").glob("*.js"))
} | {"faults?add=api.fail": ".fault-form :focus", "docs/how-to/obs": ".prose h1"}


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


async def open_view(chromium: Chromium, walk: Walk, view: str = "overview") -> Tab:
    tab = await chromium.open(f"{walk.ready['console']}#/w/default/{view}", is_calm=True)
    await tab.page.wait_for_selector("main h1")
    return tab


def newest_request(walk: Walk) -> int:
    """The number of the newest request in the log."""
    page = walk.get(f"{walk.ready['admin']}/requests?order=newest&limit=1").json
    return int(page["requests"][0]["seq"]) if page["requests"] else 0


async def test_console_every_view_is_quiet_and_accessible(walk: Walk, chromium: Chromium) -> None:
    before = newest_request(walk)
    tab = await open_view(chromium, walk)
    for place, selector in PLACES.items():
        await tab.page.evaluate(f"location.hash = '#/w/default/{place}'")
        view = re.split("[/?]", place)[0]
        await tab.page.wait_for_selector(f".rail a[href$='/{view}'][aria-current=page]")
        await tab.page.wait_for_selector(selector)
        await assert_accessible(tab)
        assert not tab.complaints, place
    # No request has left this machine, and the log of requests has none of the page's.
    assert len(tab.hosts) == 1
    assert newest_request(walk) == before


async def test_console_is_used_by_keyboard_alone(walk: Walk, chromium: Chromium) -> None:
    # Given a person without a mouse: the first Tab leads to the link past the navigation,
    page = (await open_view(chromium, walk)).page
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "Skip to content"
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.tagName") == "MAIN"

    # when they follow it and search, then the view and its search field are there;
    await page.keyboard.press("?")
    await page.wait_for_selector("dialog[open] kbd:text-is('g a')")
    await page.keyboard.press("Escape")
    await page.wait_for_selector("dialog", state="detached")
    await page.keyboard.press("g")
    await page.keyboard.press("a")
    # The overview also has the new user.
    await page.wait_for_selector("h1:text-is('Keys & accounts')")
    await page.wait_for_selector("td:has-text('rustacean')")
    await page.keyboard.press("/")
    await page.keyboard.type("rustacean")
    await page.wait_for_selector("td:has-text('urbantech')", state="detached")
    assert await page.input_value("input[type=search]") == "rustacean"
    assert "find=rustacean" in page.url

    # and a fault is added and stopped: the form takes the focus, Enter sends it.
    await page.keyboard.press("Escape")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("g")
    await page.keyboard.press("f")
    await page.focus("button:text-is('Break something')")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".fault-form select:focus")
    await page.keyboard.type("chat.drop")
    await page.wait_for_selector(".fault-form p:has-text('lost on the way')")
    await page.focus("button:text-is('Start the fault')")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("td:has-text('chat.drop')")
    await page.focus("button:text-is('Stop')")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Nothing is broken.")


async def test_console_fault_from_a_link_makes_an_apps_call_fail(
    walk: Walk, chromium: Chromium
) -> None:
    # Given a link to a fault, as the requests view has it,
    link = "faults?add=api.fail&operation=/streams/id/{stream_id}&method=GET&status=502&skip=1"
    stream = walk.create("Soon broken", "ak_auto_broken")
    tab = await open_view(chromium, walk, link)
    await tab.page.wait_for_selector(".fault-form")

    # when it is opened and confirmed,
    await tab.page.click("button:text-is('Start the fault')")
    await tab.page.wait_for_selector(".fault-count:text-is('1 fault on')")

    # then the app's second call fails accordingly, and the page counts it; until it is cleared.
    await tab.page.wait_for_selector("td:text-is('all, not the first 1')")
    assert walk.ask("GET", f"/streams/id/{stream['id']}").status == 200
    assert walk.ask("GET", f"/streams/id/{stream['id']}").status == 502
    await tab.page.wait_for_selector("tr:has-text('api.fail') td:text-is('1')")
    await tab.page.click("button:text-is('Clear all')")
    await tab.page.click("dialog button:text-is('Stop all')")
    await tab.page.wait_for_selector(".fault-count:text-is('No faults')")
    assert walk.ask("GET", f"/streams/id/{stream['id']}").status == 200

    # A refusal stays until it is dismissed, and the form keeps its input.
    await tab.page.click("button:text-is('Break something')")
    await tab.page.fill("input[name=headers]", "no: json")
    await tab.page.click("button:text-is('Start the fault')")
    await tab.page.click(".toast.problem:has-text('headers') button[aria-label=Dismiss]")
    await tab.page.wait_for_selector(".toast.problem", state="detached")
    assert await tab.page.input_value("input[name=headers]") == "no: json"


async def test_console_reset_can_be_undone(walk: Walk, chromium: Chromium) -> None:
    # Given a stream that a person has created, and the view of worlds,
    stream = walk.create("Mine", "ak_auto_mine")
    tab = await open_view(chromium, walk, "worlds")

    # when the world is reset by mistake, then the stream is gone;
    await tab.page.click(".bar .reset")
    await tab.page.wait_for_selector(".toast:has-text('back at its seed')")
    assert walk.ask("GET", f"/streams/id/{stream['id']}").status == 404
    await tab.page.wait_for_selector("td:text-is('before-reset')")

    # when the reset is undone, then the stream is there again, and the page says so.
    await tab.page.click(".toast button:text-is('Undo')")
    await tab.page.wait_for_selector(".toast:has-text('as it was before')")
    assert walk.ask("GET", f"/streams/id/{stream['id']}").status == 200
    assert not tab.complaints


async def test_console_worlds_have_their_own_clock_and_address(
    walk: Walk, chromium: Chromium
) -> None:
    # Given a world that was created in the page,
    tab = await open_view(chromium, walk, "worlds")
    page = tab.page
    await page.fill("form:has-text('New world') input[name=name]", "elsewhere")
    await page.click("button:text-is('Make it')")
    await page.click(".toast button:text-is('Show it')")
    await page.wait_for_url("**/#/w/elsewhere/overview")
    await page.wait_for_selector("code:text-is('ak_demo@elsewhere')")

    # when its time is stopped and advanced, then the other world's time runs as before;
    await page.click(".bar button:text-is('Pause')")
    await page.wait_for_selector(".bar small:text-is('paused')")
    before = walk.get(f"{walk.ready['admin']}/clock").json
    await page.click(".bar button:text-is('+1 h')")
    assert before["mode"] == walk.get(f"{walk.ready['admin']}/clock").json["mode"] == "real"
    await page.click(".bar .clock a")
    instant = await page.get_attribute(".bar time", "datetime")
    await page.fill("input[name=length]", "1h30m")
    await page.click("button:text-is('Let it pass')")
    await page.wait_for_function(
        "at => document.querySelector('.bar time').dateTime > at", arg=instant
    )

    # a list shows new events in it while it is open, without moving the focus;
    await page.evaluate("location.hash = '#/w/elsewhere/accounts'")
    await page.wait_for_selector("td:has-text('rustacean')")
    row = page.locator("tr:has-text('rustacean') button").first
    await row.focus()
    assert walk.ask("GET", "/auth/me", key="ak_auto_newcomer@elsewhere").status == 200
    await page.wait_for_selector("td:has-text('newcomer')")
    assert await row.evaluate("button => button === document.activeElement")

    # an address past the end of a list leads to its last page, and a taken name asks first.
    await page.evaluate("location.hash = '#/w/elsewhere/accounts?page=9'")
    await page.wait_for_function("() => location.hash.endsWith('page=1')")
    await page.evaluate("location.hash = '#/w/elsewhere/worlds'")
    for _ in range(2):
        await page.fill("form:has-text('Take a snapshot') input", "calm")
        await page.click("button:text-is('Take a snapshot')")
        await page.wait_for_selector("tr:has-text('calm')")
    await page.click("dialog button:text-is('Cancel')")

    # it is exported to a file, and imported from it as another world.
    async with page.expect_download() as download:
        await page.click("button[aria-label='Export elsewhere']")
    assert (await download.value).suggested_filename == "elsewhere.world.zip"
    await page.set_input_files("input[type=file]", await (await download.value).path())
    await page.fill("form:has-text('From a file') input[name=name]", "again")
    await page.click("button:text-is('Import')")
    await page.wait_for_selector("td:has-text('ak_demo@again')")
    assert walk.ask("GET", "/auth/me", key="ak_auto_newcomer@again").status == 200

    # When it is dropped by others, then a view that follows its events says so.
    await page.evaluate("location.hash = '#/w/again/chat'")
    await page.wait_for_selector(".say")
    assert walk.ask("DELETE", f"{walk.ready['admin']}/worlds/again", key=None).status == 204
    await page.wait_for_selector("main [role=alert]:has-text('There is no world again')")
    assert await page.locator(".say").count() == 0
    await page.evaluate("location.hash = '#/w/elsewhere/worlds'")

    # When it is deleted, the page switches to the default world.
    await page.click("button[aria-label='Drop elsewhere']")
    await page.click("dialog button:text-is('Drop it')")
    await page.wait_for_url("**/#/w/default/worlds")
    worlds = walk.get(f"{walk.ready['admin']}/worlds").json["worlds"]
    assert "elsewhere" not in json.dumps(worlds)
    await page.evaluate("location.hash = '#/w/elsewhere/faults'")
    await page.wait_for_selector("main [role=alert]:has-text('elsewhere')")
    assert await page.locator("main .notice").count() == 0


async def test_console_asks_for_the_admin_token(chromium: Chromium) -> None:
    with platform(admin_token="open sesame") as walk:
        tab = await chromium.open(walk.ready["console"])
        await tab.page.fill("input[name=token]", "sesame")
        await tab.page.press("input[name=token]", "Enter")
        await tab.page.wait_for_selector("main [role=alert]:has-text('is wrong')")
        assert await tab.page.locator("main .notice").count() == 0
        await tab.page.fill("input[name=token]", "open sesame")
        await tab.page.press("input[name=token]", "Enter")
        await tab.page.wait_for_selector("header time")


async def test_console_continues_once_the_emulator_is_back(chromium: Chromium) -> None:
    # Given a console whose emulator stops: the page says so calmly;
    with platform() as walk:
        port = int(walk.ready["http"].rpartition(":")[2])
        page = (await open_view(chromium, walk)).page
        await page.wait_for_selector("header time")
    await page.wait_for_selector("main .notice:has-text('does not answer')")
    assert await page.locator(".toast").count() == 0
    await page.click("button.reset")
    await page.wait_for_selector(".toast:has-text('does not answer')")

    # when the emulator is there again, then the page continues by itself, without old notices.
    with platform(port=port) as walk:
        await page.wait_for_selector("main .notice", state="detached")
        await page.wait_for_selector(".toast", state="detached")
        walk.create("After the break", "ak_auto_back")
        await page.wait_for_selector(".tile:has-text('Offline') dd:text-is('1')")
