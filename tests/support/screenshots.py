"""Screenshots of the documentation: taken where a test has just seen the page as it should be."""

import os
from pathlib import Path

from tests.support.browser import Tab

_IMAGES = Path(__file__).parents[2] / "docs" / "images"


async def take(tab: Tab, name: str) -> None:
    """Write `docs/images/NAME.png`, where `make screenshots` runs the test; else nothing."""
    if os.environ.get("LIVE_EMULATOR_TESTS_SCREENSHOTS") == "write":
        # The page is taken as it stands, without what moves.
        await tab.page.screenshot(path=_IMAGES / f"{name}.png", animations="disabled")
