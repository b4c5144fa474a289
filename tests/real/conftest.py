"""Real peers: a browser that the tests of one worker share, and whose tabs are each test's own."""

import inspect
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.browser import Chromium, chromium_path

# Fixtures that live as long as the worker, and so on an event loop that does.
SHARED = {"chromium", "cdn_chromium"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test with a shared browser runs on its event loop."""
    for item in items:
        if not isinstance(item, pytest.Function) or SHARED.isdisjoint(item.fixturenames):
            continue
        if inspect.iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def needs_chromium() -> str:
    """Where Chromium is; skips the test, or fails it in CI, where there is none."""
    return chromium_path()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_chromium(needs_chromium: str) -> AsyncIterator[Chromium]:
    async with Chromium.start(needs_chromium) as chromium:
        yield chromium


@pytest_asyncio.fixture(loop_scope="session")
async def chromium(shared_chromium: Chromium) -> AsyncIterator[Chromium]:
    """A running browser; what a test opens in it is closed at its end."""
    yield shared_chromium
    await shared_chromium.close_tabs()
