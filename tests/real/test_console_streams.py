"""The console's views of streams in a real browser: publish, send viewers, chat, play back."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import expect

from tests.support.axe import assert_accessible
from tests.support.browser import Chromium, Tab
from tests.support.live_server import Walk, platform


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


async def console(walk: Walk, chromium: Chromium, path: str, width: int = 1280) -> Tab:
    return await chromium.open(f"{walk.ready['console']}#/w/default/{path}", width=width)


def admin(walk: Walk, path: str, body: object = None) -> Any:
    method = "GET" if body is None else "POST"
    return walk.ask(method, f"{walk.ready['admin']}/{path}", body, key=None).json


async def test_console_streams_publishes_the_test_picture_and_shows_its_health(
    walk: Walk, chromium: Chromium
) -> None:
    # Given a stream that is created in the page,
    tab = await console(walk, chromium, "streams")
    page = tab.page
    await page.get_by_role("button", name="New stream").click()
    await page.get_by_label("Title").fill("Launch <b>")
    await page.get_by_label("Owner").fill("maker")
    await page.get_by_role("button", name="Create stream").click()
    await page.get_by_role("heading", name="Launch <b>").wait_for()
    stream = walk.ask("GET", "/streams/", key="ak_auto_maker").json["streams"][0]
    # whose key is hidden until a click,
    assert stream["stream_key"] not in await page.content()
    await page.get_by_role("button", name="Show key").click()
    await page.get_by_text(stream["stream_key"], exact=True).wait_for()

    # when the test picture is published from there,
    await page.get_by_role("button", name="Publish test picture").click()

    # then the tiles and the chart show the incoming rates, second by second,
    ingest = page.get_by_role("region", name="Ingest health")
    await ingest.locator(".tile", has_text=re.compile(r"Bit rate[\d.]+ [kM]bit/s")).wait_for()
    await ingest.locator(".tile", has_text=re.compile(r"Frame rate[1-9][\d.]* fps")).wait_for()
    await ingest.locator("figure", has_text="Bit rate").locator("canvas").wait_for()
    # and the picture plays, without counting as a viewer.
    frame = page.frame_locator("iframe[title='Preview of Launch <b>']")
    await frame.locator("#stage[data-state=live]").wait_for()
    assert admin(walk, f"streams/{stream['id']}/viewers")["viewers"] == 0

    # Ending it asks for confirmation. Its recording is listed among the recordings, and plays
    # there.
    await page.get_by_role("button", name="End stream").click()
    await page.get_by_role("dialog").get_by_role("button", name="End stream").click()
    await page.locator("main .badge", has_text="Ended").wait_for()
    await page.locator("main").get_by_role("link", name="Recordings").click()
    await page.get_by_role("row", name="Launch <b>").get_by_text("ready").wait_for()
    await page.get_by_role("button", name="Launch <b>").click()
    frame = page.frame_locator("iframe[title='Player: Launch <b>']")
    await frame.locator("#stage[data-state=recording]").wait_for()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await page.get_by_role("row", name="Launch <b>").wait_for(state="detached")
    # A player retries while a playlist is missing, and the page while a recording is still there.
    assert [line for line in tab.complaints if "404" not in line] == []
    assert len(tab.hosts) == 1


async def test_console_streams_pushes_on_drops_and_records(walk: Walk, chromium: Chromium) -> None:
    # Given a recording of all events from now on,
    tab = await console(walk, chromium, "scenarios")
    page = tab.page
    await page.get_by_role("button", name="Record one").click()
    await page.get_by_text("are being recorded.").wait_for()
    recorder = page.url

    # when a stream is pushed to one more address, and then no longer,
    [stream] = admin(walk, "streams?status=live&find=urbantech")["streams"]
    await page.goto(f"{walk.ready['console']}#/w/default/streams/{stream['id']}")
    await page.get_by_text("Simulcast").click()
    await page.get_by_label("Push to").fill("rtmp://127.0.0.1:9/live")
    await page.get_by_label("With key").fill("their-key")
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.get_by_role("cell", name="rtmp://127.0.0.1:9/live").wait_for()
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await page.get_by_role("cell", name="rtmp://127.0.0.1:9/live").wait_for(state="detached")
    # and its publisher loses its connection,
    await page.get_by_role("button", name="Lose connection").click()
    await page.get_by_text("comes back in 5 seconds").wait_for()

    # then the recording is a scenario of that stream.
    await page.goto(recorder)
    await page.get_by_role("link", name="Stop and edit").click()
    await expect(page.locator("textarea")).to_have_value(
        re.compile("owner: urbantech"), timeout=60_000
    )
    assert not tab.complaints


async def test_console_viewers_sends_viewers_to_a_stream(walk: Walk, chromium: Chromium) -> None:
    # Given the audiences of live streams, one of them opened,
    chosen = admin(walk, "viewers")["streams"][0]
    tab = await console(walk, chromium, f"viewers/{chosen['stream_id']}")
    page = tab.page
    audience = page.get_by_role("region", name="Viewers", exact=True)

    # when a number of viewers is ordered, and then a ramp to more of them,
    await audience.get_by_label("Viewers").fill("12345")
    await audience.locator("form").get_by_role("button", name="Set").click()
    await audience.locator(".tile", has_text="Simulated12,345").wait_for()
    await audience.get_by_role("button", name="Ramp").click()
    await audience.get_by_label("Viewers").fill("23456")
    await audience.get_by_label("Within").fill("2s")
    await audience.locator("form").get_by_role("button", name="Ramp").click()

    # then the tiles follow, and the chart and the list above show it.
    await audience.locator(".tile", has_text="Simulated23,456").wait_for()
    await audience.locator("figure canvas").wait_for()
    await page.get_by_role("row", name=chosen["title"]).get_by_text("23,456").first.wait_for()
    assert admin(walk, f"streams/{chosen['stream_id']}/viewers/history")["viewers"][-1] >= 23456
    # A refusal is shown, and stays until somebody has read it.
    await audience.get_by_label("Within").fill("9d")
    await audience.locator("form").get_by_role("button", name="Ramp").click()
    await page.get_by_role("alert").get_by_role("button", name="Dismiss").click()
    await audience.get_by_role("button", name="Clear simulated viewers").click()
    await audience.locator(".tile", has_text=re.compile("Simulated0")).wait_for()
    # A refused request is a line in the browser's console, and there is no other line.
    assert [line for line in tab.complaints if "422" not in line] == []


async def test_console_chat_posts_and_moderates(walk: Walk, chromium: Chromium) -> None:
    # Given a chat that two browsers have open,
    stream = walk.create("Kept in order", "ak_auto_orderly")
    path = f"/streams/{stream['id']}/chat"
    tab = await console(walk, chromium, f"chat/{stream['id']}")
    other = await console(walk, chromium, f"chat/{stream['id']}", width=375)
    page = tab.page

    async def say(name: str, text: str) -> None:
        await page.get_by_role("combobox", name="As", exact=True).fill(name)
        await page.get_by_role("textbox", name="Message").fill(text)
        await page.get_by_role("button", name="Say").click()

    def line(text: str) -> Any:
        return page.get_by_role("log").locator("li", has_text=text)

    # when bob is rude in one, then the other shows his message as he wrote it;
    await say("bob", "rude <b>")
    await other.page.get_by_role("log").get_by_text("rude <b>").wait_for()

    # when it is deleted and he is timed out, then nobody sees it, and his next one is refused;
    await line("rude").get_by_role("button", name="Delete").click()
    await page.locator("li.deleted", has_text="rude").wait_for()
    assert walk.ask("GET", path, key="ak_auto_bob").json["messages"] == []
    await say("bob", "again")
    await line("again").get_by_role("button", name="Time out").click()
    await page.get_by_text("bob is timed out until").wait_for()
    await say("bob", "hey")
    refusal = page.get_by_role("alert")
    await refusal.get_by_role("button", name="Dismiss").click()
    assert walk.ask("POST", path, {"content": "hey"}, "ak_auto_bob").status == 403

    # when the timeout and then a ban are lifted, then he may post;
    await page.get_by_role("button", name="Lift the ban of bob").click()
    await page.get_by_text("everybody may write").wait_for()
    await line("again").get_by_role("button", name="Ban").click()
    await page.get_by_role("dialog").get_by_role("button", name="Ban").click()
    await page.get_by_text("bob is banned").wait_for()
    await page.get_by_role("button", name="Lift the ban of bob").click()
    await page.get_by_text("everybody may write").wait_for()
    await say("orderly", "be nice")
    await other.page.get_by_role("log").get_by_text("be nice").wait_for()

    # when a chat is open without an address, and another stream comes before it, then it stays;
    await other.page.goto(other.page.url.rpartition("/")[0])
    text = other.page.get_by_role("textbox", name="Message")
    await text.fill("half a sentence")
    newer = walk.create("Newer than that", "ak_auto_newer")
    admin(walk, f"streams/{newer['id']}/publish", {"protocol": "synthetic"})
    option = other.page.locator(f"option[value='{newer['id']}']", has_text="live")
    await option.wait_for(state="attached")
    assert await text.input_value() == "half a sentence"
    await other.page.go_back()

    # when the owner sets slow mode and clears the room, then both hold.
    async with page.expect_response(lambda answer: answer.request.method == "PUT"):
        await page.get_by_label("Slow mode").select_option("30")
    assert walk.ask("GET", f"{path}/settings").json["slow_mode_seconds"] == 30
    await page.get_by_role("button", name="Clear chat").click()
    await page.get_by_role("dialog").get_by_role("button", name="Clear chat").click()
    await other.page.locator("li.deleted", has_text="be nice").wait_for()
    assert walk.ask("GET", path, key="ak_auto_bob").json["messages"] == []
    assert [text for text in tab.complaints if "403" not in text] == []
    assert not other.complaints


async def test_console_pages_of_one_thing_are_accessible(walk: Walk, chromium: Chromium) -> None:
    # Given a live stream with a viewer in its chat, and a recording,
    stream = walk.create("For everybody", "ak_auto_everybody")
    walk.ask("POST", f"/streams/{stream['id']}/chat", {"content": "hello"}, "ak_auto_bob")
    admin(walk, f"streams/{stream['id']}/publish", {"protocol": "synthetic"})
    recording = admin(walk, "recordings")["recordings"][0]
    tab = await console(walk, chromium, "streams")
    for path, name in (
        (f"streams/{stream['id']}", "Viewers"),
        (f"viewers/{stream['id']}", "Viewers"),
        (f"chat/{stream['id']}", "Chat"),
        (f"recordings/{recording['id']}", recording["title"]),
    ):
        # when the page of one of them is opened, then everybody can use it.
        await tab.page.evaluate(f"location.hash = '#/w/default/{path}'")
        await tab.page.get_by_role("region", name=name, exact=True).wait_for()
        await assert_accessible(tab)
