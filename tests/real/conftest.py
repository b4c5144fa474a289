"""Real peers: a browser of the test's own."""

from collections.abc import AsyncIterator

import pytest

from tests.support.browser import Chromium
from tests.support.peers import need


@pytest.fixture(scope="session")
def needs_chromium() -> str:
    """Where Chromium is; skips the test, or fails it in CI, where there is none."""
    return need("chromium", "chromium-browser", "google-chrome")


@pytest.fixture
async def chromium(needs_chromium: str) -> AsyncIterator[Chromium]:
    """A running browser, closed at the test's end."""
    async with Chromium.start(needs_chromium) as chromium:
        yield chromium
