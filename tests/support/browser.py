"""Chromium with a page: the requests, complaints and player facts of the page."""

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

# Chromium's sandbox needs rights that root in a container does not have; the other options keep
# Chromium from calling its maker's servers.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A camera with a moving picture and a microphone with beeps, both allowed without a click.
    "--use-fake-device-for-media-stream=fps=15",
    "--use-fake-ui-for-media-stream",
]
# Names of an installed Chromium on different systems.
WITH_WINDOWS = ("chromium", "chromium-browser", "google-chrome")
# The limit of waiting. It only guards against hanging and is no claim about speed.
PATIENCE_MS = 60_000
# Playwright's default is once per frame, but a page with a playing video would then draw twice as
# often.
_BETWEEN_LOOKS_MS = 50

Scheme = Literal["light", "dark"]


def chromium_path() -> str:
    """The path of Chromium. Without one the test is skipped, or fails in CI.

    The headless shell is preferred where it is installed: its pages open in half the time.
    """
    return need("chromium-headless-shell", *WITH_WINDOWS)


# The media time of the first frame that a video shows. `played` does not give it: Chromium also
# lists in it the media that was skipped when a video is given a start position.
NOTE_FIRST_FRAME = """addEventListener("DOMContentLoaded", () => {
  document.querySelector("video")?.requestVideoFrameCallback((_, { mediaTime }) => {
    window.firstFrameSeconds = mediaTime;
  });
});"""
# The facts of the page that a timeout reports.
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
    """One open page, with its requests and console messages."""

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
        """The host and port of every request."""
        return {urlsplit(address).netloc for address in self.addresses} - {""}

    async def until(self, claim: str) -> None:
        """Wait until a JavaScript expression holds; in it `player` stands for `emulatorPlayer`.

        The error of a timeout has the page's facts.
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
        """One fact of `window.emulatorPlayer`."""
        return await self.page.evaluate(f"window.emulatorPlayer.{name}")

    async def close(self) -> None:
        """Close the page, since a playing video needs as much CPU as the rest of a test."""
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
    """A running browser. Each tab is an independent viewer: tabs share no cookies and no cache."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    async def close_tabs(self) -> None:
        """Close all open tabs, so that the next test begins with none."""
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
        """A context in which a page's requests are written into the HAR file `path` at the end."""
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
        """Open a tab at `address`.

        `is_calm`: the viewer prefers reduced motion. `trusts_any`: certificates are not checked.
        `slowdown`: the factor by which scripts run slower.
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
