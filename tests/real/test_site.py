"""The site in real Chromium: live channels, two people who chat, a broadcast from the browser."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Frame

from tests.support import screenshots
from tests.support.axe import assert_accessible
from tests.support.browser import Chromium, Scheme, Tab
from tests.support.live_server import Walk, platform

SITE = "/_emulator/site/"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PLAYS = "document.querySelector('iframe').contentWindow.emulatorPlayer.state === 'live'"
# Each card's picture as 16 by 9 pixels, once all of them are loaded.
PIXELS = """() => {
  const images = [...document.querySelectorAll(".site-cards:not(.small) .still img")];
  const isThere = (image) => image.complete && image.naturalWidth > 0;
  if (images.length < 6 || !images.every(isThere)) return null;
  const pen = new OffscreenCanvas(16, 9).getContext("2d", { willReadFrequently: true });
  return images.map((image) => {
    pen.drawImage(image, 0, 0, 16, 9);
    return [...pen.getImageData(0, 0, 16, 9).data];
  });
}"""


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


async def opened(walk: Walk, chromium: Chromium, place: str = "", **how: int | Scheme) -> Tab:
    """A tab with a view of the site."""
    return await chromium.open(f"{walk.ready['http']}{SITE}#/{place}", **how)  # type: ignore[arg-type]


async def sign_in(tab: Tab, name: str) -> None:
    """Sign in with any name, in the dialog."""
    await tab.page.click("header >> text=Sign in")
    await tab.page.fill("dialog[open] input[name=name]", name)
    await tab.page.press("dialog[open] input[name=name]", "Enter")
    await tab.page.wait_for_selector(f".site-head .me:has-text('{name}')")


async def player(tab: Tab) -> Frame:
    """The platform's player inside the page, once it knows that its stream is live."""
    handle = await tab.page.wait_for_selector("iframe.screen")
    assert handle is not None
    frame = await handle.content_frame()
    assert frame is not None
    await frame.wait_for_function("() => window.emulatorPlayer?.status === 'live'")
    return frame


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
async def test_site_home_shows_six_channels_that_differ(
    walk: Walk, chromium: Chromium, scheme: Scheme, width: int
) -> None:
    tab = await opened(walk, chromium, width=width, height=4000, scheme=scheme)

    pixels = await (await tab.page.wait_for_function(PIXELS)).json_value()

    assert len(pixels) == 6
    for index, picture in enumerate(pixels):
        for other in pixels[:index]:
            difference = sum(abs(a - b) for a, b in zip(picture, other, strict=True))
            assert difference / len(picture) > 3
    await tab.page.wait_for_selector(".live-card:has-text('watching')")
    await tab.page.wait_for_selector("section:has-text('Recordings') .live-card")
    assert await tab.page.evaluate(OVERFLOW) == 0
    assert not tab.complaints
    assert len(tab.hosts) == 1
    if width == 1280:
        await tab.page.set_viewport_size({"width": width, "height": 780})
        await screenshots.take(tab, "site")


async def test_site_two_people_watch_and_talk(walk: Walk, chromium: Chromium) -> None:
    # Given two people in one channel, one of them chosen from the menu of accounts,
    ada = await opened(walk, chromium, "@rustacean")
    bob = await opened(walk, chromium, "@rustacean")
    await ada.page.click("header >> text=Sign in")
    await ada.page.click("dialog[open] .people button:has-text('rustacean')")
    await ada.page.wait_for_selector(".site-head .me:has-text('rustacean')")
    await bob.page.click("header >> text=Sign in")
    await bob.page.fill("dialog[open] input[name=name]", "日本")  # No header can carry such a key.
    assert await bob.page.locator("dialog[open] input:invalid").count() > 0
    await bob.page.keyboard.press("Escape")
    await sign_in(bob, "bob")
    await player(ada)

    # when one posts a message, then the other reads it, with the author's badges.
    for tab in (ada, bob):
        await tab.page.wait_for_selector(".site-chat:has-text('connected')")
    await ada.page.fill("input[aria-label='Say something']", "hello <b>bob</b>")
    await ada.page.press("input[aria-label='Say something']", "Enter")
    said = ".talk li:has-text('hello <b>bob</b>') .mark.broadcaster"
    await bob.page.wait_for_selector(said)
    await screenshots.take(bob, "site-channel", ready=PLAYS)

    # When the owner removes the other's message, then it is gone for both;
    await bob.page.fill("input[aria-label='Say something']", "something rude")
    await bob.page.click("text=Send")
    await ada.page.hover(".talk li:has-text('something rude')")
    await ada.page.click(".talk li:has-text('something rude') >> text=Remove")
    for tab in (ada, bob):
        await tab.page.wait_for_selector(".talk li:has-text('was removed')")

    # and a new follower is in the list of followers.
    await bob.page.click(".acts >> text=Follow")
    await bob.page.wait_for_selector(".acts button[aria-pressed=true]")
    await bob.page.click("button:text-is('Followers')")
    await bob.page.wait_for_selector(".people a:has-text('bob')")
    assert not ada.complaints + bob.complaints


