"""Screenshots of the documentation: taken where a test has just seen the page as it should be."""

import os
from pathlib import Path

from tests.support.browser import Tab

_IMAGES = Path(__file__).parents[2] / "docs" / "images"


async def take(tab: Tab, name: str, ready: str = "true") -> None:
    """Write `docs/images/NAME.png`, where `make screenshots` runs the test; else nothing.

    `ready` is waited for: a JavaScript expression of what makes the picture and not the test.
    """
    if os.environ.get("LIVE_EMULATOR_TESTS_SCREENSHOTS") == "write":
        await tab.page.wait_for_function(f"() => {ready}")
        # The page is taken as it stands, without what moves.
        await tab.page.screenshot(path=_IMAGES / f"{name}.png", animations="disabled")
