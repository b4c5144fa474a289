"""Chromium in front of a page: what it asked for, what it complained of, what its player says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    TimeoutError,
    async_playwright,
)

from tests.support.required_programs import need

# A sandbox needs rights that a container's root has not; the rest keeps Chromium from calling home.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A camera that shows a moving pie, a microphone that beeps, both allowed without a click.
    "--use-fake-device-for-media-stream=fps=15",
    "--use-fake-ui-for-media-stream",
]
# Chromium as people have it, by the names that systems give it.
WITH_WINDOWS = ("chromium", "chromium-browser", "google-chrome")
# A guard against hanging, not a claim about speed.
PATIENCE_MS = 60_000
# Not at each frame, as Playwright has it: a page that plays would draw twice as many.
_BETWEEN_LOOKS_MS = 50

Scheme = Literal["light", "dark"]


def chromium_path() -> str:
    """Where Chromium is; skips the test, or fails it in CI, where there is none.

    The one without a window of its own, where it is installed: its pages open in half the time.
    """
    return need("chromium-headless-shell", *WITH_WINDOWS)


# Where the first frame that a video shows stands in its media. `played` does not say it: Chromium
# lists there, too, what a video that is told where to begin passed over.
NOTE_FIRST_FRAME = """addEventListener("DOMContentLoaded", () => {
  document.querySelector("video")?.requestVideoFrameCallback((_, { mediaTime }) => {
    window.firstFrameSeconds = mediaTime;
  });
});"""
# What a page that is waited for in vain is asked.
PLAYER_FACTS = """() => {
  const ranges = (of) => [...Array(of.length).keys()].map((i) => [of.start(i), of.end(i)]);
  const { uid, hls, ...player } = { ...(window.emulatorPlayer ?? {}) };
  const video = document.querySelector("video");
  const { currentTime, paused, seeking, readyState } = video ?? {};
  return video && {
    ...player, currentTime, paused, seeking, readyState,
    buffered: ranges(video.buffered), played: ranges(video.played),
    firstFrameSeconds: window.firstFrameSeconds, targetLatency: hls?.targetLatency,
  };
}"""


class Tab:
    """One page, opened, with everything it said and asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.addresses: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note)

    @property
    def hosts(self) -> set[str]:
        """Every host and port that was asked for anything."""
        return {urlsplit(address).netloc for address in self.addresses} - {""}

    async def until(self, claim: str) -> None:
        """Wait until a JavaScript expression holds; `player` in it is `emulatorPlayer`.

        Where it never does, the error tells what the page knew instead.
        """
        try:
            await self.page.wait_for_function(
                f"() => {{ const player = window.emulatorPlayer; return player && ({claim}); }}",
                polling=_BETWEEN_LOOKS_MS,
            )
        except TimeoutError as error:
            facts = await self.page.evaluate(PLAYER_FACTS)
            raise AssertionError(f"never: {claim}\n{facts}\n{self.complaints}") from error

    async def player(self, name: str) -> Any:
        """One of the facts of `window.emulatorPlayer`."""
        return await self.page.evaluate(f"window.emulatorPlayer.{name}")

    async def close(self) -> None:
        """Leave: a page that plays costs as much as all else that a test does."""
        await self.page.context.close()

    async def until_frames_follow(self, count: int = 15) -> None:
        """Wait until `count` more frames have been decoded."""
        seen = await self.player("framesDecoded")
        await self.until(f"player.framesDecoded >= {seen + count}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.text} {message.location.get('url', '')}".rstrip())

    def _note(self, request: Request) -> None:
        self.addresses.append(request.url)


class Chromium:
    """A running browser. Each tab is a viewer of its own: nothing is shared between them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    async def close_tabs(self) -> None:
        """Whatever is open; a test leaves nothing to the next one."""
        for context in [*self._browser.contexts]:
            await context.close()

    @staticmethod
    @asynccontextmanager
    async def start(path: str, *flags: str) -> AsyncIterator["Chromium"]:
        async with async_playwright() as playwright:
            arguments = [*FLAGS, *flags]
            browser = await playwright.chromium.launch(executable_path=path, args=arguments)
            try:
                yield Chromium(browser)
            finally:
                await browser.close()

    @asynccontextmanager
    async def recording(self, path: Path) -> AsyncIterator[Page]:
        """A page whose requests are in the HAR file `path` at the end."""
        context = await self._browser.new_context(record_har_path=path, record_har_mode="full")
        page = await context.new_page()
        try:
            yield page
        finally:
            await context.close()

    async def open(
        self,
        address: str,
        *,
        width: int = 1280,
        height: int = 800,
        scheme: Scheme = "light",
        is_calm: bool = False,
        trusts_any: bool = False,
        slowdown: int = 1,
    ) -> Tab:
        """A tab with `address` in it. `is_calm`: this viewer prefers reduced motion.

        `trusts_any`: it asks for nobody's certificate. `slowdown`: how many times slower its
        scripts run.
        """
        context = await self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce" if is_calm else "no-preference",
            ignore_https_errors=trusts_any,
        )
        tab = Tab(await context.new_page())
        await tab.page.add_init_script(NOTE_FIRST_FRAME)
        if slowdown > 1:
            devtools = await context.new_cdp_session(tab.page)
            await devtools.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
        await tab.page.goto(address)
        return tab
