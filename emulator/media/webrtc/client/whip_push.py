"""WhipPush: a broadcast, sent in real time by WHIP until it ends, is stopped or refused.

The same as `publisher/push` over another way.
"""

import asyncio
import json
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import urljoin

from emulator.core.clock import monotonic_ms
from emulator.core.errors import Refused
from emulator.media.publisher.link import tls_context
from emulator.media.publisher.push import Broadcast, Meter, Progress, Report
from emulator.media.webrtc.client.sender import Sender

_ANSWER_SECONDS = 10
_LOOK_SECONDS = 0.1
_REPORT_EVERY_MS = 1_000


class WhipPush:
    """`server` is the address before the key: `http://host[:port]`, with a path or without."""

    def __init__(
        self, server: str, key: str, ca: str, stop: threading.Event, report: Report
    ) -> None:
        self._address = f"{server.rstrip('/')}/{key}/webRTC/publish"
        self._ca = ca
        self._stop = stop
        self._report = report
        self._meter = Meter(report)

    def run(self, make: Callable[[], Broadcast], seconds: float | None = None) -> None:
        """As `Push.run`."""
        self._report(Progress("connecting"))
        asyncio.run(self._run(make, seconds))
        self._meter.end()

    async def _run(self, make: Callable[[], Broadcast], seconds: float | None) -> None:
        sender = Sender()
        resource = ""
        try:
            offer = await sender.offer()
            sdp, resource = await asyncio.to_thread(self._post, offer)
            await sender.answer(sdp)
            self._report(Progress("connected"))
            broadcast = make()
            await self._send_all(sender, broadcast, seconds)
            sender.send(broadcast.close())
        finally:
            if resource:
                await asyncio.to_thread(self._hang_up, resource)
            await sender.close("the broadcast has ended")

    async def _send_all(self, sender: Sender, broadcast: Broadcast, seconds: float | None) -> None:
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

    def _post(self, offer: str) -> tuple[str, str]:
        """The answer, and the session's address. Refuses with the server's own words."""
        request = urllib.request.Request(
            self._address, offer.encode(), {"Content-Type": "application/sdp"}, method="POST"
        )
        try:
            with urllib.request.urlopen(
                request, timeout=_ANSWER_SECONDS, context=self._tls()
            ) as answer:
                return answer.read().decode(), urljoin(self._address, answer.headers["Location"])
        except urllib.error.HTTPError as error:
            with error:
                raise Refused("forbidden", _sentence(error.read())) from None
        except OSError as error:
            raise Refused("unavailable", f"Nobody answers there: {_plain(error)}.") from None

    def _hang_up(self, resource: str) -> None:
        request = urllib.request.Request(resource, method="DELETE")
        try:
            urllib.request.urlopen(request, timeout=_ANSWER_SECONDS, context=self._tls()).close()
        except OSError:  # It has hung up first, which is as well.
            return

    def _tls(self) -> ssl.SSLContext | None:
        if not self._address.startswith("https:"):
            return None
        host = urllib.request.Request(self._address).host.partition(":")[0]
        return tls_context(host, self._ca)


def _sentence(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return "The server said no."


def _plain(error: OSError) -> str:
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason).lower()
