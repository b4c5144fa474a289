"""Screenshots for the documentation, taken where a test has just checked the page."""

import os
from pathlib import Path

from tests.support.browser import Tab

_IMAGES = Path(__file__).parents[2] / "docs" / "images"


async def take(tab: Tab, name: str, ready: str = "true") -> None:
    """Write `docs/images/NAME.png` during `make screenshots`; otherwise do nothing.

    `ready` is a JavaScript expression to wait for, where the picture needs more than the test.
    """
    if os.environ.get("LIVE_EMULATOR_TESTS_SCREENSHOTS") == "write":
        await tab.page.wait_for_function(f"() => {ready}")
        # Animations are stopped for the picture.
        await tab.page.screenshot(path=_IMAGES / f"{name}.png", animations="disabled")
