"""axe-core: whether a page can be read and used by everybody, in every width and both schemes."""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.browser import Scheme, Tab
from tests.support.keyboard import assert_reached_by_keyboard
from tests.support.required_programs import lacking

# Narrow and wide windows in both schemes. All rules are asked in the widest, or where a test looks
# at one alone; in the others only what may differ there. `make slow` asks all rules everywhere, and
# walks by keyboard, too.
_COLOURS = ["color-contrast", "link-in-text-block"]
_LAYOUT = ["scrollable-region-focusable", "aria-hidden-focus"]
WINDOWS: tuple[tuple[int, Scheme, list[str] | None], ...] = (
    (320, "light", _LAYOUT),
    (375, "dark", _COLOURS),
    (1280, "light", None),
)
WIDTHS = (320, 375, 1280)
_IS_SLOW = "LIVE_EMULATOR_TESTS_SLOW" in os.environ
_SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_EVERY_WINDOW = tuple((width, scheme, None) for width in WIDTHS for scheme in _SCHEMES)

_AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
# A frame is another document, with a test of its own.
_RUN = """(rules) => axe.run(document, {
    iframes: false, resultTypes: ["violations"], ...(rules && { runOnly: rules }),
})"""
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def assert_accessible(tab: Tab, *, widths: Sequence[int] = WIDTHS) -> None:
    """No finding of axe, and nothing wider than the window, in those of `WINDOWS` that are so wide.

    Skips the test where axe-core is not installed (`required_programs.lacking`). The window is
    1280 wide at the end, in light.
    """
    page = tab.page
    height = (page.viewport_size or {"height": 800})["height"]
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_source())
    for width, scheme, rules in _EVERY_WINDOW if _IS_SLOW else WINDOWS:
        if width not in widths and not _IS_SLOW:
            continue
        await page.set_viewport_size({"width": width, "height": height})
        # A colour on its way from one scheme to the other has no right contrast.
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await page.evaluate(_OVERFLOW) <= 0, f"{page.url} is wider than {width}"
        report = await page.evaluate(_RUN, rules if len(widths) > 1 else None)
        findings = "\n".join(map(_finding, report["violations"]))
        assert not findings, f"{page.url} at {width}, {scheme}:\n{findings}"
    await page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    if _IS_SLOW:
        await assert_reached_by_keyboard(tab)


@cache
def _source() -> str:
    if not _AXE.exists():
        lacking("axe-core is not installed: npm install in tests/support/axe")
    return _AXE.read_text("utf-8")


def _finding(violation: dict[str, Any]) -> str:
    nodes = [
        f"    {node['html'][:200]}\n    {node['failureSummary']}" for node in violation["nodes"]
    ]
    return "\n".join([f"  {violation['id']}: {violation['help']}", *nodes[:4]])
