"""Firefox with a page, driven by Marionette, the remote protocol that is built into it.

Playwright cannot drive Debian's Firefox, and Marionette needs no other program.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 60.0
_PREFERENCES = {
    "marionette.port": 0,
    "media.autoplay.default": 0,
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    # Settings without which Firefox would call its maker's servers.
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "media.gmp-manager.url": "http://127.0.0.1:9/",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


class Firefox:
    """A running browser with one tab."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._number = 0

    @staticmethod
    @asynccontextmanager
    async def start(path: str, profile: Path) -> AsyncIterator["Firefox"]:
        """Start on an empty profile in the folder `profile`, on a port that the system chooses."""
        _write(profile)
        process = await asyncio.create_subprocess_exec(
            *(path, "--headless", "--no-remote", "--marionette", "--profile", str(profile)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                port = await _port(profile)
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            firefox = Firefox(reader, writer)
            await firefox._read()
            await firefox._ask("WebDriver:NewSession", {"acceptInsecureCerts": True})
            await firefox._ask("WebDriver:SetTimeouts", {"script": int(PATIENCE_SECONDS * 1000)})
            yield firefox
            writer.close()
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()

    async def open(self, address: str) -> None:
        await self._ask("WebDriver:Navigate", {"url": address})

    async def run(self, script: str) -> Any:
        """Run a script, which may use `await`, and return its result."""
        body = (
            "const [done] = [...arguments].slice(-1);"
            f"(async () => {{ {script} }})().then((value) => done({{ value }}),"
            " (error) => done({ error: String(error) }));"
        )
        parameters: dict[str, Any] = {"script": body, "args": [], "sandbox": None}
        answer = (await self._ask("WebDriver:ExecuteAsyncScript", parameters))["value"]
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer.get("value")

    async def until(self, claim: str) -> None:
        """Wait until a JavaScript expression holds; it may use `await` and `player`."""
        await self.run(
            "const player = window.emulatorPlayer;"
            f"while (!({claim})) await new Promise((go) => setTimeout(go, 50));"
        )

    async def _ask(self, command: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        message = json.dumps([0, self._number, command, parameters])
        self._writer.write(f"{len(message)}:{message}".encode())
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            _, number, error, result = await self._read()
        assert number == self._number
        if error is not None:
            raise RuntimeError(f"{command}: {error['message']}")
        return result if isinstance(result, dict) else {"value": result}

    async def _read(self) -> Any:
        length = int((await self._reader.readuntil(b":"))[:-1])
        return json.loads(await self._reader.readexactly(length))


def _write(profile: Path) -> None:
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in _PREFERENCES.items()]
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "user.js").write_text("".join(lines))


async def _port(profile: Path) -> int:
    """The port of Marionette, which Firefox writes into its profile."""
    while True:
        with suppress(FileNotFoundError, ValueError):
            return int((profile / "MarionetteActivePort").read_text())
        await asyncio.sleep(0.05)
