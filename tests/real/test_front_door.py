"""The front door in a real browser: a person goes live with one click, and sees it play."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import screenshots
from tests.support.axe import assert_accessible
from tests.support.browser import Chromium
from tests.support.live_server import Walk, child, platform, until


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


async def test_front_door_goes_live_with_the_test_picture(walk: Walk, chromium: Chromium) -> None:
    # Given the front door,
    tab = await chromium.open(f"{walk.ready['http']}/", is_calm=True)
    page = tab.page
    await page.wait_for_selector(".stream-card")

    # when the button is pressed, then a picture plays, and everybody finds the live stream;
    await page.click("button:text-is('Test picture')")
    await page.wait_for_selector(".broadcast .badge.live")
    frame = page.frame_locator(".broadcast iframe")
    await frame.locator("video").wait_for()
    inner = next(frame for frame in page.frames if "/iframe" in frame.url)
    await inner.wait_for_function("() => window.emulatorPlayer?.framesDecoded > 10")
    await page.wait_for_selector(".stream-card:has-text('My first stream')")
    await page.wait_for_selector(".qr img")
    assert await page.evaluate("document.activeElement.textContent") == "Your test picture"
    await screenshots.take(tab, "front-door")

    # the address leads back to it; ending it asks for confirmation, and ends the stream.
    await page.reload()
    await page.click("button:text-is('End it')")
    await page.click("dialog button:text-is('End it')")
    await page.wait_for_selector(".broadcast:has-text('has ended')")
    on_air = page.locator(".stream-card:has-text('My first stream')")
    await on_air.wait_for(state="detached")
    assert not tab.complaints
    assert len(tab.hosts) == 1


async def test_front_door_shows_server_and_key_for_obs(walk: Walk, chromium: Chromium) -> None:
    tab = await chromium.open(f"{walk.ready['http']}/", is_calm=True)
    await tab.page.click("button:text-is('OBS')")

    await tab.page.wait_for_selector(".qr img")
    [stream] = walk.get(f"{walk.ready['admin']}/streams?find=From+OBS").json["streams"]
    text = await tab.page.inner_text(".broadcast")
    assert stream["stream_key"] in text
    assert stream["rtmp_url"] in text
    assert f"live-emulator obs-profile {stream['id']}" in text
    await assert_accessible(tab)
    # The page's own requests are not logged as an app's.
    assert walk.get(f"{walk.ready['admin']}/requests").json["requests"] == []
    assert not tab.complaints


def test_front_door_is_opened_by_serve_once_it_is_ready(tmp_path: Path) -> None:
    # Given a browser that records the address that it is to open, and whether it is answered,
    note, script = tmp_path / "note", tmp_path / "browser.py"
    script.write_text(
        "import pathlib, sys, urllib.request as http\n"
        "asked = http.Request(sys.argv[1], headers={'Accept': 'text/html'})\n"
        f"pathlib.Path({str(note)!r} + '.new').write_text(\n"
        "    f'{sys.argv[1]} {http.urlopen(asked).status}')\n"
        f"pathlib.Path({str(note)!r} + '.new').rename({str(note)!r})\n"
    )

    # when the platform is started with --open, then it opens the front door.
    env = {"BROWSER": f"{sys.executable} {script} %s"}
    with child(tmp_path / "data", "--open", env=env) as started:
        address = started.walk().ready["http"]
        until(note.exists, "the browser was started")
        assert note.read_text() == f"{address}/ 200"
