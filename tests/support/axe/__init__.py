"""axe-core: whether a page can be read and used by everybody, in every width and both schemes."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.browser import Scheme, Tab
from tests.support.required_programs import lacking

WIDTHS = (320, 375, 1280)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

_AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
# A frame is another document, with a test of its own.
_RUN = "() => axe.run(document, { iframes: false, resultTypes: ['violations'] })"
_OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def assert_accessible(
    tab: Tab, *, widths: Sequence[int] = WIDTHS, schemes: Sequence[Scheme] = SCHEMES
) -> None:
    """No finding of axe, and nothing wider than the window, at each width in each scheme.

    Skips the test where axe-core is not installed (`required_programs.lacking`). The window is
    1280 wide at the end, in light.
    """
    page = tab.page
    height = (page.viewport_size or {"height": 800})["height"]
    await page.evaluate(_source())
    for width in widths:
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate(_OVERFLOW) <= 0, f"{page.url} is wider than {width}"
        for scheme in schemes:
            # A colour on its way from one scheme to the other has no right contrast.
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            report = await page.evaluate(_RUN)
            findings = "\n".join(map(_finding, report["violations"]))
            assert not findings, f"{page.url} at {width}, {scheme}:\n{findings}"
    await page.set_viewport_size({"width": 1280, "height": height})
    await page.emulate_media(color_scheme="light", reduced_motion="no-preference")


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
