"""Real browsers for tests: one browser per worker; a test's tabs are closed at its end."""

import inspect
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.support.browser import Chromium, chromium_path

# These fixtures live as long as the worker, so they need an event loop of the same scope.
SHARED = {"chromium", "cdn_chromium"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run a test that uses a shared browser on the browser's event loop."""
    for item in items:
        if not isinstance(item, pytest.Function) or SHARED.isdisjoint(item.fixturenames):
            continue
        if inspect.iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def needs_chromium() -> str:
    """The path of Chromium. Without one the test is skipped, or fails in CI."""
    return chromium_path()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_chromium(needs_chromium: str) -> AsyncIterator[Chromium]:
    async with Chromium.start(needs_chromium) as chromium:
        yield chromium


@pytest_asyncio.fixture(loop_scope="session")
async def chromium(shared_chromium: Chromium) -> AsyncIterator[Chromium]:
    """The shared browser; the tabs that a test opens are closed at its end."""
    yield shared_chromium
    await shared_chromium.close_tabs()
