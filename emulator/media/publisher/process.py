"""PublisherProcess: the built-in publisher as a separate process.

Its encoding takes no time of the server's process. It ends with its parent: its standard input is a
pipe that closes then.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from emulator.core.errors import Refused
from emulator.media.publisher.config import PublishConfig, encode_changes
from emulator.media.publisher.push import PushProgress
from emulator.process_group import own_group

# A slow machine starts an encoder in a few seconds; a longer start is a failure.
_START_SECONDS: Final = 20.0
_STOP_SECONDS: Final = 3.0
_COMPLAINT_BYTES_MAX: Final = 4096


class PublisherProcess:
    """One publisher process.

    `progress` is its last report; `failure` is a sentence once it has failed, else empty.
    `on_progress` is called on the loop's thread with each report.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        ca: str = "",
        name: str = "live-emulator",
        settings: PublishConfig | None = None,
        on_progress: Callable[[PushProgress], None] | None = None,
        on_failure: Callable[[str], None] | None = None,
    ) -> None:
        """Set up a process. `url` is the address without the key, `ca` a file to trust for TLS.

        `http` and `https` mean WHIP. `on_failure` is called with `failure` once the process has
        failed.
        """
        self.progress = PushProgress("connecting")
        self.failure = ""
        self._key = key
        self._arguments = _arguments(url, ca, settings or PublishConfig(name=name))
        self._on_progress = on_progress
        self._on_failure = on_failure
        self._is_publishing = asyncio.Event()
        self._child: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        return self._child is not None and self._child.returncode is None

    async def start(self) -> None:
        """Start the process; call this once. It then connects by itself: see `progress`."""
        pipe = asyncio.subprocess.PIPE
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "emulator", "publish", *self._arguments),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            # Ctrl-C in a terminal reaches every process of its group: this one ends only by its
            # parent.
            **own_group(),
        )
        assert self._child.stdin is not None
        # The key is not an argument, since everybody on the machine can see arguments.
        self._child.stdin.write(f"{self._key}\n".encode())
        self._listening = asyncio.create_task(self._listen(self._child))

    async def start_publishing(self) -> None:
        """Start the process, and return once it publishes. Refuses (`conflict`) with its failure.

        After a refusal it has ended, or is still connecting: `stop` ends it.
        """
        await self.start()
        # This is shielded: when a caller stops waiting, the process must not end.
        ended = asyncio.shield(self.wait())
        waits: list[asyncio.Future[Any]] = [asyncio.create_task(self._is_publishing.wait()), ended]
        await asyncio.wait(waits, timeout=_START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if not self._is_publishing.is_set():
            raise Refused("conflict", self.failure or "The publisher could not start in time.")

    async def change(self, changes: Mapping[str, Any]) -> None:
        """Change settings of the broadcast, of those in `LIVE_SETTINGS`, from about now on.

        Refuses (`conflict`) where the process has ended.
        """
        child = self._child
        if child is None or child.stdin is None or not self.is_running:
            raise Refused("conflict", self.failure or "The publisher has ended.")
        child.stdin.write(encode_changes(changes))
        # A change that an ended process did not read has no effect.
        with suppress(ConnectionError):
            await child.stdin.drain()

    async def wait(self) -> int:
        """Wait until the process has ended by itself; return its exit code."""
        assert self._child is not None
        assert self._listening is not None
        await self._listening
        return await self._child.wait()

    async def stop(self) -> None:
        """End the broadcast, as an encoder's stop button does. A second call does nothing."""
        if self._child is None or self._listening is None:
            return
        assert self._child.stdin is not None
        self._child.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._listening), _STOP_SECONDS)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """Kill the process at once, without the end of a publish, like a pulled plug."""
        if self._child is None or self._listening is None:
            return
        # It may just have ended, and its last words not have come yet.
        if self._child.returncode is None:
            self._child.kill()
        await self._listening

    async def _listen(self, child: asyncio.subprocess.Process) -> None:
        assert child.stdout is not None
        assert child.stderr is not None
        async with asyncio.TaskGroup() as group:
            complaint = group.create_task(_tail(child.stderr))
            async for line in child.stdout:
                self._read_report(line)
        code = await child.wait()
        if code and not self.failure:
            self.failure = complaint.result() or _exit_reason(code)
        if self.failure and self._on_failure is not None:
            self._on_failure(self.failure)

    def _read_report(self, line: bytes) -> None:
        payload = json.loads(line)
        if payload["state"] == "refused":
            self.failure = payload["message"]
            return
        self.progress = PushProgress(
            payload["state"], payload["seconds"], payload["kbits"], payload["fps"]
        )
        if self.progress.state == "publishing":
            self._is_publishing.set()
        if self._on_progress is not None:
            self._on_progress(self.progress)


def _arguments(url: str, ca: str, settings: PublishConfig) -> list[str]:
    way = "--whip" if url.startswith("http") else "--url"
    arguments = ["-", "--until-stdin-ends", "--json", way, url]
    arguments += ["--size", f"{settings.width}x{settings.height}", "--fps", str(settings.fps)]
    arguments += ["--bitrate", f"{settings.video_kbits}k"]
    arguments += ["--keyframe-seconds", str(settings.keyframe_seconds)]
    arguments += [f"--name={settings.name}"]
    if ca:
        arguments += ["--ca", ca]
    if settings.file is not None:
        arguments += ["--file", str(settings.file)]
    if settings.is_looped:
        arguments.append("--loop")
    if settings.is_frozen:
        arguments.append("--frozen")
    if settings.is_silent:
        arguments.append("--silent")
    return arguments


def _exit_reason(code: int) -> str:
    """The reason for a process that ended without one; a signal's exit code is below zero."""
    if code == -9:  # There is no SIGKILL on Windows.
        return "The publisher's process was killed, by a user or because memory ran out."
    return f"The publisher ended unexpectedly, with exit code {code}."


async def _tail(stream: asyncio.StreamReader) -> str:
    """Read a stream to its end, and return its last line."""
    data = b""
    while octets := await stream.read(_COMPLAINT_BYTES_MAX):
        data = (data + octets)[-_COMPLAINT_BYTES_MAX:]
    lines = data.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
