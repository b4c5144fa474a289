"""Scenarios in the console, in a real browser: run, stepped, compared, written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import screenshots
from tests.support.axe import assert_accessible
from tests.support.browser import Chromium, Tab
from tests.support.live_server import Walk, platform


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with platform() as walk:
        yield walk


async def open_at(chromium: Chromium, walk: Walk, where: str = "") -> Tab:
    address = f"{walk.ready['console']}#/w/default/scenarios{where}"
    tab = await chromium.open(address, height=1150, is_calm=True)
    await tab.page.wait_for_selector("main h1")
    return tab


async def until_over(tab: Tab, outcome: str) -> None:
    await tab.page.wait_for_selector(f"main h1 .badge:text-is('{outcome}')")


async def test_scenarios_are_found_filled_in_played_and_compared(
    walk: Walk, chromium: Chromium
) -> None:
    # Given the library: a search finds a scenario by a word of its parameters,
    tab = await open_at(chromium, walk)
    page = tab.page
    await page.fill("main input[type=search]", "number of viewers")
    await page.click(".scenario-cards a:text-is('Raid')")

    # when a parameter is out of range, the error stands at its field, and nothing runs;
    await page.fill(".field:has-text('viewers') input", "0")
    await page.wait_for_selector(".field:has-text('viewers') [role=alert]:has-text('at least 1')")
    await page.click("button:text-is('Run')")
    await page.fill(".field:has-text('viewers') input", "700")
    await page.wait_for_selector(".field:has-text('viewers') [role=alert]", state="detached")
    await page.click("button:text-is('Run')")

    # then the run goes to its end, with its figures, its curves, and its report in the page.
    await until_over(tab, "passed")
    assert await page.locator(".progress strong").inner_text() == "100 %"
    await page.wait_for_selector(".tile:has-text('Viewers at most') dd:text-is('712')")
    await page.wait_for_selector(".chart .u-wrap")
    await page.wait_for_selector(".source li.good small:text-is('met')")
    await assert_accessible(tab)
    await page.click("nav a:text-is('Report')")
    report = page.frame_locator("iframe.report")
    await report.locator("h1:has-text('Raid')").wait_for()
    await report.locator("#mark-0").wait_for()

    # A second run with another audience stands next to the first, with their curves in one chart.
    await page.goto(f"{walk.ready['console']}#/w/default/scenarios/raid")
    await page.fill(".field:has-text('viewers') input", "900")
    await page.click("button:text-is('Run')")
    await until_over(tab, "passed")
    await page.click("main a:text-is('Compare')")
    row = page.locator("tr:has(td:text-is('Viewers at most'))")
    await row.locator("td:text-is('712') + td:text-is('912')").wait_for()
    await page.wait_for_selector(
        "tr:has(td:text-is('Parameter viewers')) .badge:text-is('differs')"
    )
    await page.wait_for_selector(".chart .u-legend:has-text('run-1'):has-text('run-2')")
    await assert_accessible(tab, widths=(320,))
    assert not tab.complaints
    assert len(tab.hosts) == 1


async def test_scenarios_run_is_stepped_on_the_virtual_clock(
    walk: Walk, chromium: Chromium
) -> None:
    # Given a run that begins paused: its text shows which line is next,
    tab = await open_at(chromium, walk, "/raid")
    page = tab.page
    await page.click("button:text-is('Start paused')")
    await page.wait_for_selector("main h1 .badge:text-is('paused')")
    await page.wait_for_selector(".source li.now small:text-is('next')")

    # when it is stepped, then a minute has passed, and that line is running;
    await page.click("button:text-is('Step')")
    await page.wait_for_selector(".source li.now small:text-is('now')")
    await page.wait_for_selector(".chart .u-wrap")
    await page.wait_for_selector(".progress p:has-text('1 min of 1 min 50 s')")
    await page.wait_for_selector("main h1 .badge:text-is('paused')")
    await screenshots.take(tab, "scenario-run")

    # and when it continues, it comes to its end.
    await page.click("button:text-is('Go on')")
    await until_over(tab, "passed")
    assert not tab.complaints


async def test_scenarios_editor_shows_errors_at_their_line_while_typing(
    walk: Walk, chromium: Chromium, tmp_path: Path
) -> None:
    # Given a copy of a scenario in the editor, with a misspelt word,
    tab = await open_at(chromium, walk, "/edit?from=raid")
    page = tab.page
    area = page.locator(".editor textarea")
    await area.wait_for()
    await page.wait_for_selector(".errors p.good")
    text = await area.input_value()
    await area.fill(text.replace("viewers.raid", "viewers.raod"))

    # when it has been checked, the error has the line, the column and the nearest word;
    line = text[: text.index("viewers.raid")].count("\n") + 1
    error = page.locator(".errors li")
    await error.filter(has_text=f"Line {line}, column 5").wait_for()
    await error.filter(has_text="did you mean viewers.raid?").wait_for()
    assert await page.locator(".gutter .bad").inner_text() == str(line)
    await assert_accessible(tab, widths=(320, 375))

    # a click leads there, Tab indents, Enter keeps the indentation, Escape and Tab leave the
    # editor.
    await error.locator("button").click()
    await page.wait_for_selector(".editor textarea:focus")
    caret = await area.evaluate("area => area.value.slice(area.selectionStart).split(':')[0]")
    assert caret == "viewers.raod"
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    written = await area.evaluate("area => area.value.slice(0, area.selectionStart)")
    assert written.endswith("}\n      ")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.tagName") != "TEXTAREA"

    # When corrected, it survives a reload, can be downloaded, and runs.
    mended = text.replace("scenario: Raid", "scenario: My raid")
    await area.fill(mended)
    await page.wait_for_selector(".errors p.good")
    await page.reload()
    await page.wait_for_selector(".errors p.good")
    assert await area.input_value() == mended
    async with page.expect_download() as download:
        await page.click("button:text-is('Download')")
    await (await download.value).save_as(tmp_path / "mine.yaml")
    assert (tmp_path / "mine.yaml").read_text("utf-8") == mended
    await page.click("button:text-is('Run')")
    await page.wait_for_selector("main h1:has-text('My raid')")
    await until_over(tab, "passed")
    assert not tab.complaints