async def test_site_studio_goes_live_by_camera_and_is_watched(
    walk: Walk, chromium: Chromium
) -> None:
    # Given a studio with a camera,
    studio = await opened(walk, chromium, "studio")
    await sign_in(studio, "casey")
    await studio.page.click("button:text-is('Camera')")
    await studio.page.wait_for_selector("label:has-text('Microphone') select")
    await studio.page.fill("input[name=title]", "From my desk")

    # when it goes live, then another person sees it, and a clip can be made;
    await studio.page.click("button:text-is('Go live')")
    await studio.page.wait_for_selector("button:text-is('End the stream')")
    await studio.page.wait_for_selector(".tile:has-text('fps')")
    viewer = await opened(walk, chromium, "@casey")
    frame = await player(viewer)
    await frame.wait_for_function("() => window.emulatorPlayer.framesDecoded > 30")
    await viewer.page.wait_for_selector("h1:has-text('From my desk')")
    await sign_in(viewer, "viewer")
    await viewer.page.click("button:text-is('Clip')")
    await viewer.page.fill("dialog[open] input[name=title]", "That moment")
    await viewer.page.press("dialog[open] input[name=title]", "Enter")
    await viewer.page.click("button:text-is('Clips')")
    await viewer.page.wait_for_selector(".live-card:has-text('That moment')")

    # and when it ends, that is shown at once.
    await studio.page.click("button:text-is('End the stream')")
    await viewer.page.wait_for_selector(".badge:text-is('Offline')")
    await studio.page.wait_for_selector("button:text-is('Go live')")
    assert not studio.complaints

    # When a stream is ended elsewhere, then its studio is no longer live.
    await studio.page.click("button:text-is('Drawn picture')")
    await studio.page.click("button:text-is('Go live')")
    await studio.page.wait_for_selector("button:text-is('End the stream')")
    await viewer.page.wait_for_selector(".badge:text-is('Live')")
    stream = walk.ask("GET", "/streams/users/casey/live").json["stream"]
    walk.ask("POST", f"/streams/{stream['id']}/end", key="ak_auto_casey")
    await studio.page.wait_for_selector(".toast:has-text('ended elsewhere')")
    await studio.page.wait_for_selector("button:text-is('Go live')")


async def test_site_is_used_by_keyboard_on_a_narrow_screen(walk: Walk, chromium: Chromium) -> None:
    tab = await opened(walk, chromium, width=375, height=800, scheme="dark")
    await tab.page.wait_for_selector(".live-card")

    # By keyboard only: sign in,
    await focus(tab, "Sign in")
    await tab.page.keyboard.press("Enter")
    await tab.page.wait_for_selector("dialog[open] .people button:has-text('nextjsmaster')")
    await focus(tab, "nextjsmaster")
    await tab.page.keyboard.press("Enter")
    await tab.page.wait_for_selector(".site-head .me")
    # open the channel with the most viewers,
    await focus(tab, "From an empty folder to a shop, live")
    await tab.page.keyboard.press("Enter")
    await player(tab)
    # and post a message there.
    await tab.page.wait_for_selector(".site-chat:has-text('connected')")
    await focus(tab, "Say something")
    await tab.page.keyboard.type("no mouse needed")
    await tab.page.keyboard.press("Enter")
    await tab.page.wait_for_selector(".talk .mine:has-text('no mouse needed')")
    assert await tab.page.evaluate(OVERFLOW) == 0
    assert not tab.complaints


async def test_site_views_have_no_axe_finding(walk: Walk, chromium: Chromium) -> None:
    tab = await opened(walk, chromium)
    await tab.page.wait_for_selector("section:has-text('Clips') .live-card")
    await assert_accessible(tab)
    await sign_in(tab, "urbantech")
    for place, ready in (("@urbantech", ".talk li"), ("studio", "button:text-is('Go live')")):
        await tab.page.goto(f"{walk.ready['http']}{SITE}#/{place}")
        await tab.page.wait_for_selector(ready)
        await assert_accessible(tab, widths=(375, 1280))


async def focus(tab: Tab, name: str) -> None:
    """Press Tab until a control with this name or text has the focus."""
    for _ in range(120):
        await tab.page.keyboard.press("Tab")
        shown = await tab.page.evaluate(
            "document.activeElement.matches('a, button, input') &&"
            " (document.activeElement.ariaLabel ?? '') + document.activeElement.textContent"
        )
        if shown and name in shown:
            return
    raise AssertionError(f"Tab never leads to {name!r}")
