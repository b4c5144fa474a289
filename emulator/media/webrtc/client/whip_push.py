"""WhipPush: sends a broadcast over WHIP in real time, until its end, a stop or a refusal.

It is the counterpart of `publisher/push` for WebRTC.
"""

import asyncio
import threading
from collections.abc import Callable

from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.media.publisher.push import Meter, PushProgress, PushSource, Report
from emulator.media.webrtc.client import http
from emulator.media.webrtc.client.sender import Sender

_AGENT = "live-emulator publish"
_LOOK_SECONDS = 0.1
_REPORT_EVERY_MS = 1_000


class WhipPush:
    """One push.

    `server` is the address before the key: `http://host[:port]`, with or without a path.
    """

    def __init__(
        self, server: str, key: str, ca: str, stop: threading.Event, report: Report
    ) -> None:
        self._address = f"{server.rstrip('/')}/{key}/webRTC/publish"
        self._ca = ca
        self._stop = stop
        self._report = report
        self._meter = Meter(report)

    def run(self, make: Callable[[], PushSource], seconds: float | None = None) -> None:
        """Connect, then `make` the broadcast and send it for at most `seconds`, like `Push.run`."""
        self._report(PushProgress("connecting"))
        asyncio.run(self._run(make, seconds))
        self._meter.end()

    async def _run(self, make: Callable[[], PushSource], seconds: float | None) -> None:
        sender = Sender()
        resource = ""
        try:
            offer = await sender.offer()
            sdp, resource = await asyncio.to_thread(
                http.post, self._address, offer, self._ca, _AGENT
            )
            await sender.answer(sdp)
            self._report(PushProgress("connected"))
            broadcast = make()
            await self._send_all(sender, broadcast, seconds)
            sender.send(broadcast.close())
        finally:
            if resource:
                await asyncio.to_thread(http.hang_up, resource, self._ca)
            await sender.close("the broadcast has ended")

    async def _send_all(self, sender: Sender, broadcast: PushSource, seconds: float | None) -> None:
        start_ms = monotonic_ms()
        reported_ms = -_REPORT_EVERY_MS
        while (due_ms := broadcast.due_ms) is not None and not self._stop.is_set():
            if seconds is not None and due_ms >= seconds * 1000:
                return
            elapsed_ms = monotonic_ms() - start_ms
            if due_ms > elapsed_ms:
                await asyncio.sleep(min((due_ms - elapsed_ms) / 1000, _LOOK_SECONDS))
                continue
            if not sender.is_open:
                raise Refused("unavailable", f"The connection ended: {sender.reason}.")
            tags = broadcast.step(elapsed_ms)
            self._meter.count(sender.send(tags), tags, elapsed_ms)
            if elapsed_ms - reported_ms >= _REPORT_EVERY_MS:
                reported_ms = elapsed_ms
                sender.report()
