"""axe-core: check that a page is accessible in every width and in both colour schemes."""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.browser import Scheme, Tab
from tests.support.keyboard import assert_reached_by_keyboard
from tests.support.required_programs import lacking

# Narrow and wide windows in both schemes. The widest window (or the only one of a test) is checked
# against all rules, the others only against rules whose result can differ there. `make slow` checks
# all rules everywhere, and also walks the page by keyboard.
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
# A frame is a separate document with its own test.
_RUN = """(rules) => axe.run(document, {
    iframes: false, resultTypes: ["violations"], ...(rules && { runOnly: rules }),
})"""
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def assert_accessible(tab: Tab, *, widths: Sequence[int] = WIDTHS) -> None:
    """Assert that axe finds nothing in the `WINDOWS` of these widths, and that nothing is too wide.

    Skips the test where axe-core is not installed (`required_programs.lacking`). At the end the
    window is 1280 wide, in the light scheme.
    """
    page = tab.page
    height = (page.viewport_size or {"height": 800})["height"]
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_source())
    for width, scheme, rules in _EVERY_WINDOW if _IS_SLOW else WINDOWS:
        if width not in widths and not _IS_SLOW:
            continue
        await page.set_viewport_size({"width": width, "height": height})
        # While a colour fades from one scheme to the other, its contrast is wrong.
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
