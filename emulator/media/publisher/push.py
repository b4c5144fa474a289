"""Push: sends a broadcast to an RTMP server in real time, until its end, a stop or a refusal."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Literal, Protocol

from msgspec import Struct

from emulator.core.clock import monotonic_ms
from emulator.core.errors import ProtocolError, Refused
from emulator.media.ingest.tag import Tag
from emulator.media.publisher.link import PublishLink, PushTarget, Stopped
from emulator.media.publisher.rtmp_client import Accepted, Denied, RtmpClient

# The time that the server may take to answer the publish.
ANSWER_TIMEOUT_MS: Final = 10_000
REPORT_EVERY_MS: Final = 1_000
# The second byte of an H.264 tag that carries a frame, not a configuration (FLV 10.1, E.4.3.2).
_CODED: Final = 1

State = Literal["connecting", "connected", "publishing", "ended"]


class PushSource(Protocol):
    """A source of tags, one step at a time, on its own clock from 0."""

    @property
    def due_ms(self) -> int | None:
        """The time of the next step, in milliseconds since the first; None after the last."""

    def step(self, elapsed_ms: int) -> list[Tag]:
        """Make the next step. `elapsed_ms` is the broadcast's real time, `due_ms` or later."""

    def close(self) -> list[Tag]:
        """The tags that end the broadcast."""


class PushProgress(Struct, frozen=True):
    """The progress of a push. Rates are those of the last second."""

    state: State
    seconds: float = 0.0
    kbits: int = 0
    fps: float = 0.0


Report = Callable[[PushProgress], None]


class Push:
    """One publish over one connection.

    `run` returns after a proper end, and raises `Refused` with the server's own message otherwise.
    """

    def __init__(
        self, target: PushTarget, key: str, ca: str, stop: threading.Event, report: Report
    ) -> None:
        self._target = target
        self._client = RtmpClient(target.app, target.tc_url, key)
        self._ca = ca
        self._stop = stop
        self._meter = Meter(report)
        self._report = report

    def run(self, make: Callable[[], PushSource], seconds: float | None = None) -> None:
        """Connect, then `make` the broadcast and send it, for at most `seconds`."""
        self._report(PushProgress("connecting"))
        try:
            link = PublishLink(self._target, self._ca, self._stop)
        except Stopped:
            self._report(PushProgress("ended"))
            return
        try:
            self._publish(link, make, seconds)
        except Stopped:
            pass
        except (ProtocolError, OSError) as failure:
            raise Refused("unavailable", _sentence(failure)) from None
        finally:
            link.close()
        self._meter.end()

    def _publish(
        self, link: PublishLink, make: Callable[[], PushSource], seconds: float | None
    ) -> None:
        self._await_acceptance(link)
        self._report(PushProgress("connected"))
        broadcast = make()
        with suppress(Stopped):
            self._send_all(link, broadcast, seconds)
        for tag in broadcast.close():
            self._client.send(tag)
        self._client.close()
        link.finish(self._client.to_send())

    def _await_acceptance(self, link: PublishLink) -> None:
        deadline_ms = monotonic_ms() + ANSWER_TIMEOUT_MS
        has_answered = False
        while True:
            link.send(self._client.to_send())
            try:
                received = link.receive(deadline_ms)
            except ConnectionError:
                raise self._early_close(has_answered) from None
            has_answered = True
            if received is None:
                raise TimeoutError("The server did not answer the publish request.")
            if any(isinstance(event, Accepted) for event in self._read_answer(received)):
                return

    def _early_close(self, has_answered: bool) -> Refused:
        if has_answered:
            message = "The server closed the connection without accepting the publish."
            return Refused("forbidden", message)
        where = f"{self._target.host}:{self._target.port}"
        hint = " If it speaks TLS, use rtmps://." if self._target.scheme == "rtmp" else ""
        return Refused("unavailable", f"{where} closed the connection without a reason.{hint}")

    def _send_all(self, link: PublishLink, broadcast: PushSource, seconds: float | None) -> None:
        start_ms = monotonic_ms()
        while (due_ms := broadcast.due_ms) is not None:
            if seconds is not None and due_ms >= seconds * 1000:
                return
            while (received := link.receive(start_ms + due_ms)) is not None:
                self._read_answer(received)
                link.send(self._client.to_send())
            tags = broadcast.step(monotonic_ms() - start_ms)
            for tag in tags:
                self._client.send(tag)
            octets = self._client.to_send()
            link.send(octets)
            self._meter.count(len(octets), tags, monotonic_ms() - start_ms)

    def _read_answer(self, received: bytes) -> list[Accepted | Denied]:
        events = self._client.receive(received)
        for event in events:
            if isinstance(event, Denied):
                raise Refused(
                    "forbidden",
                    event.message or "The server refused, without a reason.",
                    status=event.code,
                )
        return events


class Meter:
    """Reports the rates of each second."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._since_ms = 0
        self._octets = 0
        self._frames = 0
        self._last = PushProgress("publishing")

    def count(self, octets: int, tags: list[Tag], elapsed_ms: int) -> None:
        self._octets += octets
        self._frames += sum(tag.kind == "video" and tag.payload[1] == _CODED for tag in tags)
        lasted_ms = elapsed_ms - self._since_ms
        if lasted_ms < REPORT_EVERY_MS:
            self._last = PushProgress(
                "publishing", elapsed_ms / 1000, self._last.kbits, self._last.fps
            )
            return
        self._last = PushProgress(
            "publishing",
            elapsed_ms / 1000,
            self._octets * 8 // lasted_ms,
            round(self._frames * 1000 / lasted_ms, 1),
        )
        self._report(self._last)
        self._since_ms = elapsed_ms
        self._octets = self._frames = 0

    def end(self) -> None:
        self._report(PushProgress("ended", self._last.seconds, self._last.kbits, self._last.fps))


def _sentence(failure: Exception) -> str:
    text = str(failure) or type(failure).__name__
    return text if text.endswith(".") else f"The connection broke: {text}."
